package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

// Trouble that is no verdict about the message leaves it in the queue, with the
// status in the log, and what is mended delivers it at the next attempt.
func TestE2EDeferrals(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	const from = "deferrals@sink.test"
	cases := []struct{ user, domain, argv, dsn, text string }{
		{"closed", "box", "--maildir @ROOT@/home/alice/{user} -- ${recipient}", "4.2.0", "cannot deliver to the mailbox"},
		{"x", "flag", "--no-such-flag --maildir @ROOT@/home/alice/flag -- ${recipient}", "4.3.5", "flag provided but not defined: -no-such-flag (see lastmile help deliver)"},
		{"x", "macro", "--maildir @ROOT@/home/alice/macro -- $${recipient}", "4.3.5", "the recipient is a macro that the caller did not expand: ${recipient}"},
		{"x", "two", "--maildir @ROOT@/home/alice/two -- ${recipient} more", "4.3.5", "2 arguments where one recipient is wanted (see lastmile help deliver)"},
		{"x", "command", "--command /nonexistent/agent -- ${recipient}", "4.3.0", "cannot run the command"},
		{"x", "status1", "--command /bin/false -- ${recipient}", "4.3.0", "command died with status 1"},
		{"x", "signal", "--shell {--command=kill -9 $$$$} -- ${recipient}", "4.3.0", "command died with signal 9"},
		{"x", "slow", "--timeout 1s {--command=sleep 20} -- ${recipient}", "4.3.0", "time limit of 1s exceeded"},
		{"x", "loopwait", "--on-loop defer --maildir @ROOT@/home/alice/loopwait -- ${recipient}", "4.4.6", "mail forwarding loop for x@loopwait.test"},
	}
	c := lab.PostfixConfig{Users: []string{"alice"}}
	for _, trouble := range cases {
		c.MasterCF += trouble.domain + " unix - n n - - pipe flags=R user=alice argv=@LASTMILE@ deliver " + trouble.argv + "\n"
		c.Transport += trouble.domain + ".test " + trouble.domain + ":\n"
	}
	p := lab.StartPostfix(t, c)
	// A Maildir of root's, which alice cannot enter.
	if err := os.Mkdir(filepath.Join(p.Home("alice"), "closed"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		to, msg := c.user+"@"+c.domain+".test", e2eMessage("deferral")
		if c.domain == "loopwait" {
			msg = append([]byte("Delivered-To: "+to+"\n"), msg...)
		}
		p.Inject(t, from, to, msg)
	}
	p.Drain(t)
	for _, c := range cases {
		t.Run(c.domain, func(t *testing.T) {
			results := p.Results(t, c.user+"@"+c.domain+".test")
			if len(results) != 1 || results[0].DSN != c.dsn || results[0].Status != "deferred" || results[0].Text != c.text {
				t.Errorf("got %+v, want one deferral, %s (%s)", results, c.dsn, c.text)
			}
			// What we say goes to the sender in the end: no paths, no accounts.
			for _, r := range results {
				if strings.Contains(r.Text, p.Root()) || strings.Contains(r.Text, "alice") {
					t.Errorf("the text tells too much: %s", r.Text)
				}
			}
		})
	}
	for _, name := range []string{"closed", "flag", "macro", "two", "loopwait"} {
		e2eMaildir(t, filepath.Join(p.Home("alice"), name), 0)
	}
	if got := p.Deferred(t); got != len(cases) {
		t.Errorf("%d messages in the deferred queue, want %d", got, len(cases))
	}
	if got := len(p.Sink(t, from)); got != 0 {
		t.Errorf("%d bounces, want 0", got)
	}

	if err := os.Remove(filepath.Join(p.Home("alice"), "closed")); err != nil {
		t.Fatal(err)
	}
	p.Retry(t)
	p.Drain(t)
	if got := p.Result(t, "closed@box.test"); e2eOutcome(got) != "dsn=2.0.0, status=sent (delivered via box service)" {
		t.Errorf("after the Maildir was mended: %s", got.Line)
	}
	e2eMaildir(t, filepath.Join(p.Home("alice"), "closed"), 1)
}

// An envelope that looks like a part of the command line, and a message for many,
// are delivered like any other.
func TestE2EEnvelopes(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	const argv = "argv=@LASTMILE@ deliver -f ${sender} --maildir @ROOT@/home/alice/"
	p := lab.StartPostfix(t, lab.PostfixConfig{
		Users:  []string{"alice"},
		MainCF: "allow_min_user = yes\nrecipient_delimiter = +\nmany_destination_recipient_limit = 1",
		// Only the local part is handed over: the shortest recipients there are.
		MasterCF: "short unix - n n - - pipe flags=h user=alice " + argv + "short-${user} -- ${user}\n" +
			"many unix - n n - - pipe flags=DR user=alice " + argv + "{user}.{extension}.{domain} --recipient-delimiter + -- ${recipient}\n",
		Transport: "short.test short:\nmany.test many:",
	})
	const from, odd = "envelopes@sink.test", "-v@sink.test"
	short := []string{"h", "help", "deliver", "version", "-x", "--", "--help"}
	for _, user := range short {
		p.Inject(t, from, user+"@short.test", e2eMessage("short"))
	}
	p.Inject(t, odd, "oddsender@short.test", e2eMessage("odd sender"))
	p.InjectAll(t, from, []string{"a@many.test", "b@many.test", "b+x@many.test", "b+y@many.test"}, e2eMessage("many"))
	p.Drain(t)

	sent := "dsn=2.0.0, status=sent (delivered via %s service)"
	for _, user := range short {
		t.Run(user, func(t *testing.T) {
			e2eOutcomes(t, p, user+"@short.test", fmt.Sprintf(sent, "short"))
			msg := e2eStored(t, filepath.Join(p.Home("alice"), "short-"+user))
			e2eWantTop(t, msg, "Return-Path: <"+from+">", "Delivered-To: "+user)
		})
	}
	msg := e2eStored(t, filepath.Join(p.Home("alice"), "short-oddsender"))
	e2eWantTop(t, msg, "Return-Path: <"+odd+">", "Delivered-To: oddsender")
	for to, dir := range map[string]string{
		"a@many.test":   "a..many.test",
		"b@many.test":   "b..many.test",
		"b+x@many.test": "b.x.many.test",
		"b+y@many.test": "b.y.many.test",
	} {
		e2eOutcomes(t, p, to, fmt.Sprintf(sent, "many"))
		e2eWantTop(t, e2eStored(t, filepath.Join(p.Home("alice"), dir)), "Return-Path: <"+from+">", "Delivered-To: "+to)
	}
}

// Two forwards that point at each other, each a command behind its own
// transport, end with the refusal at the second visit, and the sender hears of it once.
func TestE2EForwardLoop(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	const from = "forwards@sink.test"
	for _, flags := range []string{"Rhu", "DRhu"} {
		t.Run(flags, func(t *testing.T) {
			t.Parallel()
			forward := func(name, to string) string {
				return name + " unix - n n - - pipe flags=" + flags + " user=alice null_sender= argv=@LASTMILE@ deliver -f ${sender}" +
					` --shell {--command=/usr/sbin/sendmail -i -f "$$SENDER" -- ` + to + `} -- ${recipient}` + "\n"
			}
			p := lab.StartPostfix(t, lab.PostfixConfig{
				Users:     []string{"alice"},
				MainCF:    "a_destination_recipient_limit = 1\nb_destination_recipient_limit = 1",
				MasterCF:  forward("a", "bob@b.test") + forward("b", "ann@a.test"),
				Transport: "a.test a:\nb.test b:",
			})
			p.Inject(t, from, "ann@a.test", e2eMessage("round"))
			p.Drain(t)
			e2eOutcomes(t, p, "ann@a.test", "dsn=2.0.0, status=sent (delivered via a service)", e2eRefusal("ann@a.test"))
			e2eOutcomes(t, p, "bob@b.test", "dsn=2.0.0, status=sent (delivered via b service)")
			bounces := p.Sink(t, from)
			if len(bounces) != 1 {
				t.Fatalf("%d bounces, want 1", len(bounces))
			}
			// The way of the message can be read from what comes back.
			_, returned, _ := strings.Cut(string(bounces[0]), "\nContent-Description: Undelivered Message\n")
			_, returned, _ = strings.Cut(returned, "\n\n")
			if got, want := e2eStamps([]byte(returned)), "bob@b.test ann@a.test"; got != want {
				t.Errorf("the returned message has the stamps %q, want %q", got, want)
			}
		})
	}
}
