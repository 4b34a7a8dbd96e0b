package procmailrc

import (
	"strings"
	"testing"
	"time"
)

func text(t *testing.T, p part) string {
	t.Helper()
	var b strings.Builder
	n, err := p.WriteTo(&b)
	if err != nil || n != p.Len() || n != int64(b.Len()) {
		t.Errorf("wrote %d bytes, Len %d, %v", n, p.Len(), err)
	}
	return b.String()
}

func TestMailParts(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][2]string{
		"A: b\n\nbody\n":       {"A: b\n\n", "body\n"},
		"\n\nA: b\n c\n\nbody": {"\n\nA: b\n c\n\n", "body"},
		"no body":              {"no body", ""},
		"From x\n\nbody":       {"From x\n\n", "body"},
		"A: b\x00\n\nbody":     {"A: b\x00\n\nbody", ""}, // procmail sees no end behind a NUL
		"\n\n":                 {"\n\n", ""},
	} {
		m := NewMail([]byte(in), false)
		if got := [2]string{string(m.data[:m.body]), string(m.data[m.body:])}; got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Folding changes newlines into blanks and back, and nothing else.
func TestMailFold(t *testing.T) {
	t.Parallel()
	const in = "A: b\n c\n\td\nE: f\n\n g\n h"
	m := NewMail([]byte(in), false)
	if got := string(m.search(bothAreas)); got != "A: b  c \td\nE: f\n\n g\n h" {
		t.Errorf("folded: %q", got)
	}
	m.fold(false)
	if got := string(m.data); got != in {
		t.Errorf("unfolded: %q", got)
	}
}

func TestMailQuote(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"From a\nB: c\n\nFrom d\n":                      "From a\nB: c\n\n>From d\n\n",
		"B: c\n\nx\nFrom d\n\n":                         "B: c\n\nx\n>From d\n\n",
		"B: c\n\n\x00\nFrom d\n\n":                      "B: c\n\n\x00\n>From d\n\n",
		"From a\nFrom b\n\n":                            "From a\n>From b\n\n",
		"Content-Length: 99\n\nFrom d\nFrom e\n\n":      "Content-Length: 14\n\nFrom d\nFrom e\n\n",
		"Content-Length:9\n\nFrom d\n23456\nFrom e\n\n": "Content-Length:9\n\nFrom d\n23456\n>From e\n\n",
		"x": "x\n",
	} {
		m := NewMail([]byte(in), false)
		if got := text(t, part{m: m, to: m.len(), quote: true, close: true}); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestIntake(t *testing.T) {
	t.Parallel()
	i := Intake{Invoker: "me", Now: time.Date(2024, 1, 4, 10, 11, 12, 0, time.UTC)}
	const date = "  Thu Jan  4 10:11:12 2024\n"
	for _, tt := range []struct {
		from    string
		has     bool
		deliver bool
		in      string
		want    string
	}{
		{in: "\nA: b\n", want: "\nA: b\n"},
		{deliver: true, in: "\nA: b\n", want: "From me" + date + "A: b\n"},
		{deliver: true, in: "From x y\nA: b\n", want: "From x y\nA: b\n"},
		{from: "z", has: true, in: "From x y\nA: b\n", want: "From z" + date + "A: b\n"},
		{from: "-", has: true, in: "From x@y Thu Jan  1 00:00:00 1970\nA: b\n", want: "From x@y" + date + "A: b\n"},
		{from: "-", has: true, in: "A: b\n", want: "From me" + date + "A: b\n"},
	} {
		i.From, i.HasFrom, i.Deliver = tt.from, tt.has, tt.deliver
		for _, room := range []int{0, 5, 100} {
			if got := string(i.Apply([]byte(strings.Repeat("-", room)+tt.in), room)); got != tt.want {
				t.Errorf("-f %q, -d %v, %q, %d bytes free: %q, want %q", tt.from, tt.deliver, tt.in, room, got, tt.want)
			}
		}
	}
}
