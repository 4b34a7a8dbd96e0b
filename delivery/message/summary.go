package message

import (
	"bufio"
	"bytes"

	gomessage "github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-message/textproto"
)

// Summary is what a person recognises a message by.
type Summary struct {
	From    string
	Subject string
}

// Summarize reads a header section as far as it can be read. It is for showing
// to people and never decides anything: what a parser rejects is left empty.
func Summarize(head []byte) Summary {
	if end := endOfHeader(head); end >= 0 {
		head = head[:end]
	}
	parsed, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(append(bytes.Clone(head), "\n\n"...))))
	if err != nil {
		return Summary{}
	}
	h := mail.Header{Header: gomessage.Header{Header: parsed}}
	s := Summary{}
	if s.Subject, err = h.Subject(); err != nil {
		s.Subject = h.Get("Subject")
	}
	s.From = h.Get("From")
	if from, err := h.AddressList("From"); err == nil && len(from) > 0 {
		s.From = from[0].Address
		if from[0].Name != "" {
			s.From = from[0].Name + " <" + from[0].Address + ">"
		}
	}
	return s
}

// endOfHeader returns where the empty line after the header section begins, or
// -1.
func endOfHeader(head []byte) int {
	lf, crlf := bytes.Index(head, []byte("\n\n")), bytes.Index(head, []byte("\n\r\n"))
	if lf < 0 || crlf >= 0 && crlf < lf {
		return crlf
	}
	return lf
}
