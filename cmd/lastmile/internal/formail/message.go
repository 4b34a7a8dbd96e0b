package formail

import "slices"

// message writes the header of a message, and all of it unless the mailbox is
// split.
func (j *job) message() error {
	j.tidy()
	j.size = 0
	j.forget()
	hadPostmark := !j.opt.force && len(j.header) > 0 && isPostmark(j.header[0].text)
	j.edit(j.opt.reply)
	j.shape()
	j.remember()
	sender, ok := j.sender()
	if j.opt.cache != nil {
		duplicate := j.isDuplicate(sender, ok)
		switch {
		case !j.opt.split && duplicate:
			return exit(exitOK)
		case !j.opt.split:
			return exit(exitNew)
		case duplicate:
			if err := j.dropRest(); err != nil {
				return err
			}
		}
	}
	length := j.contentLength()
	if j.opt.reply {
		j.makeReply(sender, ok)
	} else if j.wantsPostmark(hadPostmark) {
		j.addPostmark(sender, ok)
	}
	j.addMissing()
	if j.opt.summary {
		j.summarize()
	}
	j.writeHeader()
	extracts := len(j.opt.extract) > 0 || len(j.opt.extractWhole) > 0
	if j.opt.keepBody || !extracts {
		j.writeString("\n")
	}
	if !j.opt.keepBody && (j.opt.reply || extracts) {
		j.logFolder()
		if !j.opt.split {
			return nil
		}
		if err := j.dropRest(); err != nil {
			return err
		}
	}
	j.startBody(length)
	if !j.opt.split {
		j.copyBody()
		j.logFolder()
	}
	return nil
}

// dropRest ends the output of this message: nobody wants the rest.
func (j *job) dropRest() error {
	err := j.endOutput()
	j.out = nowhere()
	return err
}

// forget drops what is known of the message before.
func (j *job) forget() {
	j.subject, j.references, j.messageID, j.date = nil, nil, nil, nil
	for _, s := range slices.Concat(j.first, j.last) {
		s.kept = nil
	}
}

// remember keeps the field bodies that are needed later: of each the last that
// is not empty.
func (j *job) remember() {
	for _, f := range j.header {
		body := f.text[f.name:]
		if len(body) <= 1 {
			continue
		}
		for _, r := range []struct {
			name string
			body *[]byte
		}{{"Subject:", &j.subject}, {"References:", &j.references}, {"Message-ID:", &j.messageID}, {"Date:", &j.date}} {
			if f.is(r.name) {
				*r.body = slices.Clone(body)
			}
		}
	}
}

// writeHeader writes the header, what -a has added to it, and what -A, -i and -I
// add. A field of these without a value only means those of its name.
func (j *job) writeHeader() {
	for _, f := range slices.Concat(j.header, j.added) {
		j.writeField(f)
	}
	for _, f := range slices.Concat(j.opt.always, j.opt.renameInsert, j.opt.deleteInsert) {
		if f.hasValue() {
			j.writeField(f)
		}
	}
	j.header, j.added = nil, nil
}

// writeField writes a field, or of it what -x and -X want.
func (j *job) writeField(f *field) {
	o := j.opt
	switch {
	case len(o.extract) == 0 && len(o.extractWhole) == 0:
	case find(f, o.extract) != nil:
		value := f.value()
		if o.zap {
			value = value[skipBlanks(value):]
			for len(value) > 0 && isBlank(value[len(value)-1]) {
				value = value[:len(value)-1]
			}
		}
		j.out.write(value)
		j.out.writeString("\n")
		return
	case find(f, o.extractWhole) == nil:
		return
	}
	j.write(f.text)
}

// write writes a part of the message; with -l it is only counted.
func (j *job) write(text []byte) {
	if j.opt.summary {
		j.size += int64(len(text))
		return
	}
	j.out.write(text)
}

func (j *job) writeString(text string) {
	if j.opt.summary {
		j.size += int64(len(text))
		return
	}
	j.out.writeString(text)
}
