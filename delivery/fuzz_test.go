package delivery

import (
	"bytes"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"lastmile/delivery/dsn"
	"lastmile/delivery/internal/child"
	"lastmile/loopcheck"
)

// Whatever a command prints and ends with, what is made of it is one printable line
// with a status of class 4 or 5, and success only of exit status 0.
func FuzzCommandOutput(f *testing.F) {
	for _, seed := range []string{"", "5.7.1 no", "4.2.2 full\r\n", "2.0.0 ok", "5.1.1", "5.1.1x", "\x00", "a\tb\x1b[1m\u202e\u2028", "\xff5.0.0", strings.Repeat("5.1.1 x\n", 600)} {
		f.Add([]byte(seed), 1, 0)
		f.Add([]byte(seed), 77, 9)
	}
	c := &Command{argv: []string{"/bin/cmd"}}
	f.Fuzz(func(t *testing.T, output []byte, exit, signal int) {
		r := child.Result{Output: output, Exit: exit & 0xff, Signal: syscall.Signal(signal & 0x7f)}
		err := c.judge(r)
		if success := r.Exit == 0 && r.Signal == 0; success != (err == nil) {
			t.Fatalf("exit %d, signal %d: %v", r.Exit, r.Signal, err)
		}
		if err == nil {
			return
		}
		e := dsn.Of(err)
		if class := e.Status.Class(); class != 4 && class != 5 {
			t.Errorf("status %v", e.Status)
		}
		if strings.ContainsFunc(e.Text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("not one printable line: %q", e.Text)
		}
		if strings.Contains(e.Text, "/bin/cmd") {
			t.Errorf("the sender sees the command: %q", e.Text)
		}
	})
}

// ownFields is what may be put above a message.
var ownFields = regexp.MustCompile(`^(?:(?:X-Lastmile-Loop|Return-Path|X-Original-To|Delivered-To): [^\x00-\x08\x0a-\x1f\x7f]*\n)*\n?$`)

// No argument makes a field, a From_ line or a line of ours more than it is.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{"you@example.com", "a b@x", "a\nX: y@z", "a\r\n\r\nb", "<>", "\x00", "\u2028@\u202e", "From x@y", `"\"@z`, "${recipient}", "a@b@c", ":", "\xff"} {
		f.Add(seed, seed, seed)
		f.Add("you@example.com", seed, seed)
	}
	f.Fuzz(func(t *testing.T, recipient, sender, original string) {
		env, err := NewEnvelope(recipient)
		if err != nil {
			if s := dsn.Of(err).Status; s.Class() == 5 && s != dsn.BadMailboxSyntax {
				t.Errorf("%q: %v", recipient, err)
			}
			return
		}
		env.SetSender(sender)
		env.SetOriginalRecipient(original)
		for _, message := range []string{"A: b\n\nc", "no header", "Delivered-To: " + strings.ReplaceAll(recipient, "\n", "") + "\n\n"} {
			var s loopcheck.Scanner
			s.Write([]byte(message))
			h := s.Header()
			v := Rules{}.Decide(h, env)
			if fields := (Rules{}).traceFields(h, env, v); !ownFields.Match(fields) {
				t.Errorf("%q %q %q: %q", recipient, sender, original, fields)
			}
		}
		if line := fromLine(env, nil, time.Unix(0, 0)); bytes.Count(line, []byte("\n")) != 1 || !bytes.HasPrefix(line, []byte("From ")) {
			t.Errorf("From_ line %q", line)
		}
		for _, v := range environment(env) {
			if strings.ContainsAny(v, "\n\x00") {
				t.Errorf("environment: %q", v)
			}
		}
	})
}

// A template never leads out of its fixed part.
func FuzzParseTemplate(f *testing.F) {
	for _, seed := range []string{"/t/{user}", "~/Maildir/", "{domain}/../x", "/a/./b//{user}{extension}/", "{", "}", "/t/{x}", "~x/{user}"} {
		f.Add(seed, "you+ext@example.com")
		f.Add(seed, "..@.")
	}
	f.Fuzz(func(t *testing.T, text, recipient string) {
		tmpl, err := ParseTemplate(text, func() (string, error) { return "/home/you", nil })
		if err != nil {
			return
		}
		at, err := tmpl.Expand(&Envelope{Recipient: recipient, Delimiter: "+"})
		if err != nil {
			return
		}
		for _, element := range at.Below {
			if element == "" || element == "." || element == ".." || strings.ContainsAny(element, "/\x00") {
				t.Errorf("%q, %q: element %q", text, recipient, element)
			}
		}
	})
}

// The words of a command are what stands in it, and never anything that a shell
// would act upon.
func FuzzSplitWords(f *testing.F) {
	for _, seed := range []string{"", "a b", `a "b c" 'd e' f\ g`, `"$x"`, "a|b", `'`, "a#b", "~", "\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words, err := splitWords(line)
		if err != nil {
			return
		}
		size := 0
		for _, w := range words {
			size += len(w)
		}
		if size > len(line) {
			t.Errorf("%q has %d bytes in its words", line, size)
		}
	})
}
