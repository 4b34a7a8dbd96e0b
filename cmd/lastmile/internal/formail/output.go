package formail

import (
	"bufio"
	"io"
	"os"
	"sync"
)

// outputSize is how much is written at a time.
const outputSize = 64 << 10

// output is where a message goes: standard output, a child, or nowhere. The
// first error is kept, nothing is written after it.
type output struct {
	w       *bufio.Writer // nil: nowhere
	closing func() error  // ends what w writes to, or nil
}

// newOutput returns an output to w. The buffer of the last one is used again.
func (j *job) newOutput(w io.Writer, closing func() error) *output {
	if j.buffer == nil {
		j.buffer = bufio.NewWriterSize(nil, outputSize)
	}
	j.buffer.Reset(w)
	return &output{w: j.buffer, closing: closing}
}

// nowhere takes a message that nobody wants.
func nowhere() *output { return &output{} }

// write writes; an error shows in close.
func (o *output) write(text []byte) {
	if o.w != nil {
		o.w.Write(text)
	}
}

// writeString writes; an error shows in close.
func (o *output) writeString(text string) {
	if o.w != nil {
		o.w.WriteString(text)
	}
}

// close writes what has been held back, and ends the message. It returns the
// first error of all writes.
func (o *output) close() error {
	if o.w == nil {
		return nil
	}
	err := o.w.Flush()
	if o.closing != nil {
		if closing := o.closing(); err == nil {
			err = closing
		}
	}
	o.w, o.closing = nil, nil
	return err
}

// shared makes a writer usable for several children at a time. Files are so by
// themselves, and children write to them directly.
func shared(w io.Writer) io.Writer {
	if _, ok := w.(*os.File); ok {
		return w
	}
	return &sharedWriter{w: w}
}

type sharedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements io.Writer.
func (s *sharedWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}
