package lab

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestMain(m *testing.M) {
	code := m.Run()
	Cleanup()
	os.Exit(code)
}

// The instance itself, seen through stand-ins for our program: a test that
// fails here says nothing about lastmile.
func TestPostfix(t *testing.T) {
	t.Parallel()
	p := StartPostfix(t, PostfixConfig{
		Users:     []string{"alice"},
		MainCF:    "d_destination_recipient_limit = 1\nhome_mailbox = Maildir/",
		MasterCF:  "d unix - n n - - pipe flags=D user=alice argv=/bin/true\ne unix - n n - - pipe user=alice argv=/bin/sh -c {printf '4.2.2 (odd) text'; exit 75}",
		Transport: "d.test d:\ne.test e:",
	})
	msg := []byte("Subject: x\n\nbody\n")
	p.Inject(t, "from@sink.test", "alice@local.test", msg)
	p.Inject(t, "from@sink.test", "x@d.test", append([]byte("Delivered-To: x@d.test\n"), msg...))
	p.Inject(t, "", "x@e.test", msg)
	p.Drain(t)

	if got := ReadMaildir(t, filepath.Join(p.Home("alice"), "Maildir")); len(got) != 1 || !bytes.HasSuffix(got[0], []byte("\n\nbody\n")) {
		t.Errorf("alice holds %d messages: %q", len(got), got)
	}
	for to, want := range map[string]Result{
		"alice@local.test": {DSN: "2.0.0", Status: "sent", Text: "delivered to maildir"},
		"x@d.test":         {DSN: "5.4.6", Status: "bounced", Text: "mail forwarding loop for x@d.test"},
		"x@e.test":         {DSN: "4.2.2", Status: "deferred", Text: "(odd) text"},
	} {
		got := p.Result(t, to)
		got.Line = ""
		if got != want {
			t.Errorf("%s: got %+v, want %+v", to, got, want)
		}
	}
	if got := p.Sink(t, "from@sink.test"); len(got) != 1 || !bytes.Contains(got[0], []byte("Status: 5.4.6")) {
		t.Errorf("%d bounces: %q", len(got), got)
	}
	if got := p.Deferred(t); got != 1 {
		t.Errorf("%d deferred messages, want 1", got)
	}
}
