package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

// The e2e tests run lastmile where it is meant to run: behind real Postfix,
// Dovecot and POP3 fetchers, which judge what it prints, exits with and stores.
// Where those are not installed, or the tests do not run as root, they skip;
// with REQUIRE_PEERS=1 they fail.

// e2eRefusal is the last part of the log line of a loop, as Postfix writes it.
func e2eRefusal(recipient string) string {
	return "dsn=5.4.6, status=bounced (mail forwarding loop for " + recipient + ")"
}

// e2eOutcome is the log line of a delivery from "dsn=" on.
func e2eOutcome(r lab.Result) string {
	_, outcome, _ := strings.Cut(r.Line, ", dsn=")
	return "dsn=" + outcome
}

// e2eOutcomes checks every status that Postfix logged for a recipient, oldest
// first: a delivery more than expected is as wrong as one less.
func e2eOutcomes(t *testing.T, p *lab.Postfix, to string, want ...string) {
	t.Helper()
	var got []string
	for _, r := range p.Results(t, to) {
		got = append(got, e2eOutcome(r))
	}
	// A message that comes back during its delivery may be judged before that ends.
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("Postfix logged for %s\n got %s\nwant %s", to, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// e2eMaildir checks that a Maildir holds so many messages, as complete files
// with the right size in their names, and returns them.
func e2eMaildir(t *testing.T, dir string, count int) [][]byte {
	t.Helper()
	if litter := lab.Files(t, filepath.Join(dir, "tmp")); len(litter) > 0 {
		t.Errorf("left in tmp/: %q", litter)
	}
	files := lab.MaildirFiles(t, dir)
	if len(files) != count {
		t.Fatalf("%s holds %d messages, want %d", dir, len(files), count)
	}
	for _, path := range files {
		e2eFile(t, path)
	}
	return lab.ReadMaildir(t, dir)
}

var e2eSize = regexp.MustCompile(`,S=(\d+)$`)

// e2eFile checks what the file system says about a stored message.
func e2eFile(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("%s has mode %v, want 0600", path, info.Mode())
	}
	m := e2eSize.FindStringSubmatch(path)
	if m == nil || m[1] != strconv.FormatInt(info.Size(), 10) {
		t.Errorf("%s is %d bytes large", path, info.Size())
	}
}

// e2eStored is e2eMaildir for the one message that is expected.
func e2eStored(t *testing.T, dir string) []byte {
	t.Helper()
	return e2eMaildir(t, dir, 1)[0]
}

// e2eTop returns the lines above the first Received field, sorted.
func e2eTop(msg []byte) []string {
	top, _, _ := bytes.Cut(msg, []byte("Received: "))
	lines := strings.Split(strings.TrimSuffix(string(top), "\n"), "\n")
	slices.Sort(lines)
	return lines
}

// e2eWantTop checks that exactly these fields stand above the first Received
// field, each once. Their order depends on who wrote them.
func e2eWantTop(t *testing.T, msg []byte, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := e2eTop(msg); !slices.Equal(got, want) {
		t.Errorf("above the first Received stands\n got %q\nwant %q", got, want)
	}
}

// e2eBelow checks that the message ends with what the sender wrote.
func e2eBelow(t *testing.T, msg, sent []byte) {
	t.Helper()
	if !bytes.HasSuffix(msg, append([]byte("\n"), sent...)) {
		t.Errorf("stored message\n%q\ndoes not end with what was sent\n%q", msg, sent)
	}
}

// e2eMessage is a message as a sender writes it. Nothing in it is missing, so
// that cleanup(8) adds nothing.
func e2eMessage(subject string) []byte {
	return []byte("From: Alice <alice@sink.test>\nTo: you@sink.test\nSubject: " + subject +
		"\nDate: Wed, 02 Aug 2017 23:59:58 +0900\nMessage-ID: <" + strings.ReplaceAll(subject, " ", ".") + "@sink.test>\n\nHello from the lab: " + subject + ".\n")
}
