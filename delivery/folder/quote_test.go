package folder

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// quoted runs a text through a Quoter in pieces of a size.
func quoted(t testing.TB, text string, piece int) string {
	t.Helper()
	var b bytes.Buffer
	q := NewQuoter(&b)
	for rest := []byte(text); len(rest) > 0; {
		n := min(piece, len(rest))
		if got, err := q.Write(rest[:n]); got != n || err != nil {
			t.Fatalf("Write(%d bytes) = %d, %v", n, got, err)
		}
		rest = rest[n:]
	}
	if err := q.End(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestQuote(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "\n"},
		{"one byte", "x", "x\n\n"},
		{"newline", "\n", "\n\n"},
		{"empty line at the end", "a\n\n", "a\n\n\n"},
		{"no empty line", "a\n", "a\n\n"},
		{"first line", "From a\n\nFrom b\n", "From a\n\n>From b\n\n"},
		{"in the header", "From a\nFrom b\n", "From a\n>From b\n\n"},
		{"adjoining", "\nFrom \nFrom From \nFrom \n", "\n>From \n>From From \n>From \n\n"},
		{"not these", "a\n>From b\nfrom c\nFromd\nFrom\tx\n From x\n", "a\n>From b\nfrom c\nFromd\nFrom\tx\n From x\n\n"},
		{"unfinished", "a\nFrom", "a\nFrom\n\n"},
		{"at the end", "a\nFrom ", "a\n>From \n\n"},
		{"CR and NUL", "\r\nFrom a\r\n\x00\nFrom \x00\n", "\r\n>From a\r\n\x00\n>From \x00\n\n"},
	} {
		for piece := 1; piece <= len(c.text)+1; piece++ {
			if got := quoted(t, c.text, piece); got != c.want {
				t.Errorf("%s, pieces of %d: %q, want %q", c.name, piece, got, c.want)
				break
			}
		}
	}
}

// failing is a writer that is full.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

var errFull = errors.New("full")

func TestQuoteError(t *testing.T) {
	q := NewQuoter(failing{})
	q.Write([]byte("x"))
	if err := q.End(); err != errFull {
		t.Errorf("End() = %v", err)
	}
	if _, err := NewQuoter(failing{}).Write(make([]byte, 100_000)); err != errFull {
		t.Errorf("Write() = %v", err)
	}
}

// The pieces make no difference, nothing but ">" and the end is added, and
// afterwards no line but the first begins with "From ".
func FuzzQuoter(f *testing.F) {
	for _, s := range []string{"From a\n\nFrom b\n", "\nFrom \nFrom ", "FFrom \nFroFrom \n\nFrom"} {
		f.Add(s, 3)
		f.Add(s, 1)
	}
	f.Fuzz(func(t *testing.T, text string, piece int) {
		whole := quoted(t, text, len(text)+1)
		if got := quoted(t, text, 1+int(uint(piece)%9)); got != whole {
			t.Errorf("in pieces %q, whole %q", got, whole)
		}
		if i := strings.Index(whole, "\nFrom "); i >= 0 {
			t.Errorf("%q has a From_ line at %d", whole, i)
		}
		end := "\n"
		if text != "" && !strings.HasSuffix(text, "\n") {
			end = "\n\n"
		}
		if strings.ReplaceAll(whole, "\n>From ", "\nFrom ") != strings.ReplaceAll(text+end, "\n>From ", "\nFrom ") {
			t.Errorf("%q became %q", text, whole)
		}
	})
}
