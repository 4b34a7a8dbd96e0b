package lab

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// ordinaryUID is nobody: every fetcher refuses or warns about root, and each
// wants a user that /etc/passwd knows.
const ordinaryUID = 65534

// Run is how a program ended.
type Run struct {
	Exit   int    // -1 if a signal or our limit ended it
	Output string // standard output and standard error, as they came
}

// Fetcher is an ordinary user with a home directory, for the configuration and
// the state of one fetcher and for the Maildir that its deliveries shall go to.
type Fetcher struct {
	server *Dovecot
	home   string
}

// NewFetcher prepares a home directory for fetching from d, which may be nil if
// nothing is to be fetched.
func NewFetcher(t testing.TB, d *Dovecot) *Fetcher {
	t.Helper()
	Need(t, "setpriv")
	f := &Fetcher{server: d, home: Dir(t)}
	makeOwned(t, f.home, ordinaryUID)
	return f
}

// Home is the user's home directory.
func (f *Fetcher) Home() string { return f.home }

// Maildir is where the user's mail shall go. It does not exist yet.
func (f *Fetcher) Maildir() string { return filepath.Join(f.home, "Maildir") }

// Exec runs a program as the ordinary user, in its home, with a bare
// environment, for at most toolLimit.
func (f *Fetcher) Exec(t testing.TB, stdin []byte, name string, args ...string) Run {
	t.Helper()
	Need(t, name)
	ctx, cancel := context.WithTimeout(context.Background(), toolLimit)
	defer cancel()
	uid := strconv.Itoa(ordinaryUID)
	args = append([]string{"--reuid", uid, "--regid", uid, "--clear-groups", "--", Find(name)}, args...)
	cmd := exec.CommandContext(ctx, Find("setpriv"), args...)
	cmd.Dir = f.home
	cmd.Env = []string{"HOME=" + f.home, "USER=nobody", "LOGNAME=nobody", "PATH=/usr/bin:/bin", "TMPDIR=" + f.home, "LANG=C"}
	cmd.WaitDelay = time.Second
	cmd.Stdin = bytes.NewReader(stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("%s is still running after %v: %s", name, toolLimit, out.String())
	}
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatal(err)
	}
	return Run{cmd.ProcessState.ExitCode(), out.String()}
}

// file writes a private file of the user and returns its path.
func (f *Fetcher) file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(f.home, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, ordinaryUID, ordinaryUID); err != nil {
		t.Fatal(err)
	}
	return path
}

func (f *Fetcher) port() string { return strconv.Itoa(f.server.port) }
