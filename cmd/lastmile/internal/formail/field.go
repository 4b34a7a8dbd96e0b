package formail

import "bytes"

const (
	postmark = "From " // begins a From_ line, the one "field" without a colon
	article  = "Article "
)

// field is one header field, or a From_ line, as it was read; or what an option
// says about fields. In an option the name may be incomplete (a prefix without
// the colon) and the value may be missing.
type field struct {
	text []byte // all of it, continuation lines and final newline too
	name int    // how much of text is the name, with its colon
}

// newField returns the field that a text is, or of which it is the beginning.
func newField(text []byte) *field {
	name := nameLength(text)
	if name < 0 {
		name = -name
	}
	return &field{text: bytes.Clone(text), name: name}
}

// hasValue tells whether there is anything after the name but the newline.
func (f *field) hasValue() bool { return f.name+1 < len(f.text) }

// value returns what is after the name, without the final newline.
func (f *field) value() []byte { return f.text[f.name : len(f.text)-1] }

// is tells whether the name is this one, complete with its colon; letters of
// either case are the same.
func (f *field) is(name string) bool {
	return f.name == len(name) && hasPrefixFold(f.text, name)
}

// nameLength returns how long the field name at the beginning of a line is, with
// the colon and blanks before it; for a From_ line the length of "From ". If the
// line is no field, it is at most 0: minus the number of bytes that could be the
// beginning of a name, with one blank after them.
func nameLength(line []byte) int {
	for i, c := range line {
		switch {
		case c == ':':
			if i == 0 {
				return 0
			}
			return i + 1
		case c == ' ' || c == '\t':
			if i == 0 {
				return 0
			}
			rest := line[i+1:]
			colon := skipBlanks(rest)
			switch {
			case colon < len(rest) && rest[colon] == ':':
				return i + 1 + colon + 1
			case isPostmark(line):
				return len(postmark)
			}
			return -(i + 1)
		case c < ' ' || c == 0x7f:
			return -i
		}
	}
	return -len(line)
}

// isPostmark tells whether a line is a From_ line.
func isPostmark(line []byte) bool { return bytes.HasPrefix(line, []byte(postmark)) }

// find returns the first field of a list whose name is that of f or, for an
// incomplete name in the list, is its beginning. nil: there is none.
func find(f *field, list []*field) *field {
	for _, h := range list {
		if f.name >= h.name && hasPrefixFold(f.text, string(h.text[:h.name])) {
			return h
		}
	}
	return nil
}

// dropBlanksBeforeColon makes "Name:" of "Name :".
func (f *field) dropBlanksBeforeColon() {
	if f.text[f.name-1] != ':' {
		return
	}
	end := f.name - 1
	for end > 0 && isBlank(f.text[end-1]) {
		end--
	}
	f.text = append(f.text[:end], f.text[f.name-1:]...)
	f.name = end + 1
}

// join makes one line of the field, each newline in it a blank. From_ lines stay
// as they are.
func (f *field) join() {
	if isPostmark(f.text) {
		return
	}
	for i, c := range f.text[:len(f.text)-1] {
		if c == '\n' {
			f.text[i] = ' '
		}
	}
}

// rename puts a name in the place of the first bytes of the old one; a complete
// name, with a colon, takes the place of the whole name. Continuation lines are
// marked by ">" in a From_ line, by a blank in a field, and change with it.
func (f *field) rename(replaced int, name string, complete bool) {
	if isPostmark(f.text) {
		replaceInLines(f.text, func(c byte) bool { return c == '>' }, ' ')
	}
	switch {
	case name == postmark:
		replaceInLines(f.text, isBlank, '>')
		replaced = f.name
	case complete:
		replaced = f.name
	}
	text := make([]byte, 0, len(name)+len(f.text)-replaced)
	text = append(text, name...)
	f.text = append(text, f.text[replaced:]...)
	f.name += len(name) - replaced
}

// replaceInLines replaces the first byte of each line but the first, if it is
// such a byte. A NUL ends the search, as in the original.
func replaceInLines(text []byte, such func(byte) bool, by byte) {
	for i := 0; i+1 < len(text) && text[i] != 0; i++ {
		if text[i] == '\n' && such(text[i+1]) {
			text[i+1] = by
		}
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// skipBlanks returns how many blanks and tabs a text begins with.
func skipBlanks(text []byte) int {
	for i, c := range text {
		if !isBlank(c) {
			return i
		}
	}
	return len(text)
}

// hasPrefixFold is bytes.HasPrefix, ASCII letters of either case being the same.
func hasPrefixFold(text []byte, prefix string) bool {
	if len(text) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if lowerByte(text[i]) != lowerByte(prefix[i]) {
			return false
		}
	}
	return true
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// lower returns a text with its ASCII letters in lower case.
func lower(text []byte) []byte {
	text = bytes.Clone(text)
	for i, c := range text {
		text[i] = lowerByte(c)
	}
	return text
}
