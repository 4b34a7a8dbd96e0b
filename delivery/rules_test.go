package delivery

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"lastmile/delivery/dsn"
	"lastmile/loopcheck"
	"lastmile/maildir"
)

const (
	stamped = "Return-Path: <a@b>\nDelivered-To: you@example.com\nReceived: from a by b\n"
	second  = stamped + "Delivered-To: you@example.com\nReceived: from b by c\n"
	alias   = "Delivered-To: team@example.com\nReceived: from a by b\n"
	below   = "Received: from a by b\nDelivered-To: you@example.com\n"
)

func TestDecide(t *testing.T) {
	for name, c := range map[string]struct {
		message       string
		by            StampedBy
		underPostfix  bool
		loop, skipped int // lines, 0 for none
	}{
		"auto, Postfix, stamped":       {stamped, Auto, true, 0, 2},
		"auto, Postfix, second pass":   {second, Auto, true, 4, 2},
		"auto, Postfix, alias":         {alias, Auto, true, 0, 0},
		"auto, Postfix, below":         {below, Auto, true, 2, 0},
		"auto, elsewhere, stamped":     {stamped, Auto, false, 2, 0},
		"mta, elsewhere, stamped":      {stamped, MTA, false, 0, 2},
		"mta, elsewhere, second pass":  {second, MTA, false, 4, 2},
		"mta, alias":                   {alias, MTA, false, 0, 1},
		"mta, below":                   {below, MTA, false, 2, 0},
		"none, Postfix, stamped":       {stamped, None, true, 2, 0},
		"none, Postfix, without stamp": {"Received: from a by b\n", None, true, 0, 0},
	} {
		h, err := loopcheck.Scan(strings.NewReader(c.message))
		if err != nil {
			t.Fatal(err)
		}
		v := Rules{StampedBy: c.by, UnderPostfix: c.underPostfix}.Decide(h, &Envelope{Recipient: "you@example.com"})
		if lineOf(v.Stamp) != c.loop || lineOf(v.Skipped) != c.skipped || v.SkipReason == "" {
			t.Errorf("%s: loop in line %d, skipped line %d (%s); want %d and %d", name, lineOf(v.Stamp), lineOf(v.Skipped), v.SkipReason, c.loop, c.skipped)
		}
	}
}

// local(8) hands over the recipient with "_" for what might hurt a shell; the
// stamp that it has put on top tells the whole address, which is compared and
// named.
func TestCensoredRecipient(t *testing.T) {
	r := Rules{UnderPostfix: true}
	env := &Envelope{Recipient: "you+o_x___@example.com", OriginalRecipient: "you+o_x___@example.com"}
	first := "X-Original-To: you+o#x'é@example.com\nDelivered-To: you+o#x'é@example.com\nReceived: from a by b\n"
	h, _ := loopcheck.Scan(strings.NewReader(first))
	v := r.Decide(h, env)
	if v.Loops() || v.Skipped == nil {
		t.Errorf("first pass: %+v", v)
	}
	if got := string(r.traceFields(h, env, v)); got != "" {
		t.Errorf("written again: %q", got)
	}
	h, _ = loopcheck.Scan(strings.NewReader(first + "Delivered-To: you+o#x'É@example.com\n"))
	if err := r.Decide(h, env).Refusal(Bounce); err == nil || dsn.Of(err).Text != "mail forwarding loop for you+o#x'é@example.com" {
		t.Errorf("second pass: %v", err)
	}
	// Somebody else's address that looks the same when censored is no loop.
	h, _ = loopcheck.Scan(strings.NewReader(first + "Delivered-To: you+o_x___@example.com\n"))
	if v := r.Decide(h, env); v.Loops() {
		t.Errorf("another address: %+v", v)
	}
}

func lineOf(f *loopcheck.Field) int {
	if f == nil {
		return 0
	}
	return f.Line
}

func TestRefusal(t *testing.T) {
	const recipient = "You@example.com"
	loop := Verdict{Recipient: recipient, Stamp: &loopcheck.Field{Name: loopcheck.DeliveredTo, Line: 1}}
	hops := Verdict{Recipient: recipient, Hops: 50, TooManyHops: true}
	for _, c := range []struct {
		verdict Verdict
		policy  OnLoop
		want    string
	}{
		{loop, Bounce, "5.4.6 mail forwarding loop for You@example.com"},
		{loop, Defer, "4.4.6 mail forwarding loop for You@example.com"},
		{loop, Deliver, ""},
		{loop, Quarantine, ""},
		{hops, Bounce, "5.4.0 too many hops"},
		{hops, Defer, "4.4.0 too many hops"},
		{Verdict{Recipient: recipient, Hops: 50, TooManyHops: true, Stamp: loop.Stamp}, Bounce, "5.4.6 mail forwarding loop for You@example.com"},
		{Verdict{Hops: 49}, Bounce, ""},
	} {
		got := ""
		if err := c.verdict.Refusal(c.policy); err != nil {
			e := dsn.Of(err)
			got = e.Status.String() + " " + e.Text
		}
		if got != c.want {
			t.Errorf("%v under policy %d: %q, want %q", c.verdict, c.policy, got, c.want)
		}
	}
}

