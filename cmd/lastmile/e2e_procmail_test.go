package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lastmile/cmd/lastmile/internal/lab"
)

// rcfile writes an rcfile that procmail takes for the user's own.
func rcfile(t *testing.T, p *lab.Postfix, user, name, text string) {
	t.Helper()
	path := filepath.Join(p.Home(user), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	home, err := os.Stat(p.Home(user))
	if err != nil {
		t.Fatal(err)
	}
	owner := home.Sys().(*syscall.Stat_t)
	if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
}

// The founding case again, as it was: pipe(8) hands the mail to procmail. Without
// flag D nobody but us can find the stamp.
func TestE2EProcmailFoundingCase(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	const argv = "@PROCMAIL@ -t -m SENDER=${sender} RECIPIENT=${recipient} @ROOT@/home/receiver/filter.rc"
	p := foundingPostfix(t, "Rhu", argv)
	rcfile(t, p, "receiver", "filter.rc", "DEFAULT=$HOME/Maildir/\n")
	box := filepath.Join(p.Home("receiver"), "Maildir")

	p.Inject(t, foundingSender, lab.Account, foundingMail(t, lab.Account))
	p.Drain(t)
	e2eOutcomes(t, p, lab.Account, e2eRefusal(lab.Account))
	if got := len(p.Sink(t, foundingSender)); got != 1 {
		t.Errorf("%d bounces, want 1", got)
	}

	other := foundingMail(t, "m19200000-reciver@example.co.jp")
	p.Inject(t, foundingSender, lab.Account, other)
	p.Drain(t)
	e2eOutcomes(t, p, lab.Account, e2eRefusal(lab.Account), foundingSent)
	stored := lab.ReadMaildir(t, box)
	if len(stored) != 1 {
		t.Fatalf("%d messages stored, want 1", len(stored))
	}
	_, below, _ := bytes.Cut(other, []byte("\nX-Original-To:")) // pickup(8) puts a Received field in between
	e2eBelow(t, stored[0], append([]byte("X-Original-To:"), below...))

	// It bears our stamp now, so it is known when it comes again.
	p.Inject(t, foundingSender, lab.Account, stored[0])
	p.Drain(t)
	e2eOutcomes(t, p, lab.Account, e2eRefusal(lab.Account), foundingSent, e2eRefusal(lab.Account))
}

// Behind local(8) a first delivery is none that loops, although local(8) has
// stamped it; the second pass is refused, whoever stamps.
func TestE2EProcmailLocal(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	for name, stamps := range map[string]string{"stamps": "command, file, forward", "does not stamp": "file, forward"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := lab.StartPostfix(t, lab.PostfixConfig{
				Users:  []string{"alice"},
				MainCF: "recipient_delimiter = +\nprepend_delivered_header = " + stamps + "\nmailbox_command = @PROCMAIL@ -a \"$EXTENSION\"",
			})
			rcfile(t, p, "alice", ".procmailrc", "DEFAULT=$HOME/Maildir/\nEXT=$1\n:0\n* EXT ?? ^^lists^^\nlists/\n")
			const to = "alice@local.test"
			const sent = "dsn=2.0.0, status=sent (delivered to command: "
			p.Inject(t, localSender, to, e2eMessage("first"))
			p.Drain(t)
			results := p.Results(t, to)
			if len(results) != 1 || !strings.HasPrefix(e2eOutcome(results[0]), sent) {
				t.Fatalf("Postfix logged %+v, want %q…", results, sent)
			}
			stored := lab.ReadMaildir(t, filepath.Join(p.Home("alice"), "Maildir"))
			if len(stored) != 1 || !bytes.Contains(stored[0], []byte("Delivered-To: "+to+"\n")) {
				t.Fatalf("stored %q, want one message with our stamp", stored)
			}
			p.Inject(t, localSender, to, stored[0])
			p.Drain(t)
			results = p.Results(t, to)
			if len(results) != 2 || e2eOutcome(results[1]) != e2eRefusal(to) {
				t.Errorf("Postfix logged %+v, want at last %q", results, e2eRefusal(to))
			}

			// -a "$EXTENSION" tells the rcfile the extension.
			p.Inject(t, localSender, "alice+lists@local.test", e2eMessage("by extension"))
			p.Drain(t)
			if got := lab.ReadMaildir(t, filepath.Join(p.Home("alice"), "lists")); len(got) != 1 {
				t.Errorf("%d messages by extension, want 1", len(got))
			}
		})
	}
}

// alice's rcfile forwards to bob, and bob's .forward back to alice. procmail would
// forward under alice's name, so that each bounce comes to alice, and is
// forwarded anew, without end. With the sender kept there is one bounce, to the
// one who wrote.
func TestE2EProcmailForwardLoop(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	p := lab.StartPostfix(t, lab.PostfixConfig{
		Users:  []string{"alice", "bob"},
		MainCF: "mailbox_command = @PROCMAIL@ -a \"$EXTENSION\"",
	})
	rcfile(t, p, "alice", ".procmailrc", "LOGFILE=$HOME/log\nDEFAULT=$HOME/Maildir/\n:0 w\n! bob@local.test\n")
	rcfile(t, p, "bob", ".forward", "alice@local.test\n")
	const sender = "storm@sink.test"
	p.Inject(t, sender, "alice@local.test", e2eMessage("round and round"))
	p.Drain(t)
	time.Sleep(time.Second) // for a storm to show itself
	p.Drain(t)
	if got := len(p.Sink(t, sender)); got != 1 {
		t.Errorf("%d bounces to the sender, want 1", got)
	}
	log, err := os.ReadFile(filepath.Join(p.Home("alice"), "log"))
	if want := "sendmail -oi -f " + sender + " bob@local.test"; err != nil || strings.Count(string(log), want) != 1 {
		t.Errorf("alice's log is %q (%v), want %q once", log, err, want)
	}
	// The message may be back, and refused, before sendmail has ended in the first round.
	got := p.Results(t, "alice@local.test")
	refused := func(r lab.Result) bool { return e2eOutcome(r) == e2eRefusal("alice@local.test") }
	sent := func(r lab.Result) bool { return r.Status == "sent" }
	if len(got) != 2 || !slices.ContainsFunc(got, refused) || !slices.ContainsFunc(got, sent) {
		t.Errorf("deliveries to alice: %+v, want one and a refusal", got)
	}
	// The null sender stays one, and a loop of bounces ends silently.
	p.Inject(t, "", "alice@local.test", e2eMessage("a bounce"))
	p.Drain(t)
	log, _ = os.ReadFile(filepath.Join(p.Home("alice"), "log"))
	if want := "sendmail -oi -f <> bob@local.test"; strings.Count(string(log), want) != 1 {
		t.Errorf("alice's log is %q, want %q once", log, want)
	}
	if got := len(p.Sink(t, sender)); got != 1 {
		t.Errorf("%d bounces to the sender, want still 1", got)
	}
}
