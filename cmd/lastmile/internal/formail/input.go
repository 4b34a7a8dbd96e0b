package formail

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// endOfInput is what peek returns at the end.
const endOfInput = -1

// inputSize is how much is read at a time.
const inputSize = 64 << 10

// input is the message, or the mailbox. An error of reading ends it, and is
// kept.
type input struct {
	r    *bufio.Reader
	err  error
	hash uint64 // over the lines read by line: makes a Message-ID unlike others
}

func newInput(r io.Reader) *input { return &input{r: bufio.NewReaderSize(r, inputSize)} }

// peek returns the next byte without taking it, or endOfInput.
func (in *input) peek() int {
	b, err := in.r.Peek(1)
	if err != nil {
		in.failed(err)
		return endOfInput
	}
	return int(b[0])
}

// skip takes one byte, if there is one.
func (in *input) skip() int {
	c := in.peek()
	if c != endOfInput {
		in.r.Discard(1)
	}
	return c
}

// some returns what stands next, up to the end of the line or as much as is at
// hand. It is valid until the next call. Nothing is the end.
func (in *input) some() []byte {
	chunk, err := in.r.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		in.failed(err)
	}
	return chunk
}

// line appends the next line to buf. It always ends with a newline: at the end
// of the input there is one empty line after the other.
func (in *input) line(buf []byte) []byte {
	start := len(buf)
	for {
		chunk := in.some()
		buf = append(buf, chunk...)
		if bytes.HasSuffix(chunk, []byte{'\n'}) {
			break
		}
		if len(chunk) == 0 {
			buf = append(buf, '\n')
			break
		}
	}
	for _, c := range buf[start : len(buf)-1] {
		in.hash = in.hash*hashFactor + uint64(c)
	}
	return buf
}

// hashFactor is any odd number that spreads bytes over 64 bits.
const hashFactor = 0x100000001b3

// skipLine takes the rest of a line.
func (in *input) skipLine() {
	for {
		chunk := in.some()
		if len(chunk) == 0 || chunk[len(chunk)-1] == '\n' {
			return
		}
	}
}

// failed keeps an error that is not just the end.
func (in *input) failed(err error) {
	if !errors.Is(err, io.EOF) && in.err == nil {
		in.err = err
	}
}

// atMost returns up to n bytes of what stands next, at least one unless it is
// the end. It is valid until the next call.
func (in *input) atMost(n int64) []byte {
	if in.peek() == endOfInput {
		return nil
	}
	chunk, _ := in.r.Peek(int(min(n, int64(in.r.Buffered()))))
	in.r.Discard(len(chunk))
	return chunk
}
