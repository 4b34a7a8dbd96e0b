package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

// readbackCases are messages that a reader or a writer of mail might change. NUL
// is not among them: Dovecot's POP3 server replaces it.
var readbackCases = []struct {
	name, msg string
	// cut is what of the beginning is no part of the message: an mbox From_ line.
	cut string
	// bare: the first line is no header field, so an empty line keeps it in the body.
	bare bool
}{
	{name: "plain", msg: "Subject: plain\n\nbody\n"},
	{name: "8-bit", msg: "Subject: \xfc\xff\x80 jürgen\n\n\xe4\xf6\xfc\x80\x81\xff\nüöä\n"},
	{name: "long lines", msg: "Subject: " + strings.Repeat("h", 70000) + "\n\n" + strings.Repeat("0123456789abcdef", 1<<16) + "\n"},
	{name: "no final line end", msg: "Subject: end\n\nlast line"},
	{name: "dots", msg: "Subject: dots\n\n.\n..\n...x\n. \n.\r\n"},
	{name: "crlf", msg: "Subject: crlf\r\nX-Folded: a\r\n b\r\n\r\nbody\r\n"},
	{name: "mixed line ends", msg: "Subject: mixed\n\na\r\nb\n\r\nc\n"},
	{name: "lone cr", msg: "Subject: cr\n\na\rb\rc\n"},
	{name: "no body", msg: "Subject: no body\n"},
	{name: "no body, no line end", msg: "Subject: nothing"},
	{name: "header and empty line", msg: "Subject: empty body\n\n"},
	{name: "no header", msg: "\nbody without header\n"},
	{name: "no header, no empty line", msg: "just text, no field\nmore text\n", bare: true},
	{name: "only empty lines", msg: "\n\n\n"},
	{name: "from line", msg: "From alice  Wed Aug  2 23:59:58 2017\nSubject: from\n\nbody\n", cut: "From alice  Wed Aug  2 23:59:58 2017\n"},
	{name: "from lines in the body", msg: "Subject: from in body\n\nFrom me to you\n>From the past\n"},
	{name: "odd fields", msg: "Subject : blank\nsubject: twice\nX-Empty:\n\tfolded\n \nX-After: blank line\n\nbody\n"},
	{name: "blanks at line ends", msg: "Subject: blanks  \n\nbody \t \n\n\n"},
	{name: "other controls", msg: "Subject: \x01\x1b\x7f\n\n\x0b\x0c\x08\x1a\n"},
	{name: "many lines", msg: "Subject: many\n\n" + strings.Repeat("line\n", 100000)},
}

// What is stored is the message to the byte below our fields, and Dovecot, which
// trusts the size in the file name, reads just that back. Files are compared as
// they are; what comes over POP3 is compared with the wire form of the file
// (lab.Wire: CRLF line ends, one at the end), because POP3 transmits lines.
func TestE2EReadBack(t *testing.T) {
	t.Parallel()
	lab.Need(t, "dovecot")
	d := lab.StartDovecot(t)
	f := lab.NewFetcher(t, d)
	var want [][]byte
	for _, c := range readbackCases {
		run := f.Exec(t, []byte(c.msg), lab.Binary(t), "deliver", "-f", "alice@sink.test", "--maildir", f.Maildir(), "--", lab.Account)
		if run.Exit != 0 || run.Output != "" {
			t.Errorf("%s: got %+v, want exit 0, no output", c.name, run)
			continue
		}
		stored := "Return-Path: <alice@sink.test>\nDelivered-To: " + lab.Account + "\n"
		if c.bare {
			stored += "\n"
		}
		want = append(want, []byte(stored+strings.TrimPrefix(c.msg, c.cut)))
	}
	readbackCompare(t, "stored", e2eMaildir(t, f.Maildir(), len(want)), want)

	wire := make([][]byte, len(want))
	for i, msg := range want {
		wire[i] = lab.Wire(msg)
	}
	readbackCompare(t, "retrieved", d.Retrieve(t, f.Maildir()), wire)
	// A wrong S= is an error in Dovecot's log.
	for _, line := range strings.Split(d.Log(t), "\n") {
		if strings.Contains(line, "Error:") || strings.Contains(line, "Warning:") || strings.Contains(line, "Panic:") {
			t.Errorf("dovecot logged %s", line)
		}
	}
}

// readbackCompare compares two sets of messages; Maildir and POP3 have orders of
// their own.
func readbackCompare(t *testing.T, what string, got, want [][]byte) {
	t.Helper()
	got, want = slices.Clone(got), slices.Clone(want)
	slices.SortFunc(got, bytes.Compare)
	slices.SortFunc(want, bytes.Compare)
	if len(got) != len(want) {
		t.Fatalf("%s %d messages, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("%s %.200q (%d bytes), want %.200q (%d bytes)", what, got[i], len(got[i]), want[i], len(want[i]))
		}
	}
}
