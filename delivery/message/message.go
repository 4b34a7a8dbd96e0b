// Package message carries one message from standard input to its destination.
//
// The bytes of the message are never changed. What is put above it with
// [Message.Prepend] stands in front of them, and leading mbox From_ lines can
// be kept apart with [Message.CutFrom]. The header section is read ahead, so
// that it can be judged before the message goes anywhere; the body is streamed.
//
//	stdin ─► Read: buffer (header section, first of the body) ─► WriteTo: buffer, refilled until the end
//	                └─ a header section over 128 KiB: spool file ─┘
package message

import (
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	// headroom is kept free in front of the message for the fields that are
	// put above it, so that fields and message go out in one write.
	headroom = 4 << 10

	// bufferSize is how much of a message is held. For large messages, whose pipe
	// is widened, half as much made 10 MB take 1.2 times as long, and twice as
	// much nothing better.
	bufferSize = 128 << 10

	// maxHeld is how much of a header section is held in memory. Postfix
	// passes on at most 100 KiB (header_size_limit); what is longer comes from
	// raw callers and goes to a spool file, in pieces of spoolSize.
	maxHeld   = bufferSize
	spoolSize = 64 << 10
)

// ErrEmpty says that there was no message: not one byte. That is a mistake of
// the caller, never something to store.
var ErrEmpty = errors.New("standard input is empty")

// Message is one message whose beginning has been read.
type Message struct {
	in    io.Reader
	buf   []byte   // headroom, then the bytes read and not yet written
	start int      // where in buf they begin
	over  *os.File // the rest of a header section that is too large for memory
	eof   bool
	bad   bool  // a read has failed
	wide  bool  // in holds as much as it may
	size  int64 // bytes read
	fill  int   // the size up to which buf is filled again before a write
	from  []byte
	above int // bytes put above it
}

// Read reads from in until judge, which is given every byte once and in order,
// reports that it has seen the whole header section, or until the end of the
// message. It returns [ErrEmpty] if there is nothing to read.
func Read(in io.Reader, judge func([]byte) bool) (*Message, error) {
	m := &Message{in: in, buf: make([]byte, headroom, headroom+bufferSize), start: headroom}
	m.fill = cap(m.buf)
	for {
		from := len(m.buf)
		if err := m.read(); err != nil {
			return nil, err
		}
		if m.eof && len(m.buf) == headroom {
			return nil, ErrEmpty
		}
		if judge(m.buf[from:]) || m.eof {
			return m, nil
		}
		if len(m.buf) >= headroom+maxHeld {
			return m, m.spoolHeader(judge)
		}
		if len(m.buf) == cap(m.buf) {
			m.buf = append(make([]byte, 0, 2*cap(m.buf)), m.buf...)
		}
	}
}

// read adds what one read(2) gives to the buffer.
func (m *Message) read() error {
	n, err := m.in.Read(m.buf[len(m.buf):cap(m.buf)])
	m.buf = m.buf[:len(m.buf)+n]
	return m.got(n, err)
}

// got takes note of what a read gave.
func (m *Message) got(n int, err error) error {
	m.size += int64(n)
	switch {
	case errors.Is(err, io.EOF):
		m.eof = true
	case err != nil:
		m.bad = true
		return fmt.Errorf("read standard input: %w", err)
	}
	return nil
}

// ReadFailed reports whether reading the message has failed, so that an error
// of WriteTo can be told from one of the writer.
func (m *Message) ReadFailed() bool { return m.bad }

// Size returns how many bytes of the message were read, without the From_ lines
// that were cut off.
func (m *Message) Size() int64 { return m.size - int64(len(m.from)) }

// From returns the From_ lines that were cut off.
func (m *Message) From() []byte { return m.from }

// spoolHeader reads the rest of a header section that is too large for memory
// into a file.
func (m *Message) spoolHeader(judge func([]byte) bool) (err error) {
	if m.over, err = spoolFile(true); err != nil {
		return err
	}
	chunk := make([]byte, spoolSize)
	for !m.eof {
		n, err := m.in.Read(chunk)
		if err := m.got(n, err); err != nil {
			return err
		}
		if _, err := m.over.Write(chunk[:n]); err != nil {
			return fmt.Errorf("spool a large header section: %w", err)
		}
		if judge(chunk[:n]) {
			break
		}
	}
	if _, err := m.over.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("spool a large header section: %w", err)
	}
	return nil
}

// CutFrom takes the first n bytes, leading mbox From_ lines, away from the
// message. [Message.From] returns them.
func (m *Message) CutFrom(n int) {
	n = min(n, len(m.buf)-m.start)
	m.from = append(m.from, m.buf[m.start:m.start+n]...)
	m.start += n
}

// Prepend puts p above the message.
func (m *Message) Prepend(p []byte) {
	m.above += len(p)
	if len(p) > m.start {
		m.buf = append(append(make([]byte, 0, len(p)+len(m.buf)), p...), m.buf[m.start:]...)
		m.start = 0
		return
	}
	m.start -= copy(m.buf[m.start-len(p):], p)
}

// Above returns how many bytes were put above the message: with them WriteTo begins.
func (m *Message) Above() int { return m.above }

// Fill reads on until the buffer is full or the message ends, so that Head
// returns some of the body as well.
func (m *Message) Fill() error {
	for !m.eof && m.over == nil && len(m.buf) < min(m.fill, cap(m.buf)) {
		if err := m.read(); err != nil {
			return err
		}
	}
	return nil
}

// Held reports whether Head returns the whole message, once Fill was called.
func (m *Message) Held() bool { return m.eof && m.over == nil }

// Head returns what was read ahead, from the beginning of the message: the
// header section up to some 128 KiB, and perhaps some of the body.
func (m *Message) Head() []byte { return m.buf[m.start:] }

// WriteTo writes the message to its end, reading the rest of it as it goes, and
// returns the number of bytes written. It can be called once.
func (m *Message) WriteTo(w io.Writer) (size int64, err error) {
	defer m.Close()
	if m.over != nil {
		n, err := w.Write(m.buf[m.start:])
		size += int64(n)
		if err != nil {
			return size, err
		}
		over, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{m.over}, m.buf[:cap(m.buf)])
		size += over
		if err != nil {
			return size, err
		}
		m.buf, m.start = m.buf[:0], 0
	}
	for {
		for !m.eof && len(m.buf) < min(m.fill, cap(m.buf)) {
			if err := m.read(); err != nil {
				return size, err
			}
		}
		if in, ok := m.in.(Input); ok && !m.eof && !m.wide {
			in.widen()
			m.wide = true
		}
		n, err := w.Write(m.buf[m.start:])
		size += int64(n)
		if err != nil || m.eof {
			return size, err
		}
		m.buf, m.start = m.buf[:0], 0
	}
}

// Drain reads and drops the rest of the message, so that a caller which is
// still writing it is not met with a closed pipe. It returns the size of the
// message.
func (m *Message) Drain() int64 {
	for !m.eof {
		m.buf = m.buf[:0]
		if m.read() != nil {
			break
		}
	}
	m.Close()
	return m.Size()
}

// Close gives up what the message holds beside memory.
func (m *Message) Close() {
	if m.over != nil {
		m.over.Close()
		m.over = nil
	}
}
