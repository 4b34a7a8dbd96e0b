package main

import (
	"bytes"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

// A caller without an MTA of its own has a real sendmail carry the report to the
// sender: once, from the null sender, with the message in it.
func TestE2EReturn(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	p := lab.StartPostfix(t, lab.PostfixConfig{
		Users: []string{"alice"},
		// Without MAIL_CONFIG it looks as if a retriever had called.
		MasterCF: "retriever unix - n n - - pipe user=alice null_sender= argv=/usr/bin/env -u MAIL_CONFIG @LASTMILE@" +
			" deliver -f ${sender} --dsn sendmail --maildir @ROOT@/home/alice/Maildir -- ${recipient}\n",
		MainCF:    "retriever_destination_recipient_limit = 1",
		Transport: "isp.test retriever:",
	})
	const from, to = "writer@sink.test", "you@isp.test"
	message := append([]byte("Delivered-To: "+to+"\n"), e2eMessage("to be returned")...)
	p.Inject(t, from, to, message)
	p.Inject(t, "", to, message) // nobody to give it back to
	p.Drain(t)
	results := p.Results(t, to)
	if len(results) != 2 {
		t.Fatalf("%d results, want 2", len(results))
	}
	outcomes := map[string]int{}
	for _, r := range results {
		outcomes[e2eOutcome(r)]++
	}
	if outcomes["dsn=2.0.0, status=sent (delivered via retriever service)"] != 1 || outcomes[e2eRefusal(to)] != 1 {
		t.Errorf("got %v; want one message taken, and the one of the null sender refused", outcomes)
	}
	reports := p.Sink(t, from)
	if len(reports) != 1 {
		t.Fatalf("%d reports, want 1", len(reports))
	}
	for _, line := range []string{
		"Return-Path: <>", "Auto-Submitted: auto-replied", "Final-Recipient: rfc822; " + to, "Status: 5.4.6",
		"Diagnostic-Code: x-unix; mail forwarding loop for " + to, "Subject: to be returned", "Hello from the lab: to be returned.",
	} {
		if !bytes.Contains(append([]byte("\n"), reports[0]...), []byte("\n"+line+"\n")) {
			t.Errorf("the report lacks %q:\n%s", line, reports[0])
		}
	}
}
