package procmailrc

import "io"

// plain is a text that is written with a newline at its end if it does not end
// in an empty line, as programs get it.
type plain []byte

func (t plain) closes() bool {
	return len(t) < 2 || t[len(t)-1] != '\n' || t[len(t)-2] != '\n'
}

// Len implements [Text].
func (t plain) Len() int64 {
	if t.closes() {
		return int64(len(t)) + 1
	}
	return int64(len(t))
}

// WriteTo implements io.WriterTo.
func (t plain) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(t)
	if err == nil && t.closes() {
		_, err = w.Write([]byte("\n"))
		n++
	}
	return int64(n), err
}
