package procmailrc

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Mail is a message as procmail sees it: a header part, which begins with the
// From_ line if there is one and ends with the empty line, and the body.
//
// In the header, the newlines that continue a field are blanks while conditions
// look at it, and newlines whenever it is written (fold). The blanks or tabs that
// begin a continued line stay.
type Mail struct {
	data   []byte
	body   int   // where the body begins
	start  int   // where a "From " line would first be quoted
	exempt int   // up to where the body is not, thanks to Content-Length:
	folds  []int // newlines that continue a field
	folded bool

	ignoreLength  bool // Content-Length: means nothing
	contentLength int  // where its value begins, or 0
}

// NewMail takes a message. Without ignoreLength the value of a Content-Length:
// field is corrected, and the body that it covers needs no quoting of "From "
// lines; data is then changed.
func NewMail(data []byte, ignoreLength bool) *Mail {
	m := &Mail{data: data, ignoreLength: ignoreLength}
	m.readHeader()
	return m
}

// clone returns a copy, which has its bytes in common with the message until one
// of them gets others. Only one of the two may be used at a time, and where it is
// given to the other it must be unfolded.
func (m *Mail) clone() *Mail {
	m.fold(false)
	c := *m
	return &c
}

// readHeader finds the end of the header, its continued fields and its
// Content-Length:.
func (m *Mail) readHeader() {
	m.folds, m.folded, m.contentLength = nil, false, 0
	at := 0
	for at < len(m.data) {
		at++
		if m.data[at-1] != '\n' {
			break
		}
	}
	m.start, m.body = at, len(m.data)
	for at < len(m.data) {
		n := bytes.IndexByte(m.data[at:], '\n')
		if n < 0 || at+n+1 == len(m.data) || bytes.IndexByte(m.data[at:at+n], 0) >= 0 {
			break
		}
		at += n + 1
		switch m.data[at] {
		case '\t', ' ':
			m.folds = append(m.folds, at-1)
		case '\n':
			m.body, at = at+1, len(m.data)
		}
	}
	if !m.ignoreLength {
		m.contentLength = m.fieldValue("Content-Length:")
	}
	m.measure()
}

// fieldValue returns where the value of the first field of a name begins, or 0.
func (m *Mail) fieldValue(name string) int {
	for at := 0; at+len(name) <= m.body; {
		if bytes.EqualFold(m.data[at:at+len(name)], []byte(name)) {
			return at + len(name)
		}
		n := bytes.IndexByte(m.data[at:m.body], '\n')
		if n < 0 {
			return 0
		}
		at += n + 1
	}
	return 0
}

// maxLengthDigits is how many characters of a Content-Length: value are written.
const maxLengthDigits = 26

// measure writes the length of the body into the Content-Length: field, at the
// right end of the room that its value has; where that is too small, nines. A
// body that ends in an empty line is one byte longer.
func (m *Mail) measure() {
	m.exempt = max(0, m.body-1)
	if m.contentLength == 0 {
		return
	}
	length := len(m.data) - m.body
	if n := len(m.data); n > 1 && m.data[n-2] == '\n' {
		length--
	}
	room := m.data[m.contentLength:m.body]
	if end := bytes.IndexAny(room, "\n\x00"); end >= 0 {
		room = room[:end]
	}
	for i := range room {
		room[i] = ' '
	}
	room = room[:min(len(room), maxLengthDigits)]
	stated := fmt.Sprintf("%*d", len(room), max(length, 0))
	if len(stated) > len(room) {
		stated = strings.Repeat("9", len(room))
	}
	copy(room, stated)
	covered, _ := strconv.Atoi(strings.TrimLeft(stated, " "))
	m.exempt = m.body + min(covered, len(m.data)-m.body)
}

// fold makes blanks of the newlines that continue a field, or newlines again.
func (m *Mail) fold(on bool) {
	if m.folded == on {
		return
	}
	m.folded = on
	c := byte('\n')
	if on {
		c = ' '
	}
	for _, at := range m.folds {
		m.data[at] = c
	}
}

// len returns the size of the message in bytes.
func (m *Mail) len() int { return len(m.data) }

// area is what conditions look at.
type area int

const (
	headerArea area = iota
	bodyArea
	bothAreas
)

// search returns an area to search in.
func (m *Mail) search(a area) []byte {
	switch a {
	case bodyArea:
		return m.data[m.body:]
	case bothAreas:
		m.fold(true)
		return m.data
	default:
		m.fold(true)
		return m.data[:m.body]
	}
}

// fromLine is how a line that begins an mbox message begins.
var fromLine = []byte("From ")

// afterFrom returns where the message goes on after its From_ line and the
// lines with a ">" that follow it.
func (m *Mail) afterFrom() int {
	if !bytes.HasPrefix(m.data, fromLine) {
		return 0
	}
	at := 0
	for {
		n := bytes.IndexByte(m.data[at:], '\n')
		if n < 0 || at+n+1 == len(m.data) {
			return len(m.data)
		}
		if at += n + 1; m.data[at] != '>' {
			return at
		}
	}
}

// replaceHeader puts a filter's output in the place of the header.
func (m *Mail) replaceHeader(header []byte) {
	m.data = append(append(make([]byte, 0, len(header)+len(m.data)-m.body), header...), m.data[m.body:]...)
	m.readHeader()
}

// replaceFrom puts a filter's output in the place of all from an offset on, 0 or
// where the body begins.
func (m *Mail) replaceFrom(at int, output []byte) {
	m.data = append(append(make([]byte, 0, at+len(output)), m.data[:at]...), output...)
	if at == 0 {
		m.readHeader()
		return
	}
	m.body = at
	m.measure()
}

// part is a piece of a message to be written. It is good until the message
// changes.
type part struct {
	m        *Mail
	from, to int
	// quote puts a ">" before every line that begins with "From ", but for the
	// first.
	quote bool
	// close puts a newline after a part that does not end in an empty line.
	close bool
}

// nextFrom returns where the next line to quote begins, or where the part ends.
func (p part) nextFrom(at int) int {
	if !p.quote {
		return p.to
	}
	for _, within := range [2][2]int{{max(at, p.m.start), min(p.m.body, p.to)}, {max(at, p.m.exempt), p.to}} {
		if within[0] >= within[1] {
			continue
		}
		n := bytes.Index(p.m.data[within[0]:within[1]], []byte("\nFrom "))
		if n >= 0 {
			return within[0] + n + 1
		}
	}
	return p.to
}

// Len implements [Text].
func (p part) Len() int64 {
	n := int64(p.to - p.from)
	for at := p.nextFrom(p.from); at < p.to; at = p.nextFrom(at) {
		n++
	}
	if p.closes() {
		n++
	}
	return n
}

// closes reports whether a newline is added. Whether quoting made a line longer
// does not matter: only a part of less than two bytes can be too short.
func (p part) closes() bool {
	return p.close && (p.to-p.from < 2 || p.m.data[p.to-1] != '\n' || p.m.data[p.to-2] != '\n')
}

// WriteTo implements io.WriterTo.
func (p part) WriteTo(w io.Writer) (size int64, err error) {
	write := func(b []byte) {
		if err == nil && len(b) > 0 {
			var n int
			n, err = w.Write(b)
			size += int64(n)
		}
	}
	for at := p.from; at < p.to && err == nil; {
		next := p.nextFrom(at)
		if write(p.m.data[at:next]); next < p.to {
			write([]byte(">"))
		}
		at = next
	}
	if p.closes() {
		write([]byte("\n"))
	}
	return size, err
}
