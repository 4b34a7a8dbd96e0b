package loopcheck

import (
	"bytes"
	"errors"
	"io"
)

const (
	// maxLine is how much of a physical line is looked at: Postfix's
	// line_length_limit, the size of a queue file record.
	maxLine = 2048

	// maxStamps is how many Delivered-To fields count: DELIVERED_HDR_LIMIT of
	// Postfix's delivered_hdr.c, which wants to bound what a hostile header
	// can make it store.
	maxStamps = 1000

	// maxTop is how many fields of the last hop's block are kept: an MTA puts
	// at most three there.
	maxTop = 16

	// maxUnfolded bounds the text kept of a field over several lines: an
	// address has at most 320 bytes (RFC 5321 section 4.5.3.1), the rest is
	// room for comments.
	maxUnfolded = 998

	// maxFromLines bounds what is taken for From_ lines of an mbox: one has an
	// address and a date. Beyond it they are the text of a message.
	maxFromLines = 8 << 10

	// maxCR is how many CR bytes before a LF are passed over at the end of a
	// line that is just as long as the limit.
	maxCR = 2
)

// Name says which of the trace fields a [Field] is.
type Name int

// The fields that a final delivery agent writes, and that mean something to it.
const (
	DeliveredTo   Name = iota + 1 // RFC 9228
	ReturnPath                    // RFC 5321 section 4.4
	XOriginalTo                   // Postfix
	Received                      // RFC 5321 section 4.4
	OwnStamp                      // X-Lastmile-Delivered, of lastmile alone
	messageID                     // RFC 5322 section 3.6.4; kept for the log only
	numberOfNames = int(messageID)
)

var names = [numberOfNames + 1]string{
	DeliveredTo: "Delivered-To",
	ReturnPath:  "Return-Path",
	XOriginalTo: "X-Original-To",
	Received:    "Received",
	OwnStamp:    "X-Lastmile-Delivered",
	messageID:   "Message-ID",
}

// String returns the name of the field as Postfix writes it.
func (n Name) String() string { return names[n] }

// Field is one trace field of a header section.
type Field struct {
	Name Name
	// Line is the number of the physical line that it begins on, from 1; a
	// leading From_ line counts.
	Line int
	// Value is what follows the colon and white space on that line, up to a
	// NUL byte: what Postfix compares.
	Value string
	// Unfolded is the whole field body: Value and the lines that continue it,
	// at most 998 bytes.
	Unfolded string
	// Top is set if only Return-Path, X-Original-To and Delivered-To fields
	// stand above it: the block in which an MTA puts the fields of the hop
	// that is being made.
	Top bool
}

// Header is what the loop rules need to know of a header section.
type Header struct {
	// Stamps are the Delivered-To fields, in their order from the top.
	Stamps []Field
	// Top are the fields of the block in which an MTA puts those of the hop
	// that is being made, without the lines that continue them; the
	// Delivered-To fields among them are in Stamps, too.
	Top []Field
	// Own are the fields in which lastmile proves that a stamp is its own.
	Own []Field
	// Hops is the number of Received fields.
	Hops int
	// MessageID is the value of the first Message-ID field.
	MessageID string
	// FromLines is the number of bytes that leading mbox From_ lines take up.
	// They belong to no header section.
	FromLines int
	// Bare is set if the message begins with something else than a header
	// field or the empty line that ends a header section.
	Bare bool
	// Lines is the number of physical lines from the beginning to the end of
	// the header section, without the empty line.
	Lines int
}

// Scan reads a header section from r, which it reads beyond its end. The only
// errors are those of r.
func Scan(r io.Reader) (*Header, error) {
	var s Scanner
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if s.Write(buf[:n]) {
			return s.Header(), nil
		}
		if errors.Is(err, io.EOF) {
			return s.Header(), nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// Scanner reads a header section that comes in pieces. It keeps only the trace
// fields, so its memory does not grow with the header section. The zero value
// is ready for use.
type Scanner struct {
	h         Header
	line      []byte // the beginning of a line whose end was not seen yet
	lineBytes int    // how long that line is up to now
	done      bool
	inHeader  bool   // a header field was seen
	belowTop  bool   // a field that is none of the last hop's was seen
	last      *Field // the field that the next line may continue
}

// Write takes the next bytes of the message and reports whether the header
// section has ended: from then on nothing is looked at any more.
func (s *Scanner) Write(p []byte) (done bool) {
	for !s.done && len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			s.keep(p)
			break
		}
		line, size := p[:i], i+1
		if s.lineBytes > 0 {
			s.keep(line)
			line, size = s.line, s.lineBytes+1
		}
		s.endLine(line, size)
		p = p[i+1:]
	}
	return s.done
}

// Header ends the scan, at the end of the header section or of the message,
// and returns what was found.
func (s *Scanner) Header() *Header {
	if !s.done && s.lineBytes > 0 {
		s.endLine(s.line, s.lineBytes)
	}
	if !s.done && !s.inHeader && s.h.FromLines > 0 {
		s.endHeader(false) // nothing but From_ lines
	}
	s.done = true
	return &s.h
}

