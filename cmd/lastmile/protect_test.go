package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lastmile/cmd/lastmile/internal/lab"
)

// half is the beginning of a message whose end never comes.
var half = []byte("From: a@example.net\nSubject: test\n\n" + strings.Repeat("body\n", 20000))

// running is lastmile deliver in the middle of a message.
type running struct {
	*exec.Cmd
	maildir string
	stdin   interface{ Close() error }
	stderr  bytes.Buffer
}

// startHalf starts a delivery and gives it half a message. The program waits
// for more.
func startHalf(t *testing.T, options ...string) *running {
	t.Helper()
	r := &running{maildir: filepath.Join(t.TempDir(), "Maildir")}
	args := append([]string{"deliver", "--maildir", r.maildir}, options...)
	r.Cmd = exec.Command("lastmile", append(args, "--", "you@example.com")...)
	r.Stderr = &r.stderr
	stdin, err := r.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	r.stdin = stdin
	t.Cleanup(func() { stdin.Close(); r.Process.Kill(); r.Wait() })
	if _, err := stdin.Write(half); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond) // it has read what the pipe did not hold; now it reads the rest, and it is watched
	return r
}

// end waits for the end of the program and returns how it ended.
func (r *running) end(t *testing.T) syscall.WaitStatus {
	t.Helper()
	err := r.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return r.ProcessState.Sys().(syscall.WaitStatus)
}

// nothing asserts that the Maildir holds no file.
func (r *running) nothing(t *testing.T) {
	t.Helper()
	for _, sub := range []string{"new", "cur", "tmp"} {
		files, _ := filepath.Glob(filepath.Join(r.maildir, sub, "*"))
		if len(files) > 0 {
			t.Errorf("left behind: %q", files)
		}
	}
}

func TestSignalDefers(t *testing.T) {
	t.Parallel()
	for signal, want := range map[syscall.Signal]string{
		syscall.SIGTERM: "4.3.0 ended by signal 15",
		syscall.SIGINT:  "4.3.0 ended by signal 2",
		syscall.SIGHUP:  "4.3.0 ended by signal 1",
		syscall.SIGQUIT: "4.3.0 ended by signal 3", // the Go runtime's own answer is exit status 2: a bounce
	} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			r := startHalf(t)
			go func() { // once it is watched; before, signals are ignored
				for r.Process.Signal(signal) == nil {
					time.Sleep(100 * time.Millisecond)
				}
			}()
			if status := r.end(t); status.ExitStatus() != 75 {
				t.Errorf("exit status %d, want 75", status.ExitStatus())
			}
			if got := r.stderr.String(); got != want {
				t.Errorf("said %q, want %q", got, want)
			}
			r.nothing(t)
		})
	}
}

// A process that is killed says nothing, but leaves nothing either: the file
// has no name before it is complete.
func TestKilledLeavesNothing(t *testing.T) {
	t.Parallel()
	r := startHalf(t)
	r.Process.Kill()
	if status := r.end(t); status.Signal() != syscall.SIGKILL {
		t.Errorf("ended with %v, want SIGKILL", status)
	}
	r.nothing(t)
}

func TestTimeLimitDefers(t *testing.T) {
	t.Parallel()
	r := startHalf(t, "--timeout", "2s")
	if status := r.end(t); status.ExitStatus() != 75 {
		t.Errorf("exit status %d, want 75", status.ExitStatus())
	}
	if got, want := r.stderr.String(), "4.3.0 time limit of 2s exceeded"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
	r.nothing(t)
}

// A file system on which a log hangs does not make a delivery hang.
func TestTimeLimitOpenLog(t *testing.T) {
	t.Parallel()
	lab.Need(t, "strace")
	dir := t.TempDir()
	cmd := exec.Command("strace", "-f", "-o", "/dev/null", "-P", dir+"/log", "-e", "inject=openat:delay_enter=4s",
		"lastmile", "deliver", "--timeout", "1s", "--log", dir+"/log", "--maildir", dir+"/Maildir", "--", "you@example.com")
	cmd.Stdin = strings.NewReader("Subject: test\n\nbody\n")
	out, _ := cmd.CombinedOutput()
	// strace may say of a thread that it delays that the process has ended.
	if want := "4.3.0 time limit of 1s exceeded"; cmd.ProcessState.ExitCode() != 75 || !strings.HasPrefix(string(out), want) {
		t.Errorf("exit status %d, said %q, want %q", cmd.ProcessState.ExitCode(), out, want)
	}
	(&running{maildir: dir + "/Maildir"}).nothing(t)
}

