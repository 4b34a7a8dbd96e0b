package main

import (
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/cmd/lastmile/internal/lab"
)

// invitation is what is said where a command would seem to hang, and longer is when a
// delivery has said it.
const (
	invitation = "lastmile: reading a message from standard input; Ctrl-D ends it\n"
	longer     = 400 * time.Millisecond
)

// atTerminal runs lastmile with a terminal for its streams, but for those that
// change sets, types a message, once what is awaited has come, and returns what has
// come to the screen then, when the program has ended.
func atTerminal(t *testing.T, args, awaited, message string, env []string, change func(*exec.Cmd)) string {
	t.Helper()
	cmd := exec.Command(lab.Binary(t), strings.Fields(args)...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{"HOME=" + cmd.Dir, "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "NO_COLOR=1"}, env...)
	change(cmd)
	term, program := newTerminal(t)
	settings, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	settings.Lflag &^= unix.ECHO // what is typed is not to be seen
	if err := unix.IoctlSetTermios(int(program.Fd()), unix.TCSETS, settings); err != nil {
		t.Fatal(err)
	}
	term.run(program, cmd)
	if awaited != "" {
		if before := term.await(strings.ReplaceAll(awaited, "\n", "\r\n")); before != "" {
			t.Errorf("%s: first %q is said", args, before)
		}
	} else {
		time.Sleep(longer)
	}
	term.input(message + "\x04")
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s waits for more than a message", args)
	}
	program.WriteString("\f") // nothing else writes one
	return strings.ReplaceAll(term.await("\f"), "\r\n", "\n")
}

// Whoever has given no message at a terminal is told that one is waited for.
func TestInvite(t *testing.T) {
	t.Parallel()
	const message = "Subject: hello\nDelivered-To: they@example.com\n\nbody\n"
	const verdict = "no loop: no Delivered-To field that counts names you@example.com\n"
	asIs := func(*exec.Cmd) {}
	var dir string
	screen := atTerminal(t, "deliver --log none --maildir ./box -- you@example.com", invitation, message, nil, func(c *exec.Cmd) { dir = c.Dir })
	stored, _ := filepath.Glob(dir + "/box/new/*")
	if screen != "" || len(stored) != 1 {
		t.Errorf("deliver: %d messages, and on the screen %q", len(stored), screen)
	}
	for args, next := range map[string]string{
		"check -- you@example.com":        verdict,
		"check --json -- you@example.com": `{"schema":1,`,
		"explain -- you@example.com":      "The way of the message",
		"explain":                         "The way of the message",
		"procmail --explain HOME=/ DEFAULT=/nonexistent/box /dev/null":    "/dev/null\n",
		"deliver --log none --maildir ./box -- they@example.com":          "5.4.6 mail forwarding loop for they@example.com\n",
		"deliver --log none --maildir ./box --dry-run -- you@example.com": "would be delivered to ",
	} {
		screen := atTerminal(t, args, invitation, message, nil, asIs)
		if !strings.HasPrefix(screen, next) || strings.Contains(screen, invitation) {
			t.Errorf("%s: on the screen is %q", args, screen)
		}
	}
	// A mistake is said at once.
	if screen := atTerminal(t, "check", "", "", nil, asIs); !strings.HasPrefix(screen, "4.3.5 no recipient given") {
		t.Errorf("check without a recipient: on the screen is %q", screen)
	}
}

// pause is a reader that takes its time, and has nothing.
type pause struct{}

func (pause) Read([]byte) (int, error) {
	time.Sleep(longer)
	return 0, io.EOF
}

// Where a program may read the status code, it is the first.
func TestInviteNoProgram(t *testing.T) {
	t.Parallel()
	const loop = "Received: by mail.example.com\nDelivered-To: you@example.com\n\nbody\n"
	const refused = "5.4.6 mail forwarding loop for you@example.com"
	const args = "deliver --log none --maildir ./box -- you@example.com"
	for what, run := range map[string]func() string{
		"standard error is a pipe": func() string {
			var stderr bytes.Buffer
			atTerminal(t, args, "", loop, nil, func(c *exec.Cmd) { c.Stderr = &stderr })
			return stderr.String()
		},
		"standard input is a pipe": func() string {
			return strings.TrimSuffix(atTerminal(t, args, "", "", nil, func(c *exec.Cmd) { c.Stdin = io.MultiReader(pause{}, strings.NewReader(loop)) }), "\n")
		},
		"under Postfix": func() string {
			return strings.TrimSuffix(atTerminal(t, args, "", loop, []string{"MAIL_CONFIG=/etc/postfix"}, func(*exec.Cmd) {}), "\n")
		},
	} {
		if got := run(); got != refused {
			t.Errorf("%s: got %q, want %q", what, got, refused)
		}
	}
}
