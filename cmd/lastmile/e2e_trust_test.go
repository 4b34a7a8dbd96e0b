package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

// With --trust own the founding message is delivered with no change to
// fetchmail, although the provider has stamped it; the log says so.
func TestE2ETrustFounding(t *testing.T) {
	t.Parallel()
	lab.Need(t, "fetchmail", "dovecot", "postfix")
	here := strings.NewReplacer("/usr/local/bin/lastmile", "@LASTMILE@", "--trust own", "--trust own --log @ROOT@/home/receiver/log", "/home/receiver/", "@ROOT@/home/receiver/")
	master, main, _ := strings.Cut(setup(printed(t, "trust"), "^own"), "transport_maps = ")
	transport, main, _ := strings.Cut(main, "\n")
	if want := "inline:{" + lab.Account + "=own:}"; transport != want {
		t.Fatalf("transport_maps is %q, want %q", transport, want)
	}
	p := lab.StartPostfix(t, lab.PostfixConfig{Users: []string{"receiver"}, MainCF: main, MasterCF: here.Replace(master), Transport: lab.Account + " own:", SMTP: true})
	d := lab.StartDovecot(t)
	d.Put(t, foundingMail(t, lab.Account))
	foundingFetch(t, p, d, false)

	e2eOutcomes(t, p, lab.Account, strings.Replace(foundingSent, "isp", "own", 1))
	msg := e2eStored(t, filepath.Join(p.Home("receiver"), "Maildir"))
	if got, want := e2eStamps(msg), lab.Account+" "+lab.Account; got != want {
		t.Errorf("the stored message has the stamps %q, want %q", got, want)
	}
	log, err := os.ReadFile(filepath.Join(p.Home("receiver"), "log"))
	if err != nil || !regexp.MustCompile(`verdict=pass .*foreign-stamp-line=[0-9]+`).Match(log) {
		t.Errorf("the log does not name the provider's stamp (%v): %s", err, log)
	}
}

// A real loop over two forwards is refused at the second visit all the same: it
// comes back with our own stamp. A stamp that an outsider has written is no
// reason to refuse, and is noted; without --trust own it is, as with Postfix.
func TestE2ETrustLoopAndForgery(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	for trust, forged := range map[string]string{
		"own": "dsn=2.0.0, status=sent (delivered via c service)",
		"any": e2eRefusal("eve@c.test"),
	} {
		t.Run(trust, func(t *testing.T) {
			t.Parallel()
			agent := func(name, destination string) string {
				return name + " unix - n n - - pipe flags=Rhu user=alice null_sender= argv=@LASTMILE@ deliver -f ${sender}" +
					" --trust " + trust + " --log @ROOT@/home/alice/log " + destination + " -- ${recipient}\n"
			}
			forward := func(to string) string {
				return `--shell {--command=/usr/sbin/sendmail -i -f "$$SENDER" -- ` + to + `}`
			}
			p := lab.StartPostfix(t, lab.PostfixConfig{
				Users:     []string{"alice"},
				MainCF:    "a_destination_recipient_limit = 1\nb_destination_recipient_limit = 1\nc_destination_recipient_limit = 1",
				MasterCF:  agent("a", forward("bob@b.test")) + agent("b", forward("ann@a.test")) + agent("c", "--maildir @ROOT@/home/alice/Maildir"),
				Transport: "a.test a:\nb.test b:\nc.test c:",
			})
			p.Inject(t, "round@sink.test", "ann@a.test", e2eMessage("round"))
			p.Inject(t, "forger@sink.test", "eve@c.test", append([]byte("Delivered-To: eve@c.test\n"), e2eMessage("forged")...))
			p.Drain(t)
			e2eOutcomes(t, p, "ann@a.test", "dsn=2.0.0, status=sent (delivered via a service)", e2eRefusal("ann@a.test"))
			e2eOutcomes(t, p, "bob@b.test", "dsn=2.0.0, status=sent (delivered via b service)")
			e2eOutcomes(t, p, "eve@c.test", forged)
			if trust == "any" {
				e2eMaildir(t, filepath.Join(p.Home("alice"), "Maildir"), 0)
				return
			}
			e2eStored(t, filepath.Join(p.Home("alice"), "Maildir"))
			log, err := os.ReadFile(filepath.Join(p.Home("alice"), "log"))
			if err != nil || !regexp.MustCompile(`recipient=eve@c.test .*verdict=pass .*foreign-stamp-line=[0-9]+`).Match(log) {
				t.Errorf("the log does not name the forged stamp (%v): %s", err, log)
			}
		})
	}
}
