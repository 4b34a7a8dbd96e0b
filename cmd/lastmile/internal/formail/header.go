package formail

import "bytes"

// The header is read into j.header; the first line that belongs to it no more
// is left in j.line. In the body, when splitting, the same two hold what could
// be the header of the next message.

// readField reads a line. If it begins a field, its other lines are read too and
// the field is added to the header; if not, it stays in j.line.
func (j *job) readField() bool {
	j.line = j.in.line(j.line)
	n := nameLength(j.line)
	switch {
	case n <= 0:
		return false
	case n == len(postmark) && isPostmark(j.line):
		if len(j.header) > 0 {
			return false // only a message begins with one
		}
		for j.in.peek() == '>' {
			j.line = j.in.line(j.line)
		}
	default:
		for c := j.in.peek(); c == ' ' || c == '\t'; c = j.in.peek() {
			j.line = j.in.line(j.line)
		}
	}
	j.takeLine()
	return true
}

// takeLine makes a field of the line at hand.
func (j *job) takeLine() {
	j.header = append(j.header, newField(j.line))
	j.line = j.line[:0]
}

// takeArticle takes the line at hand if it is the one that begins an article of
// a news spool.
func (j *job) takeArticle() bool {
	if len(j.header) > 0 || !bytes.HasPrefix(j.line, []byte(article)) {
		return false
	}
	j.takeLine()
	j.header[0].name = len(article)
	return true
}

// readHeader reads the header of a message; a part of it may have been read.
func (j *job) readHeader() {
	for j.readField() {
	}
}

// readFirstHeader reads the header of the first message.
func (j *job) readFirstHeader() {
	if j.readField() || j.opt.digest && j.takeArticle() {
		j.readHeader()
	}
}

// tidy makes a regular header of what has been read: no blanks before colons,
// "Article:", and a From_ line of what BABYL keeps of it.
func (j *job) tidy() {
	for _, f := range j.header {
		f.dropBlanksBeforeColon()
	}
	if len(j.header) == 0 {
		return
	}
	f := j.header[0]
	if bytes.HasPrefix(f.text, []byte(article)) {
		f.text[len(article)-1] = ':'
		return
	}
	if !j.opt.babyl || j.opt.force {
		return
	}
	if line, ok := bytes.CutPrefix(f.text, []byte("Mail-from:")); ok {
		if line = line[skipBlanks(line):]; isPostmark(line) {
			f.text, f.name = line, len(postmark)
		}
	}
}
