package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

const (
	localSender = "local@sink.test"
	// What local(8) tells its commands is in the environment.
	localFlags = `deliver -f "$SENDER" --original-recipient "$ORIGINAL_RECIPIENT" --recipient-delimiter +`
)

// localPostfix has the three ways in which local(8) runs a command: for every
// user (mailbox_command), for one (.forward), for an alias. Aliases run as nobody.
func localPostfix(t *testing.T, settings string) *lab.Postfix {
	t.Helper()
	p := lab.StartPostfix(t, lab.PostfixConfig{
		Users: []string{"alice", "fred"},
		MainCF: settings + "\nlocal_destination_recipient_limit = 1\n" +
			"mailbox_command = @LASTMILE@ " + localFlags + ` -- "$RECIPIENT"`,
		Aliases: `team: "|@LASTMILE@ ` + strings.ReplaceAll(localFlags, `"`, `\"`) + ` --maildir @ROOT@/spool/team -- \"$RECIPIENT\""` + "\n" +
			"list: alice\n",
	})
	forward := `"|` + lab.Binary(t) + " " + strings.ReplaceAll(localFlags, `"`, `\"`) + ` --maildir ~/Forwarded -- \"$RECIPIENT\""` + "\n"
	path := filepath.Join(p.Home("fred"), ".forward")
	if err := os.WriteFile(path, []byte(forward), 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

// localRoute is one address and what local(8) makes of it.
type localRoute struct {
	name  string
	to    string
	stamp string // the address in Postfix's Delivered-To
	named string // RECIPIENT, in which odd characters are underscores
	again string // the address at which the second pass is refused
}

var localRoutes = []localRoute{
	{"mailbox_command", "alice@local.test", "alice@local.test", "alice@local.test", "alice@local.test"},
	{"mailbox_command with extension", "Alice+Ext@local.test", "Alice+Ext@local.test", "Alice+Ext@local.test", "Alice+Ext@local.test"},
	{"mailbox_command with odd extension", "alice+o#x@local.test", "alice+o#x@local.test", "alice+o_x@local.test", "alice+o#x@local.test"},
	// frozen_delivered_to: the stamp is the alias, the recipient is the user.
	{"mailbox_command behind an alias", "list@local.test", "list@local.test", "alice@local.test", "list@local.test"},
	{"the user of the alias", "list@local.test", "list@local.test", "alice@local.test", "alice@local.test"},
	{".forward", "fred@local.test", "fred@local.test", "fred@local.test", "fred@local.test"},
	{"alias", "team@local.test", "team@local.test", "team@local.test", "team@local.test"},
}

// local(8) checks for itself and stamps what it hands to commands, unless told
// otherwise: the first delivery must not be taken for a loop, whoever has
// stamped it, and the second pass is one.
func TestE2ELocal(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	for name, stamps := range map[string]string{
		"stamps":         "command, file, forward",
		"does not stamp": "file, forward",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := localPostfix(t, "prepend_delivered_header = "+stamps)
			for _, r := range localRoutes {
				p.Inject(t, localSender, r.to, e2eMessage("to "+r.name+"."))
			}
			p.Drain(t)
			stored := make(map[string][]byte)
			for _, r := range localRoutes {
				t.Run("first/"+r.name, func(t *testing.T) {
					stored[r.name] = localFirstPass(t, p, r, strings.HasPrefix(stamps, "command"))
				})
			}
			if t.Failed() {
				return
			}
			before := len(localStored(t, p))
			for _, r := range localRoutes {
				p.Inject(t, localSender, r.again, stored[r.name])
			}
			p.Drain(t)
			localRefusals(t, p, strings.HasPrefix(stamps, "command"))
			if got := len(localStored(t, p)); got != before {
				t.Errorf("%d messages after the second pass, %d before", got, before)
			}
			if got := len(p.Sink(t, localSender)); got != len(localRoutes) {
				t.Errorf("%d bounces, want %d", got, len(localRoutes))
			}
		})
	}
}

// localStored returns what the commands have stored, wherever.
func localStored(t *testing.T, p *lab.Postfix) [][]byte {
	t.Helper()
	var all [][]byte
	for _, dir := range []string{filepath.Join(p.Home("alice"), "Maildir"), filepath.Join(p.Home("fred"), "Forwarded"), filepath.Join(p.Root(), "spool", "team")} {
		all = append(all, e2eMaildir(t, dir, len(lab.MaildirFiles(t, dir)))...)
	}
	return all
}

func localFirstPass(t *testing.T, p *lab.Postfix, r localRoute, stamped bool) []byte {
	var found [][]byte
	for _, msg := range localStored(t, p) {
		if strings.Contains(string(msg), "\nSubject: to "+r.name+".\n") {
			found = append(found, msg)
		}
	}
	if len(found) != 1 {
		t.Fatalf("stored %d times, want once; the log says %+v", len(found), p.Results(t, r.to))
	}
	want := []string{"Return-Path: <" + localSender + ">", "X-Original-To: " + r.to, "Delivered-To: " + r.named}
	if stamped && r.stamp != r.named {
		want = append(want, "Delivered-To: "+r.stamp)
	}
	// Of an odd recipient we are told a censored form only: which of the two
	// forms our fields have is not the matter here, but the delivery is.
	if !strings.Contains(r.to, "#") {
		e2eWantTop(t, found[0], want...)
	}
	e2eBelow(t, found[0], e2eMessage("to "+r.name+"."))
	return found[0]
}

// localRefusals checks the second pass: each message is refused once, for the
// address that its stamp names.
func localRefusals(t *testing.T, p *lab.Postfix, stamped bool) {
	t.Helper()
	var got, want []string
	addresses := make(map[string]bool)
	for _, r := range localRoutes {
		addresses[r.to], addresses[r.again] = true, true
		switch {
		case stamped:
			want = append(want, "to=<"+r.again+"> "+e2eRefusal(r.again))
		case r.to == "list@local.test": // the alias has left no stamp
			want = append(want, "to=<"+r.named+"> "+e2eRefusal(r.named))
		default:
			want = append(want, "to=<"+r.to+"> "+e2eRefusal(r.named))
		}
	}
	for address := range addresses {
		for _, r := range p.Results(t, address) {
			if r.Status != "sent" {
				got = append(got, "to=<"+address+"> "+e2eOutcome(r))
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("second pass:\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}
