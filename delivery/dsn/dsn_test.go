package dsn

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

func TestParse(t *testing.T) {
	// As Postfix's dsn_valid and dsn_split read them; every row was seen live.
	for _, c := range []struct {
		text   string
		status Status
		rest   string
		ok     bool
	}{
		{"5.4.6 mail forwarding loop for x", Loop, "mail forwarding loop for x", true},
		{"4.2.2\tfull", New(4, 2, 2), "full", true},
		{"5.4.6", Loop, "", true},
		{"5.4.6\nx", Loop, "x", true},
		{"2.0.0 ok", New(2, 0, 0), "ok", true},
		{"5.444.666 x", New(5, 444, 666), "x", true},
		{"5.4.6: x", 0, "", false},
		{"550 5.4.6 x", 0, "", false},
		{" 5.4.6 x", 0, "", false},
		{"3.0.0 x", 0, "", false},
		{"5.4.1234 x", 0, "", false},
		{"5.1234.4 x", 0, "", false},
		{"5.4 x", 0, "", false},
		{"5..4 x", 0, "", false},
		{"5.4.", 0, "", false},
		{"5", 0, "", false},
		{"", 0, "", false},
	} {
		status, rest, ok := Parse(c.text)
		if ok != c.ok || ok && (status != c.status || rest != c.rest) {
			t.Errorf("Parse(%q) = %v, %q, %v; want %v, %q, %v", c.text, status, rest, ok, c.status, c.rest, c.ok)
		}
	}
}

// What prints as a status is read back as the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"5.4.6 x", "4.999.999", "2.0.0\n", "5.4.6x", "5.04.006 x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, rest, ok := Parse(text)
		if !ok {
			return
		}
		again, restAgain, ok := Parse(s.String() + " " + rest)
		if !ok || again != s || restAgain != rest {
			t.Errorf("Parse(%q) = %v, %q; printed and read again %v, %q, %v", text, s, rest, again, restAgain, ok)
		}
		if !strings.HasSuffix(text, rest) {
			t.Errorf("Parse(%q) made up %q", text, rest)
		}
	})
}

func TestOf(t *testing.T) {
	loop := &Error{Status: Loop, Text: "mail forwarding loop for x"}
	if got := Of(fmt.Errorf("deliver: %w", loop)); got != loop {
		t.Errorf("Of a wrapped failure = %v", got)
	}
	unforeseen := errors.New("something")
	if got := Of(unforeseen); got.Status != TempSystem || !errors.Is(got, unforeseen) {
		t.Errorf("Of an error that nobody foresaw = %v", got)
	}
}

// Whatever goes wrong with the storage of a message defers.
func TestStorageDefers(t *testing.T) {
	for errno := syscall.Errno(1); errno < 134; errno++ {
		if e := Storage(fmt.Errorf("write: %w", errno)); !e.Status.Temporary() || e.Status.ExitStatus() != ExitTempFail {
			t.Errorf("%v: %v, exit status %d", errno, e.Status, e.Status.ExitStatus())
		}
	}
}

// Of the exit statuses of sysexits.h Postfix defers 71 and 75 alone.
func TestSysexit(t *testing.T) {
	for exit := range 256 {
		status, text, ok := Sysexit(exit)
		if ok != (exit >= 64 && exit <= 78) {
			t.Errorf("exit status %d: known %v", exit, ok)
		}
		if ok && (status.Temporary() != (exit == 71 || exit == 75) || text == "") {
			t.Errorf("exit status %d: %v %q", exit, status, text)
		}
	}
}
