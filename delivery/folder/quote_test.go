package folder

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// quoted runs a text through a Quoter in pieces of a size.
func quoted(t testing.TB, text string, o Quoting, piece int, end func(*Quoter) error) string {
	t.Helper()
	var b bytes.Buffer
	q := NewQuoter(&b, o)
	for rest := []byte(text); len(rest) > 0; {
		n := min(piece, len(rest))
		if got, err := q.Write(rest[:n]); got != n || err != nil {
			t.Fatalf("Write(%d bytes) = %d, %v", n, got, err)
		}
		rest = rest[n:]
	}
	if err := end(q); err != nil {
		t.Fatal(err)
	}
	if q.Size() != int64(b.Len()) {
		t.Errorf("Size() = %d, wrote %d", q.Size(), b.Len())
	}
	return b.String()
}

func TestQuote(t *testing.T) {
	for _, c := range []struct {
		name, text string
		o          Quoting
		want       string // with End
	}{
		{"nothing", "", Quoting{}, "\n"},
		{"one byte", "x", Quoting{}, "x\n"},
		{"newline", "\n", Quoting{}, "\n\n"},
		{"empty line at the end", "a\n\n", Quoting{}, "a\n\n"},
		{"no empty line", "a\n", Quoting{}, "a\n\n"},
		{"no newline gives no empty line", "a", Quoting{}, "a\n"},
		{"first line", "From a\n\nFrom b\n\n", Quoting{}, "From a\n\n>From b\n\n"},
		{"in the header", "From a\nFrom b\n\n", Quoting{}, "From a\n>From b\n\n"},
		{"adjoining", "\nFrom \nFrom From \nFrom \n\n", Quoting{}, "\n>From \n>From From \n>From \n\n"},
		{"not these", "a\n>From b\nfrom c\nFromd\nFrom\tx\n From x\n\n", Quoting{}, "a\n>From b\nfrom c\nFromd\nFrom\tx\n From x\n\n"},
		{"unfinished", "a\nFrom", Quoting{}, "a\nFrom\n"},
		{"at the end", "a\nFrom ", Quoting{}, "a\n>From \n"},
		{"off", "From a\n\nFrom b\n\n", Quoting{Off: true}, "From a\n\nFrom b\n\n"},
		{"off, end", "From a", Quoting{Off: true}, "From a\n"},
		{"exempt", "h\n\nFrom a\nFrom b\nFrom c\n\n", Quoting{ExemptFrom: 3, ExemptTo: 10}, "h\n\nFrom a\nFrom b\n>From c\n\n"},
		{"exempt none", "h\n\nFrom a\nFrom b\n\n", Quoting{ExemptFrom: 3, ExemptTo: 3}, "h\n\nFrom a\n>From b\n\n"},
		{"not exempt above", "h\nFrom a\n\nFrom b\n\n", Quoting{ExemptFrom: 10, ExemptTo: 99}, "h\n>From a\n\nFrom b\n\n"},
		{"CR and NUL", "\r\nFrom a\r\n\x00\nFrom \x00\n\n", Quoting{}, "\r\n>From a\r\n\x00\n>From \x00\n\n"},
	} {
		for piece := 1; piece <= len(c.text)+1; piece++ {
			if got := quoted(t, c.text, c.o, piece, (*Quoter).End); got != c.want {
				t.Errorf("%s, pieces of %d: %q, want %q", c.name, piece, got, c.want)
				break
			}
		}
	}
}

func TestEnds(t *testing.T) {
	for _, c := range []struct{ text, blank string }{
		{"", "\n"}, {"a", "a\n\n"}, {"a\n", "a\n\n"}, {"a\n\n", "a\n\n\n"},
	} {
		if got := quoted(t, c.text, Quoting{}, 1, (*Quoter).EndBlank); got != c.blank {
			t.Errorf("EndBlank after %q: %q, want %q", c.text, got, c.blank)
		}
		if got := quoted(t, c.text, Quoting{}, 1, (*Quoter).EndRaw); got != c.text {
			t.Errorf("EndRaw after %q: %q", c.text, got)
		}
	}
}

// failing is a writer that is full.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

var errFull = errors.New("full")

func TestQuoteError(t *testing.T) {
	q := NewQuoter(failing{}, Quoting{})
	q.Write([]byte("x"))
	if err := q.End(); err != errFull {
		t.Errorf("End() = %v", err)
	}
	if _, err := NewQuoter(failing{}, Quoting{}).Write(make([]byte, 100_000)); err != errFull {
		t.Errorf("Write() = %v", err)
	}
}

// The pieces make no difference, nothing but ">" is added, and afterwards no
// line but the first begins with "From ".
func FuzzQuoter(f *testing.F) {
	for _, s := range []string{"From a\n\nFrom b\n", "\nFrom \nFrom ", "FFrom \nFroFrom \n\nFrom"} {
		f.Add(s, 3, int64(0), int64(0))
		f.Add(s, 1, int64(2), int64(9))
	}
	f.Fuzz(func(t *testing.T, text string, piece int, from, to int64) {
		o := Quoting{ExemptFrom: from, ExemptTo: to}
		want := quoted(t, text, o, len(text)+1, (*Quoter).EndRaw)
		if got := quoted(t, text, o, 1+int(uint(piece)%9), (*Quoter).EndRaw); got != want {
			t.Errorf("in pieces %q, whole %q", got, want)
		}
		plain := quoted(t, text, Quoting{}, len(text)+1, (*Quoter).EndRaw)
		if i := strings.Index(plain, "\nFrom "); i >= 0 {
			t.Errorf("%q has a From_ line at %d", plain, i)
		}
		if strings.ReplaceAll(plain, "\n>From ", "\nFrom ") != strings.ReplaceAll(text, "\n>From ", "\nFrom ") {
			t.Errorf("%q became %q", text, plain)
		}
	})
}
