package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

// fetchers are the programs that fetch mail from a POP3 server and call a delivery
// agent, with the recipes that they need. A flag more for the agent is in extra.
var fetchers = []struct {
	name string
	run  func(t *testing.T, f *lab.Fetcher, bin, extra string) lab.Run
	top  []string // above the first Received field of a message without a stamp
}{
	{
		name: "fetchmail",
		run: func(t *testing.T, f *lab.Fetcher, bin, extra string) lab.Run {
			return f.Fetchmail(t, lab.FetchmailConfig{MDA: bin + " deliver -f %F --maildir " + f.Maildir() + extra + " -- %T"})
		},
		top: []string{"Return-Path: <alice@sink.test>", "X-Original-To: " + lab.Account, "Delivered-To: " + lab.Account},
	},
	{
		// It knows no recipient, and would hand over its macro unexpanded.
		name: "getmail SimplePOP3Retriever",
		run: func(t *testing.T, f *lab.Fetcher, bin, extra string) lab.Run {
			return f.Getmail(t, "SimplePOP3Retriever", fetchArgs(bin, "deliver --maildir "+f.Maildir()+extra+" -- "+lab.Account)...)
		},
		top: []string{"Return-Path: <alice@sink.test>", "Delivered-To: " + lab.Account, "Delivered-To: unknown"},
	},
	{
		// It stamps the recipient itself before it calls us.
		name: "getmail MultidropPOP3Retriever",
		run: func(t *testing.T, f *lab.Fetcher, bin, extra string) lab.Run {
			return f.Getmail(t, "MultidropPOP3Retriever", fetchArgs(bin, "deliver -f %(sender) --stamped-by mta --maildir "+f.Maildir()+extra+" -- %(recipient)")...)
		},
		top: []string{"Return-Path: <alice@sink.test>", "Delivered-To: " + lab.Account},
	},
	{
		name: "fdm",
		run: func(t *testing.T, f *lab.Fetcher, bin, extra string) lab.Run {
			return f.Fdm(t, bin+" deliver --maildir "+f.Maildir()+extra+" -- "+lab.Account)
		},
		top: []string{"Return-Path: <alice@sink.test>", "X-Original-To: " + lab.Account, "Delivered-To: " + lab.Account},
	},
	{
		name: "mpop",
		run: func(t *testing.T, f *lab.Fetcher, bin, extra string) lab.Run {
			return f.Mpop(t, bin+" deliver -f %F --maildir "+f.Maildir()+extra+" -- "+lab.Account)
		},
		top: []string{"Return-Path: <alice@sink.test>", "Delivered-To: " + lab.Account},
	},
}

func fetchArgs(bin, arguments string) []string {
	return append([]string{bin}, strings.Fields(arguments)...)
}

// fetchPlain is a message of which the provider's server says for whom it is, but
// not in a stamp.
func fetchPlain(t *testing.T, subject string) []byte {
	t.Helper()
	msg := foundingMail(t, lab.Account)
	msg = bytes.Replace(msg, []byte("Delivered-To: "+lab.Account+"\n"), nil, 1)
	return bytes.Replace(msg, []byte("Subject: trace top\n"), []byte("Subject: "+subject+"\n"), 1)
}

// Under each fetcher mail is delivered once, without a word, and leaves the server;
// so does the founding message, into its folder, if the recipe says quarantine:
// a fetcher has no bounces, and would fetch a refused message for ever.
func TestE2EFetchers(t *testing.T) {
	t.Parallel()
	lab.Need(t, "fetchmail", "getmail", "fdm", "mpop", "dovecot")
	bin := lab.Binary(t)
	for _, fetcher := range fetchers {
		t.Run(fetcher.name, func(t *testing.T) {
			t.Parallel()
			d := lab.StartDovecot(t)
			first, second, founding := fetchPlain(t, "first"), fetchPlain(t, "second"), foundingMail(t, lab.Account)
			d.Put(t, first, founding, second)
			f := lab.NewFetcher(t, d)
			run := fetcher.run(t, f, bin, " --on-loop quarantine")
			if run.Exit != 0 || run.Output != "" || d.Count(t) != 0 {
				t.Fatalf("got %+v, %d messages left on the server; want exit 0, no output, none left", run, d.Count(t))
			}
			inbox := e2eMaildir(t, f.Maildir(), 2)
			slices.SortFunc(inbox, func(a, b []byte) int {
				return bytes.Index(b, []byte("Subject: first\n")) - bytes.Index(a, []byte("Subject: first\n"))
			})
			for i, sent := range [][]byte{first, second} {
				e2eWantTop(t, inbox[i], slices.Clone(fetcher.top)...)
				e2eBelow(t, inbox[i], fromReceived(sent))
			}
			loops := e2eStored(t, filepath.Join(f.Maildir(), ".Loops"))
			if !bytes.HasPrefix(loops, []byte("X-Lastmile-Loop: mail forwarding loop for "+lab.Account+"\n")) {
				t.Errorf("quarantined without saying why: %q", loops)
			}
			e2eBelow(t, loops, fromReceived(founding))
		})
	}
}

// fromReceived is a message without what stands above its first Received field,
// where some fetchers put in a field of their own.
func fromReceived(msg []byte) []byte {
	return msg[bytes.Index(msg, []byte("Received: ")):]
}

// Without a policy the refusal keeps the founding message on the server: that is
// the trap which the recipes avoid. Nothing is stored, at no poll.
func TestE2EFetchmailKeepsRefused(t *testing.T) {
	t.Parallel()
	lab.Need(t, "fetchmail", "dovecot")
	d := lab.StartDovecot(t)
	d.Put(t, foundingMail(t, lab.Account))
	f := lab.NewFetcher(t, d)
	mda := lab.Binary(t) + " deliver -f %F --maildir " + f.Maildir() + " -- %T"
	for range 2 {
		run := f.Fetchmail(t, lab.FetchmailConfig{MDA: mda})
		// Our line has no line end, for Postfix's sake.
		want := "5.4.6 mail forwarding loop for " + lab.Account + "fetchmail: MDA returned nonzero status 77\n"
		if run.Exit != 0 || run.Output != want || d.Count(t) != 1 {
			t.Errorf("got %+v, %d messages on the server; want exit 0, %q, 1", run, d.Count(t), want)
		}
		e2eMaildir(t, f.Maildir(), 0)
	}
}
