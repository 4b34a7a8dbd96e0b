package folder

import (
	"bufio"
	"bytes"
	"io"
)

const (
	fromLine   = "From "
	quotedFrom = ">" + fromLine
)

// Quoter is an io.Writer that puts ">" before each line beginning with "From ",
// but not before the very first line, which is the From_ line. [Quoter.End] must be
// called at the end: until then some bytes may not have been passed on.
type Quoter struct {
	w *bufio.Writer
	// held is how much of "From " the current line has begun with, not yet
	// passed on; -1 if it is not going to be quoted any more.
	held int
	last byte // taken; a newline before the first
}

// NewQuoter returns a Quoter that writes to w.
func NewQuoter(w io.Writer) *Quoter {
	return &Quoter{w: bufio.NewWriterSize(w, 32<<10), held: -1, last: '\n'}
}

// Write implements io.Writer.
func (q *Quoter) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	q.last = p[len(p)-1]
	return len(p), q.quote(p)
}

// quote passes on bytes.
func (q *Quoter) quote(rest []byte) error {
	for q.held >= 0 && len(rest) > 0 {
		if rest[0] == fromLine[q.held] {
			q.held, rest = q.held+1, rest[1:]
			if q.held == len(fromLine) {
				q.held = -1
				if err := q.passText(quotedFrom); err != nil {
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
		if err := q.passText(quotedFrom); err != nil {
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

// release passes on what was held.
func (q *Quoter) release() error {
	n := max(q.held, 0)
	q.held = -1
	return q.passText(fromLine[:n])
}

// passText is pass without a copy of the text: a message may have millions of
// such lines.
func (q *Quoter) passText(s string) error {
	_, err := q.w.WriteString(s)
	return err
}

func (q *Quoter) pass(p []byte) error {
	_, err := q.w.Write(p)
	return err
}

// End ends a message as local(8) does: the last line gets its newline, if it has
// none, and an empty line follows (Postfix mail_copy.c).
func (q *Quoter) End() error {
	if err := q.release(); err != nil {
		return err
	}
	tail := "\n"
	if q.last != '\n' {
		tail = "\n\n"
	}
	if err := q.passText(tail); err != nil {
		return err
	}
	return q.w.Flush()
}
