package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"lastmile/cmd/lastmile/internal/lab"
	"lastmile/delivery/dsn"
)

// A report that is handed to sendmail(1) of Postfix comes to the sender as it
// was written, from the null sender, and to nobody else.
func TestE2EReport(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	p := lab.StartPostfix(t, lab.PostfixConfig{})
	body := "\n.\n..\nFrom here\n\nlast line without an end: \xe9"
	cases := map[string]dsn.Report{ // the key is how the log writes the sender
		"plain@sink.test": {Sender: "plain@sink.test", Recipient: "bob@r.test", Message: e2eMessage("plain")},
		"8bit@sink.test":  {Sender: "8bit@sink.test", Recipient: "bob@r.test", Message: append(e2eMessage("8bit"), body...)},
		"long@sink.test": {Sender: "long@sink.test", Recipient: "bob@r.test",
			Message: append(e2eMessage("long"), strings.Repeat("x", 5000)+"\n"+strings.Repeat("y\n", dsn.MaxReturned)...)},
		`"a, b"@sink.test`: {Sender: "a, b@sink.test", Recipient: "al  ice@r.test", Message: e2eMessage("quoted")},
		"юзер@sink.test":   {Sender: "юзер@sink.test", Recipient: "jürgen@r.test", Message: []byte("Subject: ü\n\nü\n")},
	}
	reports := map[string][]byte{}
	for sender, r := range cases {
		r.ReportingMTA, r.Arrival, r.Complete = "mail.r.test", time.Now(), true
		r.Err = &dsn.Error{Status: dsn.Loop, Text: "mail forwarding loop for " + r.Recipient}
		if ok, reason := r.Sendable(); !ok {
			t.Errorf("%s: Sendable = false, %s", sender, reason)
		}
		argv := r.Sendmail()
		if argv[len(argv)-1] != sender {
			t.Errorf("Sendmail = %q, want the recipient %s", argv, sender)
		}
		var b bytes.Buffer
		if _, err := r.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		reports[sender] = b.Bytes()
		p.Inject(t, "", argv[len(argv)-1], b.Bytes()) // with the options of argv
	}
	p.Drain(t)
	for sender, report := range reports {
		got := p.Sink(t, sender)
		if len(got) != 1 {
			t.Errorf("%s got %d reports, want 1", sender, len(got))
			continue
		}
		if !bytes.HasPrefix(got[0], []byte("Return-Path: <>\n")) {
			t.Errorf("%s: not from the null sender: %.80q", sender, got[0])
		}
		// sendmail(1) ends the last line.
		e2eBelow(t, got[0], report)
	}
	if all := lab.ReadMaildir(t, p.Root()+"/sink"); len(all) != len(cases) {
		t.Errorf("%d reports, want %d", len(all), len(cases))
	}
}
