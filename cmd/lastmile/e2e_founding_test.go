package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

const (
	foundingSender = "alice@sink.test"
	foundingSent   = "dsn=2.0.0, status=sent (delivered via isp service)"
)

// foundingMail is the message as it lies on the provider's POP3 server, with the
// provider's stamp.
func foundingMail(t *testing.T, stamp string) []byte {
	t.Helper()
	msg := lab.Data(t, "samples/isp-top.eml")
	// Bounces are wanted back.
	msg = bytes.ReplaceAll(msg, []byte("alice@capture.test"), []byte(foundingSender))
	return bytes.ReplaceAll(msg, []byte("Delivered-To: "+lab.Account+"\n"), []byte("Delivered-To: "+stamp+"\n"))
}

// foundingPostfix is the user's own machine: example1.jp goes to a pipe(8)
// transport with these flags and this command.
func foundingPostfix(t *testing.T, flags, argv string) *lab.Postfix {
	t.Helper()
	return lab.StartPostfix(t, lab.PostfixConfig{
		Users:     []string{"receiver"},
		MainCF:    "isp_destination_recipient_limit = 1",
		MasterCF:  "isp unix - n n - - pipe flags=" + flags + " user=receiver null_sender= argv=" + argv,
		Transport: "example1.jp isp:",
		SMTP:      true,
	})
}

const foundingArgv = "@LASTMILE@ deliver -f ${sender} --original-recipient ${original_recipient}" +
	" --maildir @ROOT@/home/receiver/Maildir -- ${recipient}"

// The founding case: the provider has stamped Delivered-To with the address that
// fetchmail hands the mail on for. lastmile must refuse it with the very words of
// Postfix, so the same message goes to Postfix's own check too.
func TestE2EFoundingCase(t *testing.T) {
	t.Parallel()
	lab.Need(t, "fetchmail", "dovecot", "postfix")
	outcomes := make(map[string]string)
	for name, c := range map[string]struct{ flags, argv, diagnostic string }{
		"lastmile": {"Rhu", foundingArgv, "x-unix; "},
		"postfix":  {"DRhu", "/bin/true", "X-Postfix; "},
	} {
		t.Run(name, func(t *testing.T) {
			p := foundingPostfix(t, c.flags, c.argv)
			outcomes[name] = foundingRefused(t, p, c.diagnostic)
		})
	}
	if outcomes["lastmile"] != outcomes["postfix"] {
		t.Errorf("the log says\n%s, Postfix's own check\n%s", outcomes["lastmile"], outcomes["postfix"])
	}
}

// foundingRefused fetches the founding message into an instance that refuses it
// and returns the end of the log line.
func foundingRefused(t *testing.T, p *lab.Postfix, diagnostic string) string {
	t.Helper()
	d := lab.StartDovecot(t)
	d.Put(t, foundingMail(t, lab.Account))
	foundingFetch(t, p, d, false)

	e2eOutcomes(t, p, lab.Account, e2eRefusal(lab.Account))
	e2eMaildir(t, filepath.Join(p.Home("receiver"), "Maildir"), 0)
	if got := p.Deferred(t); got != 0 {
		t.Errorf("%d messages deferred, want 0", got)
	}
	bounces := p.Sink(t, foundingSender)
	if len(bounces) != 1 {
		t.Fatalf("the sender got %d bounces, want 1", len(bounces))
	}
	for _, line := range []string{
		"<" + lab.Account + ">: mail forwarding loop for " + lab.Account,
		"Final-Recipient: rfc822; " + lab.Account,
		"Action: failed",
		"Status: 5.4.6",
		"Diagnostic-Code: " + diagnostic + "mail forwarding loop for " + lab.Account,
		"Message-ID: <trace-top@capture.test>",
	} {
		if !bytes.Contains(bounces[0], []byte("\n"+line+"\n")) {
			t.Errorf("the bounce lacks %q:\n%s", line, bounces[0])
		}
	}
	return e2eOutcome(p.Result(t, lab.Account))
}

// foundingFetch runs fetchmail once and waits until Postfix has done its work.
func foundingFetch(t *testing.T, p *lab.Postfix, d *lab.Dovecot, dropDelivered bool) {
	t.Helper()
	run := lab.NewFetcher(t, d).Fetchmail(t, lab.FetchmailConfig{SMTP: p.Port(), DropDelivered: dropDelivered})
	if run.Exit != 0 || run.Output != "" || d.Count(t) != 0 {
		t.Fatalf("fetchmail: %+v, %d messages left on the server; want exit 0, no output, none left", run, d.Count(t))
	}
	p.Drain(t)
}

// What makes the founding message pass in the real world makes it pass here:
// fetchmail's dropdelivered, or a provider that stamps another address.
func TestE2EFoundingCures(t *testing.T) {
	t.Parallel()
	lab.Need(t, "fetchmail", "dovecot", "postfix")
	p := foundingPostfix(t, "Rhu", foundingArgv)
	d := lab.StartDovecot(t)
	const other = "m19200000-reciver@example.co.jp"
	for i, c := range []struct {
		name, stamp   string
		dropDelivered bool
		stamps        string // the Delivered-To fields in what is stored
	}{
		{"dropdelivered", lab.Account, true, lab.Account},
		{"other stamp", other, false, lab.Account + " " + other},
	} {
		t.Run(c.name, func(t *testing.T) {
			mail := foundingMail(t, c.stamp)
			d.Put(t, mail)
			foundingFetch(t, p, d, c.dropDelivered)

			results := p.Results(t, lab.Account)
			if len(results) != i+1 || e2eOutcome(results[i]) != foundingSent {
				t.Fatalf("Postfix logged %+v, want %d times %s", results, i+1, foundingSent)
			}
			var found []byte
			for _, msg := range e2eMaildir(t, filepath.Join(p.Home("receiver"), "Maildir"), i+1) {
				if e2eStamps(msg) == c.stamps {
					found = msg
				}
			}
			if found == nil {
				t.Fatalf("no stored message has the stamps %s", c.stamps)
			}
			e2eWantTop(t, found, "Return-Path: <"+foundingSender+">", "X-Original-To: "+lab.Account, "Delivered-To: "+lab.Account)
			_, below, _ := bytes.Cut(mail, []byte("Received: "))
			e2eBelow(t, found, append([]byte("Received: "), below...))
		})
	}
	if got := p.Sink(t, foundingSender); len(got) != 0 {
		t.Errorf("the sender got %d bounces, want 0", len(got))
	}
}

// e2eStamps returns the values of the Delivered-To fields, from the top.
func e2eStamps(msg []byte) string {
	header, _, _ := strings.Cut(string(msg), "\n\n")
	var stamps []string
	for _, line := range strings.Split(header, "\n") {
		if value, ok := strings.CutPrefix(line, "Delivered-To: "); ok {
			stamps = append(stamps, value)
		}
	}
	return strings.Join(stamps, " ")
}
