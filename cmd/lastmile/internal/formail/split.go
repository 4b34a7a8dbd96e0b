package formail

import "bytes"

// defaultMinFields is how many fields in a row begin a message, of -m.
const defaultMinFields = 2

// splitBody writes the body of a message, up to the beginning of the next one,
// and starts that. It tells whether there is a next one; its first fields have
// been read.
func (j *job) splitBody() (more bool, err error) {
	for len(j.line) > 0 || !j.emptyBefore || j.in.peek() != endOfInput {
		if len(j.line) == 0 {
			j.readField()
		}
		if (!j.opt.babyl || j.babylEnded) && j.atMessage() {
			return j.nextMessage()
		}
		j.emptyBefore = len(j.line) == 1
		if j.opt.babyl && len(j.line) > 0 && j.line[0] == babylEnd {
			j.babylEnded = true
			if err := j.dropRest(); err != nil {
				return false, err
			}
		}
		j.writeRead()
	}
	j.logFolder()
	return false, j.endOutput()
}

// atMessage tells whether what has been read begins a message. Where it could,
// more is read to be sure.
func (j *job) atMessage() bool {
	mayBegin := j.emptyBefore || j.opt.every
	switch {
	case len(j.header) > 0 && isPostmark(j.header[0].text):
		return j.atPostmark(mayBegin)
	case len(j.header) > 0:
		return j.opt.digest && mayBegin && isKnown(j.header[len(j.header)-1]) && j.enoughFields()
	case isPostmark(j.line):
		j.takeLine()
		return j.atPostmark(mayBegin)
	}
	return j.opt.digest && mayBegin && j.takeArticle() && j.enoughFields()
}

// atPostmark is atMessage for a From_ line. One that is not taken for the
// beginning of a message is escaped; one that only lacks fields is not.
func (j *job) atPostmark(mayBegin bool) bool {
	if mayBegin && isPostmarkOfMessage(j.header[0].text) {
		return j.enoughFields()
	}
	if !j.opt.noEscape {
		j.writeString(j.opt.prefix)
	}
	return false
}

// enoughFields tells whether enough fields follow for a message.
func (j *job) enoughFields() bool {
	for range j.opt.minFields - 1 {
		if !j.readField() || !isKnown(j.header[len(j.header)-1]) {
			return false
		}
	}
	return true
}

// nextMessage ends one message and starts the next one.
func (j *job) nextMessage() (more bool, err error) {
	if !j.emptyBefore {
		j.writeString("\n")
	}
	j.logFolder()
	if j.out.close() != nil {
		j.failed = true
		if j.opt.verbose {
			j.say("Couldn't write to stdout, continuing...")
		}
	}
	j.waitSerial()
	if j.opt.total == 0 {
		return false, nil
	}
	return true, j.start()
}

// writeRead writes what has been read and begins no message: the fields, or the
// line if there are none.
func (j *job) writeRead() {
	quote := j.opt.reply && !j.opt.noEscape
	if len(j.header) == 0 {
		if quote && len(j.line) > 1 {
			j.writeString(j.opt.prefix)
		}
		j.write(j.line)
		j.line = j.line[:0]
		return
	}
	for _, f := range j.header {
		if !quote {
			j.write(f.text)
			continue
		}
		for line := range bytes.Lines(f.text) {
			j.writeString(j.opt.prefix)
			j.write(line)
		}
	}
	j.header = j.header[:0]
}