// What an rcfile does when the message is delivered has no more time than Postfix
// gives: what that kills, it bounces.
func TestTimeLimitTrap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeText(t, dir+"/rc", "TRAP='sleep 50'\n")
	start := time.Now()
	cmd := exec.Command(lab.Binary(t), "deliver", "--timeout", "1s", "--rcfile", dir+"/rc", "--maildir", dir+"/Maildir", "--", "you@example.com")
	cmd.Stdin = strings.NewReader("Subject: test\n\nbody\n")
	out, err := cmd.CombinedOutput()
	if stored, _ := filepath.Glob(dir + "/Maildir/new/*"); err != nil || len(stored) != 1 || time.Since(start) > 45*time.Second {
		t.Errorf("%v after %v: %s; stored %q, want one message", err, time.Since(start), out, stored)
	}
}

// A caller that does not read what we say still gets the exit status.
func TestUnread(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		message string
		want    int
	}{
		"delivered": {"Subject: test\n\nbody\n", 0},
		"refused":   {"Delivered-To: you@example.com\n\nbody\n", 77},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			defer w.Close()
			w.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			for err == nil { // until it is full
				_, err = w.Write(make([]byte, 4096))
			}
			limit, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(limit, "lastmile", "deliver", "-v", "--maildir", t.TempDir()+"/Maildir", "--", "you@example.com")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(c.message), w, w
			if cmd.Run(); cmd.ProcessState.ExitCode() != c.want {
				t.Errorf("%v, want exit status %d", cmd.ProcessState, c.want)
			}
		})
	}
}

// A file size limit (Postfix's mailbox_size_limit under local(8)) raises
// SIGXFSZ, of which a Go program dies unless it takes care.
func TestFileSizeLimitDefers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command("sh", "-c", "ulimit -f 8; exec lastmile deliver --maildir Maildir -- you@example.com")
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(half)
	out, _ := cmd.CombinedOutput()
	if status := cmd.ProcessState.ExitCode(); status != 75 {
		t.Errorf("exit status %d, want 75", status)
	}
	if want := "4.2.2 mailbox full: write Maildir/tmp: file too large"; string(out) != want {
		t.Errorf("said %q, want %q", out, want)
	}
	(&running{maildir: filepath.Join(dir, "Maildir")}).nothing(t)
}

// A full disk, a real one.
func TestFullDiskDefers(t *testing.T) {
	t.Parallel()
	lab.Need(t, "mount", "umount")
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Fatalf("mount a small tmpfs: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount %s: %v: %s", dir, err, out)
		}
	})
	maildir := filepath.Join(dir, "Maildir")
	cmd := exec.Command("lastmile", "deliver", "--maildir", maildir, "--", "you@example.com")
	cmd.Stdin = bytes.NewReader(half)
	out, _ := cmd.CombinedOutput()
	if status := cmd.ProcessState.ExitCode(); status != 75 {
		t.Errorf("exit status %d, want 75", status)
	}
	if want := "4.3.0 insufficient system storage: write " + maildir + "/tmp: no space left on device"; string(out) != want {
		t.Errorf("said %q, want %q", out, want)
	}
	(&running{maildir: maildir}).nothing(t)

	// With room again, the retry delivers.
	cmd = exec.Command("lastmile", "deliver", "--maildir", maildir, "--", "you@example.com")
	cmd.Stdin = strings.NewReader("Subject: small\n\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("a message that fits: %v: %s", err, out)
	}
	if files, _ := os.ReadDir(filepath.Join(maildir, "new")); len(files) != 1 {
		t.Errorf("%d messages, want 1", len(files))
	}
}
