package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lastmile/cmd/lastmile/internal/lab"
)

// local(8) writes a message to one file, and lastmile, which it calls, to
// another: byte for byte the same.
func TestE2EMbox(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	p := lab.StartPostfix(t, lab.PostfixConfig{
		Users:  []string{"alice"},
		MainCF: "local_destination_recipient_limit = 1\nprepend_delivered_header = command, file, forward\n",
	})
	home := p.Home("alice")
	forward := "~/theirs\n" + `"|` + lab.Binary(t) + " " + strings.ReplaceAll(localFlags, `"`, `\"`) + ` --mbox ~/ours -- \"$RECIPIENT\""` + "\n"
	if err := os.WriteFile(filepath.Join(home, ".forward"), []byte(forward), 0o644); err != nil {
		t.Fatal(err)
	}
	bodies := []string{
		"plain\n", "", "\n\n", "From here\n>From there\n\nFrom\nFrom \n", "no newline", "ends in From ",
		"8-bit \xe4\xff and NUL \x00 and CR \r in it\nFrom \x00\n", strings.Repeat("long ", 2000) + "\n", strings.Repeat("From x\n", 5000),
	}
	for _, body := range bodies {
		p.Inject(t, "sender@sink.test", "alice@local.test", []byte("Subject: test\nFrom: a@sink.test\n\n"+body))
	}
	p.Inject(t, "", "alice@local.test", []byte("Subject: null sender\n\nbody\n"))
	p.Drain(t)
	theirs, ours := mboxOf(t, filepath.Join(home, "theirs")), mboxOf(t, filepath.Join(home, "ours"))
	if !bytes.Equal(theirs, ours) {
		at := 0
		for at < min(len(theirs), len(ours)) && theirs[at] == ours[at] {
			at++
		}
		t.Errorf("local(8) wrote %d bytes, lastmile %d; they differ at %d:\n%.200q\n%.200q", len(theirs), len(ours), at, theirs[max(at-50, 0):], ours[max(at-50, 0):])
	}
	if n := bytes.Count(ours, []byte("\nDelivered-To: alice@local.test\n")); n != len(bodies)+1 {
		t.Errorf("%d messages, want %d", n, len(bodies)+1)
	}
}

// mboxOf reads an mbox without the dates of its From_ lines, in which the two
// may be a second apart, and with its messages in a fixed order: two may be
// delivered at the same time.
func mboxOf(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`(?m)^(From \S+  )... ... .. ..:..:.. ....$`).ReplaceAll(text, []byte("${1}DATE"))
	text, whole := bytes.CutSuffix(text, []byte("\n"))
	if !whole {
		t.Errorf("%s does not end in a newline", path)
	}
	messages := bytes.Split(text, []byte("\nFrom "))
	messages[0] = bytes.TrimPrefix(messages[0], []byte("From "))
	slices.SortFunc(messages, bytes.Compare)
	return bytes.Join(messages, []byte("\nFrom "))
}

// A signal in the middle of a message leaves the file as it was, and no lock.
func TestMboxSignal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const before = "From a  Thu Jan  4 10:11:12 2024\n\nbody\n\n"
	if err := os.WriteFile(dir+"/box", []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("lastmile", "deliver", "--mbox", dir+"/box", "--", "you@example.com")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	io.WriteString(stdin, "Subject: test\n\n"+strings.Repeat("x", 300_000))
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if info, err := os.Stat(dir + "/box"); err == nil && info.Size() > int64(len(before)) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("nothing was written")
		}
	}
	if _, err := os.Stat(dir + "/box.lock"); err != nil {
		t.Error(err)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != 75 {
		t.Errorf("exit status %d, want 75", got)
	}
	if text, err := os.ReadFile(dir + "/box"); err != nil || string(text) != before {
		t.Errorf("%d bytes, %v; want %d", len(text), err, len(before))
	}
	if names, _ := filepath.Glob(dir + "/*"); len(names) != 1 {
		t.Errorf("there are %q", names)
	}
}
