package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lastmile/cmd/lastmile/internal/lab"
)

// lockfileCases are calls of lockfile(1), in a directory with
//
//	held     a lock of now         old      one of an hour ago      big  20 bytes of an hour ago
//	dir/     a directory           olddir/  one of an hour ago      file  an ordinary file
var lockfileCases = []string{
	"",
	"-h", "-?", "-x", "-m", "-mx", "-mlx", "-", "--", "-5", "-!", "-r5", "-r", "-l", "-s", "-s-1", "-s -1", "--5", "-+5", "-rx", "-r x",
	"a", "a b c", "./a", "dir/a", "none/a", "file/a", "none/a b", "a none/b", "a b none/c d",
	"-r0 held", "-r 0 held", "-r0 a held", "-r0 a b held c", "-0 -r2 held", "-0r2 held", "-r2 -0 a held b", "-r0 dir", "-r0 file",
	"-r0 a -r0 held", "-r0 -r-1 a", "-r5x a", "-r0! held", "-!r0 held", "-! a", "-! -! a", "-! -r0 held", "-r0 held -!", "-! none/a", "-! -! -r0 held", "a -!",
	"-l1 -s0 old", "-l 1 -s 0 old", "-l1s0 old", "-l1 -s0 big", "-l7200 -r0 old", "-l1 -r0 held", "-l0 -r0 old", "-l1 -s0 a old b", "-l-1 -s0 held",
	"-r0 -l1 -s0 old held", "-s0 -! -l1 old", "-r0 a a", "-v -r0 a", "-r0 a -h b", "-r0 a -x", "-r0 a -r", "a -r0 b -5", "-r0 -0 a -s-1",
	"-r0 LONG", "-r0 a none/LONG", "-r0 dir/", "-r0 none/", "-r0 file/", "-r0 /", "-r0 olddir/../a", "a b -l x",
}

// Called as lockfile is, lastmile makes the same files, says the same and exits
// with the same status.
func TestConfirmLockfile(t *testing.T) {
	lab.Need(t, "lockfile")
	t.Parallel()
	for _, c := range lockfileCases {
		t.Run(c, func(t *testing.T) {
			t.Parallel()
			want := runLockfile(t, c, "lockfile")
			if got := runLockfile(t, c, "lastmile", "lockfile"); got != want {
				t.Errorf("lockfile %s\ngot  %s\nwant %s", c, got, want)
			}
		})
	}
}

// runLockfile runs a case in a new directory and describes what came of it.
func runLockfile(t *testing.T, words string, program ...string) string {
	t.Helper()
	dir := lockfileScene(t)
	args := append(program[1:], strings.Fields(strings.ReplaceAll(words, "LONG", strings.Repeat("x", 258)))...)
	cmd := exec.Command(program[0], args...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer limit.Stop()
	if err := cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	text := stderr.String()
	if _, mailbox, ok := strings.Cut(text, "\nYour system mailbox's"); ok {
		text = "(version)\nYour system mailbox's" + mailbox // the versions differ, as they should
	}
	return fmt.Sprintf("%v\nstdout %q\nstderr %q\n%s", cmd.ProcessState, stdout.String(), text, lockfileFiles(t, dir))
}

// lockfileScene makes the directory of the cases.
func lockfileScene(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	then := time.Now().Add(-time.Hour)
	for name, size := range map[string]int{"held": 1, "old": 1, "big": 20, "file": 100} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"dir", "olddir"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"old", "big", "olddir"} {
		if err := os.Chtimes(filepath.Join(dir, name), then, then); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// lockfileFiles describes the files below a directory.
func lockfileFiles(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		links := info.Sys().(*syscall.Stat_t).Nlink
		if info.IsDir() {
			fmt.Fprintf(&b, "%s/\n", name)
			return nil
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(&b, "%s %v %d %q\n", name, info.Mode(), links, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A signal takes back what was locked.
func TestConfirmLockfileSignal(t *testing.T) {
	lab.Need(t, "lockfile")
	t.Parallel()
	var got [2]string
	for i, program := range [][]string{{"lockfile"}, {"lastmile", "lockfile"}} {
		dir := lockfileScene(t)
		cmd := exec.Command(program[0], append(program[1:], "a", "held")...)
		cmd.Dir = dir
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if _, err := os.Stat(dir + "/a"); err == nil {
				break
			}
			if time.Now().After(end) {
				t.Fatal("a was not made")
			}
		}
		time.Sleep(200 * time.Millisecond) // held is being waited for
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		got[i] = fmt.Sprintf("%v\n%s%s", cmd.ProcessState, stderr.String(), lockfileFiles(t, dir))
	}
	if got[0] != got[1] || !strings.Contains(got[0], "Signal received") {
		t.Errorf("got  %s\nwant %s", got[1], got[0])
	}
}

// The lock of the system mailbox, which is everybody's: only where nobody has it.
func TestConfirmLockfileMailbox(t *testing.T) {
	lab.Need(t, "lockfile")
	lock := spoolLock()
	if _, err := os.Lstat(lock); err == nil {
		t.Skip(lock + " is in use")
	}
	defer os.Remove(lock)
	for _, c := range []string{"-ml -mu", "-ml", "-mu -mu", "-mu", "-ml -r0 held", "-mu -r0 held", "-r0 -ml -ml"} {
		if c == "-mu" { // there is something to remove, for each of them
			os.WriteFile(lock, nil, 0o600)
		}
		want := runLockfile(t, c, "lockfile") + exists(lock)
		os.Remove(lock)
		if c == "-mu" {
			os.WriteFile(lock, nil, 0o600)
		}
		if got := runLockfile(t, c, "lastmile", "lockfile") + exists(lock); got != want {
			t.Errorf("lockfile %s\ngot  %s\nwant %s", c, got, want)
		}
		os.Remove(lock)
	}
}

func exists(path string) string {
	if info, err := os.Lstat(path); err == nil {
		return info.Mode().String()
	}
	return "none"
}
