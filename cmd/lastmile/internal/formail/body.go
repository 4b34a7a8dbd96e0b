package formail

// What BABYL separates messages by.
const (
	babylEnd  = 0x1f
	babylPage = '\f'
)

// skipLeader skips what is before the first message of a BABYL file. Without one
// there is no message.
func (j *job) skipLeader() {
	for j.in.peek() != endOfInput {
		if j.in.skip() == babylEnd && j.in.skip() == babylPage && j.in.skip() == '\n' {
			break
		}
		j.in.skipLine()
	}
	j.in.skipLine()
}

// startBody begins the body: what BABYL shows of the header is dropped, and as
// much as Content-Length says is copied as it is.
func (j *job) startBody(length int64) {
	j.emptyBefore = true
	if len(j.line) == 1 {
		j.line = j.line[:0] // the empty line after the header has been written
	}
	if j.opt.babyl {
		j.skipVisible()
	}
	if length > 0 {
		j.copyLength(length)
	}
}

// skipVisible skips the header that BABYL shows: up to an empty line, which is
// left to be read.
func (j *job) skipVisible() {
	j.babylEnded = false
	j.in.skip()
	for last := 0; ; {
		c := j.in.peek()
		if c == endOfInput || c == '\n' && last == '\n' {
			return
		}
		last = j.in.skip()
	}
}

// copyLength copies that many bytes, or what there is.
func (j *job) copyLength(length int64) {
	if len(j.line) > 0 {
		j.write(j.line)
		length -= int64(len(j.line))
		j.line, j.emptyBefore = j.line[:0], false
	}
	before, last := byte(0), byte('\n')
	copied := int64(0)
	for copied < length && j.in.peek() != endOfInput {
		chunk := j.in.atMost(length - copied)
		j.write(chunk)
		copied += int64(len(chunk))
		if n := len(chunk); n > 1 {
			before, last = chunk[n-2], chunk[n-1]
		} else {
			before, last = last, chunk[0]
		}
	}
	if copied > 0 {
		j.emptyBefore = before == '\n' && last == '\n'
	}
	if last != '\n' && j.in.peek() == '\n' {
		j.in.skip()
		j.writeString("\n")
	}
	// The original counts one too few.
	if missing := length - copied - 1; missing > 0 && j.opt.verbose {
		j.say("Content-Length: field exceeds actual length by " + decimal(missing) + " bytes")
	}
}

// copyBody copies the body of the only message, line by line: lines may be of
// any length. It always ends with an empty line.
func (j *job) copyBody() {
	if len(j.line) > 0 {
		j.escapeLine(j.line)
		j.write(j.line)
		j.emptyBefore = false
	}
	for atStart := true; ; {
		chunk := j.in.some()
		if len(chunk) == 0 {
			if !atStart {
				j.writeString("\n")
			}
			break
		}
		if atStart {
			j.escapeLine(chunk)
			j.emptyBefore = len(chunk) == 1 && chunk[0] == '\n'
		}
		j.write(chunk)
		atStart = chunk[len(chunk)-1] == '\n'
	}
	if !j.emptyBefore {
		j.writeString("\n")
	}
}

// escapeLine writes what goes before a line of the body: the prefix if it looks
// like a From_ line, and once more if the body of a mail replied to is quoted.
func (j *job) escapeLine(line []byte) {
	if j.opt.noEscape {
		return
	}
	if isPostmark(line) {
		j.writeString(j.opt.prefix)
	}
	if j.opt.reply && (len(line) != 1 || line[0] != '\n') {
		j.writeString(j.opt.prefix)
	}
}