func TestNewEnvelope(t *testing.T) {
	for recipient, want := range map[string]dsn.Status{
		"you@example.com":       0,
		"you":                   0,
		"@example.com":          0,
		"100%@example.com":      0,
		"a$b@example.com":       0,
		"${{x}}@example.com":    0,
		"$(touch x)@e.com":      0,
		"%d%s@example.com":      0,
		"":                      dsn.TempConfig,
		" \t":                   dsn.TempConfig,
		"${recipient}":          dsn.TempConfig,
		"$recipient":            dsn.TempConfig,
		"$(recipient)":          dsn.TempConfig,
		"%(recipient)":          dsn.TempConfig,
		"%[to]":                 dsn.TempConfig,
		"%T":                    dsn.TempConfig,
		"${user}@${domain}":     dsn.TempConfig,
		"you\n@example.com":     dsn.BadMailboxSyntax,
		"you\x00@example.com":   dsn.BadMailboxSyntax,
		"you\x1b[2J@e.com":      dsn.BadMailboxSyntax,
		"you@example.com\r\nX:": dsn.BadMailboxSyntax,
	} {
		_, err := NewEnvelope(recipient)
		var e *dsn.Error
		if errors.As(err, &e) != (want != 0) || e != nil && e.Status != want {
			t.Errorf("NewEnvelope(%q): %v, want status %v", recipient, err, want)
		}
	}
}

func TestTemplate(t *testing.T) {
	home := func() (string, error) { return "/home/me/", nil }
	env := &Envelope{Recipient: "You+Ext@Example.com", Delimiter: "+"}
	for text, want := range map[string]maildir.Location{
		"/var/mail/x":                   {Trusted: "/var/mail/x"},
		"~/Maildir/":                    {Trusted: "/home/me/Maildir/"},
		"/v/{domain}/{user}/Maildir/":   {Trusted: "/v/", Below: []string{"Example.com", "You", "Maildir"}},
		"{recipient}":                   {Trusted: ".", Below: []string{"You+Ext@Example.com"}},
		"a/x-{user}-{extension}.d//b/.": {Trusted: "a/", Below: []string{"x-You-Ext.d", "b"}},
		"~/{extension}":                 {Trusted: "/home/me/", Below: []string{"Ext"}},
	} {
		tmpl, err := ParseTemplate(text, home)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := tmpl.Expand(env); err != nil || got.Trusted != want.Trusted || !slices.Equal(got.Below, want.Below) {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
}

// No address leads out of the trusted part, or is rewritten to stay in it.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"you@example.com", "../x@y", "a/b@c", ".@.", "x@..", "+@", "a+..@b", "\x00@\xff", strings.Repeat("x", 300)} {
		f.Add(seed)
	}
	var templates []Template
	for _, text := range []string{"/t/{recipient}", "/t/{user}/{extension}x", "/t/{domain}/.{user}", "/t/a{user}{extension}{domain}/b"} {
		tmpl, err := ParseTemplate(text, nil)
		if err != nil {
			f.Fatal(err)
		}
		templates = append(templates, tmpl)
	}
	f.Fuzz(func(t *testing.T, recipient string) {
		env := &Envelope{Recipient: recipient, Delimiter: "+"}
		for _, tmpl := range templates {
			at, err := tmpl.Expand(env)
			if err != nil {
				continue
			}
			for _, element := range at.Below {
				if element == "" || element == "." || element == ".." || len(element) > maxElement || strings.ContainsAny(element, "/\x00") {
					t.Errorf("%q: element %q", recipient, element)
				}
			}
		}
	})
}

func TestSplitWords(t *testing.T) {
	for line, want := range map[string][]string{
		"a b\tc":                 {"a", "b", "c"},
		"  a  ":                  {"a"},
		`a 'b c' "d e" f\ g`:     {"a", "b c", "d e", "f g"},
		`'a''b'"c"d ''`:          {"abcd", ""},
		`"a\"b\\c\d"`:            {`a"b\c\d`},
		"/usr/bin/x --a=b,c:d@e": {"/usr/bin/x", "--a=b,c:d@e"},
		"a~b a#b":                {"a~b", "a#b"},
		`'$x;|'`:                 {"$x;|"},
	} {
		if got, err := splitWords(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("splitWords(%q) = %q, %v; want %q", line, got, err, want)
		}
	}
	for _, line := range []string{"a|b", "a;b", "a&b", "a>b", "a<b", "$x", "`x`", "a*", "a?", "[a]", "~/x", "#x", "(x)", `"$x"`, "\"`x`\"", "'a", `"a`, `a\`, "a\nb"} {
		if got, err := splitWords(line); err == nil || dsn.Of(err).Status != dsn.TempConfig {
			t.Errorf("splitWords(%q) = %q, %v; want 4.3.5", line, got, err)
		}
	}
}

// Exactly one of the two happens.
func TestGate(t *testing.T) {
	var g Gate
	undone := 0
	if err := g.OnAbort(func() { undone++ }); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("failed")
	if err := g.Pass(func() error { return failed }); err != failed {
		t.Errorf("a step that fails: %v", err)
	}
	if !g.Abort() || undone != 1 {
		t.Errorf("after a failed step: not given up, undone %d times", undone)
	}
	if err := g.Pass(func() error { t.Error("the step ran"); return nil }); err != ErrAborted {
		t.Errorf("after giving up: %v", err)
	}
	if err := g.OnAbort(nil); err != ErrAborted {
		t.Errorf("after giving up: %v", err)
	}

	var final Gate
	final.OnAbort(func() { t.Error("undone after it became final") })
	if err := final.Pass(func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if final.Abort() {
		t.Error("given up after it became final")
	}
}
