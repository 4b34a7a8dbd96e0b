package procmailrc

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// What procmail makes of a message in an mbox and in directories, we make of it
// byte for byte.
func TestBytesOfProcmail(t *testing.T) {
	procmail := needProcmail(t)
	t.Parallel()
	dir := t.TempDir()
	rc := "MAILDIR=" + dir + "\n:0c\n$BOX\n:0\nmh/.\n"
	if err := os.WriteFile(dir+"/rc", []byte(rc), 0o600); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		text := randomMessage(r)
		oldBox(t, dir+"/box")
		cmd := exec.Command(procmail, "BOX=box", dir+"/rc")
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		theirs := strings.TrimPrefix(content(t, dir+"/box"), "old")
		if got := written(t, text, true); got != theirs {
			t.Errorf("mbox, of %q:\ngot  %q\nwant %q", text, got, theirs)
		}
		theirs = content(t, fmt.Sprintf("%s/mh/%d", dir, i+1))
		if got := written(t, text, false); got != theirs {
			t.Errorf("MH, of %q:\ngot  %q\nwant %q", text, got, theirs)
		}
	}
}

// written is what a folder gets of a message: with quote an mbox.
func written(t *testing.T, text string, quote bool) string {
	t.Helper()
	m := NewMail([]byte(text), false)
	var b strings.Builder
	if _, err := (part{m: m, to: m.len(), quote: quote, close: true}).WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func needProcmail(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("procmail")
	if err != nil {
		if os.Getenv("REQUIRE_PEERS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return path
}

// content returns the text of a file.
func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// oldBox makes an mbox that was read long ago: for any other procmail sleeps.
func oldBox(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Unix(1e9, 0), time.Now()); err != nil {
		t.Fatal(err)
	}
}

// Known difference: in each part of a message, header and body, procmail looks
// for From_ lines only up to a NUL. A sender could so put a second message into
// the mbox; we quote them all.
func TestNulOfProcmail(t *testing.T) {
	procmail := needProcmail(t)
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/rc", []byte("MAILDIR="+dir+"\n:0\nbox\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	oldBox(t, dir+"/box")
	const text = "a: b\n\n\x00\nFrom x  Thu Jan  4 10:11:12 2024\n\n"
	cmd := exec.Command(procmail, dir+"/rc")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if theirs := content(t, dir+"/box"); theirs != "old"+text {
		t.Errorf("procmail wrote %q: is it mended?", theirs)
	}
	if got := written(t, text, true); !strings.Contains(got, "\x00\n>From x") {
		t.Errorf("got %q", got)
	}
}

// randomMessage returns a message with many lines like From_ lines.
func randomMessage(r *rand.Rand) string {
	pieces := []string{"From a  Thu Jan  4 10:11:12 2024\n", "From ", ">From b\n", "\n", "x", "F", "Fro", "From", " ", "a: b\n", "\r\n"}
	var b bytes.Buffer
	b.WriteString("a: b\n")
	for range r.IntN(20) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

// With a Content-Length field the body that it covers is left alone. procmail
// corrects the field first.
func TestContentLengthOfProcmail(t *testing.T) {
	procmail := needProcmail(t)
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/rc", []byte("MAILDIR="+dir+"\n:0\nbox\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"", "x\n", "From a\nFrom b\n", "x\n\nFrom c\n\n", "From d\n\n"} {
		length := len(body)
		if length > 0 && strings.HasSuffix(body, "\n\n") {
			length--
		}
		head := fmt.Sprintf("From z  Thu Jan  4 10:11:12 2024\nContent-Length: %d\nFrom h\n\n", length)
		oldBox(t, dir+"/box")
		cmd := exec.Command(procmail, dir+"/rc")
		cmd.Stdin = strings.NewReader(head + body)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		got := written(t, head+body, true)
		if theirs := strings.TrimPrefix(content(t, dir+"/box"), "old"); got != theirs {
			t.Errorf("of %q:\ngot  %q\nwant %q", head+body, got, theirs)
		}
	}
}
