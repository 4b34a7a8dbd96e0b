package formail

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// Whatever a header holds: reading it and writing it again without a wish gives
// the same bytes, but for blanks before colons; and no option makes it crash.
func FuzzHeader(f *testing.F) {
	for _, m := range mail {
		f.Add([]byte(m.text))
	}
	for _, m := range senderMails() {
		f.Add([]byte(m))
	}
	for _, m := range boxes {
		f.Add([]byte(m.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		j := &job{opt: &options{}, in: newInput(bytes.NewReader(text))}
		j.readFirstHeader()
		var read []byte
		for _, field := range j.header {
			if field.name < 1 || field.name > len(field.text) || !field.is(string(field.text[:field.name])) {
				t.Fatalf("name of %d bytes in %q", field.name, field.text)
			}
			read = append(read, field.text...)
		}
		read = append(read, j.line...)
		rest, _ := io.ReadAll(j.in.r)
		if got := append(read, rest...); !bytes.Equal(bytes.TrimRight(got, "\n"), bytes.TrimRight(text, "\n")) {
			t.Fatalf("read %q of %q", got, text)
		}
		for _, args := range []string{"-f", "-rtk", "-c -z -I X:", "-ds", "-Bs", "-u  -U  -i  -f", "-R From From : -a Message-ID:", "-l x", "-k -x From: -X "} {
			Main(strings.Split(args, " "), bytes.NewReader(text), io.Discard, io.Discard)
		}
	})
}

// An address is a part of the field body, whatever that is.
func FuzzAddress(f *testing.F) {
	for _, s := range senders {
		_, body, _ := strings.Cut(s, " ")
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		address, found := firstAddress(bytes.Clone(body))
		if !found && address != "" || len(address) > len(body)+2 || strings.Contains(address, "\x00") {
			t.Fatalf("%q: %q %t", body, address, found)
		}
		postmarkAddress(cString(body))
	})
}
