package main

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

// Several recipients: Postfix is told one outcome, at the first byte; others what
// procmail says.
func TestProcmailEach(t *testing.T) {
	t.Parallel()
	daemon, err := exec.Command("id", "-un", "1").Output()
	if err != nil {
		t.Skip("no user with uid 1: ", err)
	}
	other := strings.TrimSpace(string(daemon))
	both := `procmail: Unknown user "nosuch1"` + "\n" + `procmail: Unknown user "nosuch2"` + "\n"
	for _, c := range []struct {
		name    string
		args    string
		postfix bool
		message string
		status  int
		stderr  string
	}{
		{"a verdict", "-d nosuch1 nosuch2", true, "a: b\n\nc\n", 77, "5.1.1 user unknown: nosuch1"},
		{"complaints", "-p -d nosuch1 nosuch2", true, "a: b\n\nc\n", 77, "5.1.1 user unknown: nosuch1"},
		{"what is to be tried again is no verdict", "-d nosuch1 " + other + " nosuch2", true, "a: b\n\nc\n", 75,
			"4.3.5 cannot deliver to another user: run it as root, or as that user"},
		{"no message", "-d nosuch1 nosuch2", true, "", 75, "4.3.0 no message on standard input"},
		{"procmail's words", "-d nosuch1 nosuch2", false, "a: b\n\nc\n", 67, both},
		{"in one word", "-dnosuch1 nosuch2", false, "a: b\n\nc\n", 67, both},
		{"bundled", "-otd nosuch1 nosuch2", false, "a: b\n\nc\n", 67, both},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(lab.Named(t, "procmail"), strings.Fields(c.args)...)
			cmd.Dir = "/"
			cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAIL_CONFIG=") })
			if c.postfix {
				cmd.Env = append(cmd.Env, "MAIL_CONFIG=/etc/postfix")
			}
			if os.Geteuid() == 0 {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			} else if strings.Contains(c.stderr, "uid 65534") {
				c.stderr = strings.Replace(c.stderr, "65534", strings.TrimSpace(output(t, "id", "-u")), 1)
			}
			var stdout, stderr bytes.Buffer
			cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(c.message), &stdout, &stderr
			cmd.Run()
			if status := cmd.ProcessState.ExitCode(); status != c.status || stderr.String() != c.stderr || stdout.Len() > 0 {
				t.Errorf("exit status %d, want %d; stderr %q, want %q; stdout %q", status, c.status, &stderr, c.stderr, &stdout)
			}
		})
	}
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
