package procmailrc

import "strings"

// eof is what a reader returns at its end.
const eof = -1

// bytesIn gives the bytes of an rcfile, or of a text that is read like one.
type bytesIn interface {
	// next returns the next byte, or eof.
	next() int
}

// textIn reads a text that has been taken from an rcfile already.
type textIn struct {
	text string
	at   int
}

func (t *textIn) next() int {
	if t.at == len(t.text) {
		return eof
	}
	t.at++
	return int(t.text[t.at-1])
}

// rcfile is an rcfile being read.
type rcfile struct {
	name  string // what $_ says
	text  []byte
	at    int
	depth int // how many blocks were open where it was included
}

// source is the stack of rcfiles: INCLUDERC puts one on top, in the middle of a
// line if need be, and its end goes back to where the one below was left.
type source struct {
	files []rcfile
}

// open reports whether any rcfile is being read.
func (s *source) open() bool { return len(s.files) > 0 }

// top returns the rcfile that is being read.
func (s *source) top() *rcfile { return &s.files[len(s.files)-1] }

func (s *source) push(f rcfile) { s.files = append(s.files, f) }

// pop ends the rcfile on top and reports whether there is one below it.
func (s *source) pop() bool {
	s.files = s.files[:len(s.files)-1]
	return len(s.files) > 0
}

// clone returns a copy that is read on its own.
func (s *source) clone() source { return source{files: append([]rcfile(nil), s.files...)} }

func (s *source) next() int {
	if len(s.files) == 0 {
		return eof
	}
	f := s.top()
	if f.at >= len(f.text) {
		return eof
	}
	f.at++
	return int(f.text[f.at-1])
}

// peek returns the next byte without taking it.
func (s *source) peek() int {
	if len(s.files) == 0 {
		return eof
	}
	if f := s.top(); f.at < len(f.text) {
		return int(f.text[f.at])
	}
	return eof
}

// take takes the next byte if it is c.
func (s *source) take(c int) bool {
	if s.peek() != c {
		return false
	}
	s.next()
	return true
}

// skipBlanks passes blanks and tabs over and reports whether there were any.
func (s *source) skipBlanks() bool {
	any := false
	for s.take(' ') || s.take('\t') {
		any = true
	}
	return any
}

// skipLine passes the rest of the line over.
func (s *source) skipLine() {
	for c := s.next(); c != '\n' && c != eof; {
		c = s.next()
	}
}

// line takes the rest of the line.
func (s *source) line() string {
	var b strings.Builder
	for c := s.next(); c != '\n' && c != eof; c = s.next() {
		b.WriteByte(byte(c))
	}
	return b.String()
}

// logicalLine takes a line with those that a backslash at its end joins to it.
// Backslash and newline stay in it, for the shell or for [squeeze]; of a line
// that is nothing but a backslash only the newline does. Over limit bytes it
// reports an overflow and keeps what came last.
func (s *source) logicalLine(limit int) (text string, overflow bool) {
	var b []byte
	for {
		from := len(b)
		b = append(b, s.line()...)
		if len(b) > limit {
			overflow = true
			b, from = append(b[:0], b[from:]...), 0
			if len(b) > limit {
				b = b[:limit]
			}
		}
		if len(b) == from || b[len(b)-1] != '\\' {
			return string(b), overflow
		}
		if len(b) == from+1 {
			b = b[:from]
		}
		b = append(b, '\n')
	}
}

// name takes a variable's name if the next word is one: letters, digits and "_",
// no digit first, and after it a blank, a newline or "=". If it is not, what was
// taken of it is returned all the same.
func (s *source) name(limit int) (name string, ok, overflow bool) {
	var b []byte
	for c := s.peek(); isNameStart(c) || len(b) > 0 && isDigit(c); c = s.peek() {
		if len(b) == limit {
			return string(b), false, true
		}
		b = append(b, byte(s.next()))
	}
	switch s.peek() {
	case ' ', '\t', '\n', '=':
		return string(b), len(b) > 0, false
	}
	return string(b), false, false
}

// isNameStart tells whether a variable's name may begin with c.
func isNameStart(c int) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isDigit(c int) bool { return c >= '0' && c <= '9' }

// squeeze removes every backslash-newline from a logical line, and the blanks
// that follow a newline.
func squeeze(text string) string {
	if !strings.Contains(text, "\n") {
		return text
	}
	b := make([]byte, 0, len(text))
	afterNewline := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		if afterNewline && (c == ' ' || c == '\t') {
			continue
		}
		afterNewline = c == '\n'
		if afterNewline && i > 0 && text[i-1] == '\\' {
			b = b[:len(b)-1]
			continue
		}
		b = append(b, c)
	}
	return string(b)
}

// skipSpace drops leading blanks and tabs.
func skipSpace(s string) string { return strings.TrimLeft(s, " \t") }
