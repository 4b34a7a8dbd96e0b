package folder

import (
	"bufio"
	"bytes"
	"io"
)

const fromLine = "From "

// Quoting says how a message is changed on its way into a folder. The zero value
// is that of an mbox.
type Quoting struct {
	// Off leaves lines that begin with "From " alone, as in directories.
	Off bool
	// ExemptFrom and ExemptTo are offsets in what is written: a line that begins
	// there or in between is left alone, as procmail leaves alone the part of
	// the body that a Content-Length field covers. With the length n of that
	// field they are the offset of the body, and that plus n. The zero
	// value exempts no more than is exempt by itself.
	ExemptFrom, ExemptTo int64
}

// Quoter is an io.Writer that puts ">" before each line beginning with "From ",
// but not before the very first line, which is the From_ line. [Quoter.End] or
// [Quoter.EndBlank] must be called at the end: until then some bytes may not
// have been passed on.
type Quoter struct {
	w   *bufio.Writer
	o   Quoting
	at  int64 // bytes taken
	out int64 // bytes passed on
	// held is how much of "From " the current line has begun with, not yet
	// passed on; -1 if it is not going to be quoted any more.
	held int
	last [2]byte // the last two bytes taken
}

// NewQuoter returns a Quoter that writes to w.
func NewQuoter(w io.Writer, o Quoting) *Quoter {
	return &Quoter{w: bufio.NewWriterSize(w, 32<<10), o: o, held: -1}
}

// Size returns the number of bytes that were passed on or are held, quoting
// included.
func (q *Quoter) Size() int64 { return q.out + int64(max(q.held, 0)) }

// Write implements io.Writer.
func (q *Quoter) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(p) == 1 {
		q.last = [2]byte{q.last[1], p[0]}
	} else {
		copy(q.last[:], p[len(p)-2:])
	}
	start := q.at
	q.at += int64(len(p))
	if q.o.Off {
		return len(p), q.pass(p)
	}
	return len(p), q.quote(p, start)
}

// quote passes on bytes that began at an offset.
func (q *Quoter) quote(p []byte, at int64) error {
	rest := p
	for q.held >= 0 && len(rest) > 0 {
		if rest[0] == fromLine[q.held] {
			q.held, rest = q.held+1, rest[1:]
			if q.held == len(fromLine) {
				q.held = -1
				if err := q.passFrom(at + int64(len(p)-len(rest)-len(fromLine))); err != nil {
					return err
				}
			}
			continue
		}
		if err := q.release(); err != nil {
			return err
		}
	}
	for line := []byte("\n" + fromLine); ; {
		i := bytes.Index(rest, line)
		if i < 0 {
			break
		}
		if err := q.pass(rest[:i+1]); err != nil {
			return err
		}
		rest = rest[i+1+len(fromLine):]
		if err := q.passFrom(at + int64(len(p)-len(rest)-len(fromLine))); err != nil {
			return err
		}
	}
	// What is left at the end may be the beginning of such a line.
	if i := bytes.LastIndexByte(rest, '\n'); i >= 0 && bytes.HasPrefix([]byte(fromLine), rest[i+1:]) {
		q.held = len(rest) - i - 1
		rest = rest[:i+1]
	}
	return q.pass(rest)
}

// passFrom passes on "From ", at the beginning of a line at an offset.
func (q *Quoter) passFrom(at int64) error {
	if at < q.o.ExemptFrom || at > q.o.ExemptTo {
		if err := q.passText(">"); err != nil {
			return err
		}
	}
	return q.passText(fromLine)
}

// release passes on what was held.
func (q *Quoter) release() error {
	n := max(q.held, 0)
	q.held = -1
	return q.passText(fromLine[:n])
}

// passText is pass without a copy of the text: a message may have millions of
// such lines.
func (q *Quoter) passText(s string) error {
	n, err := q.w.WriteString(s)
	q.out += int64(n)
	return err
}

func (q *Quoter) pass(p []byte) error {
	n, err := q.w.Write(p)
	q.out += int64(n)
	return err
}

// End ends a message as procmail does: with one newline more, unless
// the last two bytes are newlines. A message without a newline at its end thus
// gets one, and no empty line.
func (q *Quoter) End() error {
	tail := ""
	if q.last != [2]byte{'\n', '\n'} {
		tail = "\n"
	}
	return q.end(tail)
}

// EndBlank ends a message as local(8) does: the last line gets its newline, if
// it has none, and an empty line follows (Postfix mail_copy.c).
func (q *Quoter) EndBlank() error {
	tail := "\n"
	if q.at > 0 && q.last[1] != '\n' {
		tail = "\n\n"
	}
	return q.end(tail)
}

// EndRaw ends a message as it is.
func (q *Quoter) EndRaw() error { return q.end("") }

func (q *Quoter) end(tail string) error {
	if err := q.release(); err != nil {
		return err
	}
	if err := q.passText(tail); err != nil {
		return err
	}
	return q.w.Flush()
}