// keep stores what counts of a line that comes in several pieces.
func (s *Scanner) keep(p []byte) {
	s.lineBytes += len(p)
	if room := maxLine + maxCR - len(s.line); room > 0 {
		s.line = append(s.line, p[:min(room, len(p))]...)
	}
}

// endLine judges a physical line; size is its full length with the line end.
func (s *Scanner) endLine(line []byte, size int) {
	line = cutLine(line)
	s.line, s.lineBytes = s.line[:0], 0

	switch n := headerName(line); {
	case n > 0:
		s.h.Lines++
		s.inHeader = true
		s.field(line, n)
	case len(line) == 0:
		s.endHeader(true)
	case isSpace(line[0]) && s.inHeader:
		s.h.Lines++
		s.continued(line)
	case !s.inHeader && isFromLine(line) && s.h.FromLines+size <= maxFromLines:
		s.h.Lines++
		s.h.FromLines += size
	default:
		s.endHeader(false)
	}
}

// cutLine returns what counts of a physical line that comes without its LF.
func cutLine(line []byte) []byte {
	line = bytes.TrimRight(line[:min(len(line), maxLine+maxCR)], "\r")
	return line[:min(len(line), maxLine)]
}

// endHeader notes that the header section ended, with the empty line or with
// something that is no header field.
func (s *Scanner) endHeader(empty bool) {
	s.done = true
	if !s.inHeader && !empty {
		// What looked like mbox From_ lines is the text of a message without
		// a header section.
		s.h.FromLines, s.h.Bare = 0, true
	}
}

// field takes a header field whose name has n bytes.
func (s *Scanner) field(line []byte, n int) {
	s.last = nil
	name := nameOf(line[:n])
	if name != DeliveredTo && name != ReturnPath && name != XOriginalTo {
		s.belowTop = true
	}
	switch name {
	case 0:
		return
	case Received:
		s.h.Hops++
		return
	case OwnStamp:
		if len(s.h.Own) < maxStamps {
			f := Field{Name: name, Line: s.h.Lines, Value: valueOf(line[n:])}
			f.Unfolded = f.Value[:min(len(f.Value), maxUnfolded)]
			s.h.Own = append(s.h.Own, f)
			s.last = &s.h.Own[len(s.h.Own)-1]
		}
		return
	case messageID:
		if s.h.MessageID == "" {
			s.h.MessageID = valueOf(line[n:])
		}
		return
	}
	stamp := name == DeliveredTo && len(s.h.Stamps) <= maxStamps // one more, for the stamp that may be passed over
	top := !s.belowTop && len(s.h.Top) < maxTop
	if !stamp && !top {
		return
	}
	f := Field{Name: name, Line: s.h.Lines, Value: valueOf(line[n:]), Top: !s.belowTop}
	f.Unfolded = f.Value[:min(len(f.Value), maxUnfolded)]
	if top {
		s.h.Top = append(s.h.Top, f)
	}
	if stamp {
		s.h.Stamps = append(s.h.Stamps, f)
		s.last = &s.h.Stamps[len(s.h.Stamps)-1]
	}
}

// continued takes a line that begins with white space.
func (s *Scanner) continued(line []byte) {
	if s.last == nil {
		return
	}
	room := maxUnfolded - len(s.last.Unfolded)
	s.last.Unfolded += string(line[:min(max(room, 0), len(line))])
}

// headerName returns the length of the name if the line is a header field, and
// 0 otherwise (is_header.c): printable ASCII, blanks, a colon.
func headerName(line []byte) int {
	for i, c := range line {
		if c > ' ' && c < 0x7f && c != ':' {
			continue
		}
		n := i
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		if i < len(line) && line[i] == ':' {
			return n
		}
		return 0
	}
	return 0
}

// valueOf returns the field body on the line that the field begins on; rest is
// what follows the name.
func valueOf(rest []byte) string {
	rest = rest[bytes.IndexByte(rest, ':')+1:]
	for len(rest) > 0 && isSpace(rest[0]) {
		rest = rest[1:]
	}
	if i := bytes.IndexByte(rest, 0); i >= 0 {
		rest = rest[:i]
	}
	return string(rest)
}

// nameOf recognises the names that mean something here.
func nameOf(name []byte) Name {
	for n := DeliveredTo; int(n) <= numberOfNames; n++ {
		if len(name) == len(names[n]) && bytes.EqualFold(name, []byte(names[n])) {
			return n
		}
	}
	return 0
}

// isFromLine tells whether a line is the From_ line of an mbox, quoted or not:
// sendmail(1) of Postfix drops both at the top of a message.
func isFromLine(line []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From "))
}

// isSpace is isspace(3) in the C locale, without LF.
func isSpace(c byte) bool { return c == ' ' || c == '\t' || c >= '\v' && c <= '\r' }
