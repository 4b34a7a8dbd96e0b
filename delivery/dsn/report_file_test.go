package dsn

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// entries reads an mboxrd file.
func entries(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "From ") {
			all = append(all, "")
			continue
		}
		if strings.HasPrefix(line, ">") && strings.HasPrefix(strings.TrimLeft(line, ">"), "From ") {
			line = line[1:]
		}
		all[len(all)-1] += line
	}
	return all
}

// Reports of many writers come one after the other, each as it was.
func TestAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reports")
	r := seedReport(t)
	r.Message = append(r.Message, "From here\n>From there\n\n"...)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := r.Append(path); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got := entries(t, path)
	if len(got) != 8 {
		t.Fatalf("%d reports, want 8", len(got))
	}
	for _, e := range got {
		if back := parseReport(t, []byte(e)).back; back != string(r.Message) {
			t.Errorf("returned %q, want %q", back, r.Message)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// What stands in the file already stays, and does not run into the report.
func TestAppendBelow(t *testing.T) {
	for _, before := range []string{"", "\n", "From a\n\nx\n\n", "From a\n\nx\n", "From a\n\nx", "x"} {
		path := filepath.Join(t.TempDir(), "reports")
		if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := seedReport(t).Append(path); err != nil {
			t.Fatal(err)
		}
		b, _ := os.ReadFile(path)
		i := bytes.Index(b, []byte("From MAILER-DAEMON Mon Nov 23 21:39:28 2026\nDate: "))
		if !strings.HasPrefix(string(b), before) || i < 0 || i > 0 && !bytes.HasSuffix(b[:i], []byte("\n\n")) || !bytes.HasSuffix(b, []byte("--\n\n")) {
			t.Errorf("below %q: %q", before, b)
		}
	}
}

// What cannot be written whole is taken back.
func TestAppendFull(t *testing.T) {
	if os.Getenv("TEST_APPEND_FULL") == "" {
		reexec(t, "TestAppendFull", "TEST_APPEND_FULL=1")
		return
	}
	path := filepath.Join(t.TempDir(), "reports")
	if err := os.WriteFile(path, []byte("before\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	small := unix.Rlimit{Cur: 600, Max: 600}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	err := seedReport(t).Append(path)
	b, _ := os.ReadFile(path)
	if !errors.Is(err, unix.EFBIG) || string(b) != "before\n\n" {
		t.Errorf("Append = %v, file %q", err, b)
	}
}

func TestAppendRefuses(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, fifo, "/dev/null", filepath.Join(dir, "none", "reports")} {
		if err := seedReport(t).Append(path); err == nil {
			t.Errorf("Append(%q) = nil", path)
		}
	}
	if err := seedReport(t).Append("/dev/null"); !errors.Is(err, ErrFile) {
		t.Errorf("Append to a device = %v", err)
	}
}

// The lock of another mail program, which is of fcntl's old kind, is waited for.
func TestAppendLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reports")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := lock(f, time.Second); err != nil {
		t.Fatal(err)
	}
	other, err := openMbox(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := unix.FcntlFlock(other.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}); err == nil {
		t.Error("a lock of the process does not see ours")
	}
	if err := lock(other, 100*time.Millisecond); err == nil {
		t.Error("two locks at once")
	}
	f.Close()
	if err := lock(other, time.Second); err != nil {
		t.Error(err)
	}
}

// reexec runs one test in a process of its own.
func reexec(t *testing.T, name string, env ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+name+"$")
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
}
