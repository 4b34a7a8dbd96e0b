package lockfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// quick is how the tests wait.
var quick = Options{Sleep: 5 * time.Millisecond, Suspend: 5 * time.Millisecond, Retries: -1, Mode: DefaultMode}

func TestAcquire(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, mode := range []fs.FileMode{0o444, 0o400, 0o644} {
		o := quick
		o.Mode = mode
		l, err := Acquire(t.Context(), dir+"/lock", o)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(dir + "/lock")
		if err != nil || info.Mode() != mode {
			t.Errorf("mode %v, %v; want %v", info.Mode(), err, mode)
		}
		if text, err := os.ReadFile(dir + "/lock"); err != nil || string(text) != "0" {
			t.Errorf("content %q, %v", text, err)
		}
		if names := list(t, dir); len(names) != 1 {
			t.Errorf("there are %q, want the lock alone", names)
		}
		for range 2 {
			if err := l.Release(); err != nil {
				t.Error(err)
			}
		}
		if names := list(t, dir); len(names) != 0 {
			t.Errorf("left: %q", names)
		}
	}
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestHeld(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/lock"
	first, err := Acquire(t.Context(), path, quick)
	if err != nil {
		t.Fatal(err)
	}
	for _, retries := range []int{0, 3} {
		var events []Kind
		o := quick
		o.Retries, o.Notify = retries, func(e Event) { events = append(events, e.Kind) }
		if _, err := Acquire(t.Context(), path, o); !errors.Is(err, unix.EEXIST) {
			t.Errorf("%d retries: %v, want EEXIST", retries, err)
		}
		want := append(slices.Repeat([]Kind{Trying, Held}, retries), Trying)
		if !slices.Equal(events, want) {
			t.Errorf("%d retries: events %v, want %v", retries, events, want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := Acquire(ctx, path, quick); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want DeadlineExceeded", err)
	}
	go func() { // as a signal would
		time.Sleep(20 * time.Millisecond)
		first.Release()
	}()
	second, err := Acquire(t.Context(), path, quick)
	if err != nil {
		t.Fatal(err)
	}
	second.Release()
}

// What is not a matter of waiting comes back at once, with its errno.
func TestErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		dir + "/none/lock":                    unix.ENOENT,
		dir + "/file/lock":                    unix.ENOTDIR,
		dir + "/" + strings.Repeat("x", 256):  unix.ENAMETOOLONG,
		dir + "/" + strings.Repeat("x", 5000): unix.ENAMETOOLONG,
	} {
		if _, err := Acquire(t.Context(), path, quick); !errors.Is(err, want) {
			t.Errorf("%.60s: %v, want %v", path, err, want)
		}
	}
	if names := list(t, dir); len(names) != 1 {
		t.Errorf("left: %q", names)
	}
}

// A lock is forced when it is old and as small as locks are.
func TestStale(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		size    int
		age     time.Duration
		timeout time.Duration
		anySize bool
		forced  bool
	}{
		{"old", 1, time.Hour, time.Minute, false, true},
		{"16 bytes", 16, time.Hour, time.Minute, false, true},
		{"17 bytes", 17, time.Hour, time.Minute, false, false},
		{"17 bytes, lockfile(1)", 17, time.Hour, time.Minute, true, true},
		{"young", 1, 0, time.Minute, false, false},
		{"no limit", 1, time.Hour, 0, false, false},
	} {
		path := t.TempDir() + "/lock"
		if err := os.WriteFile(path, make([]byte, c.size), 0o400); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-c.age)
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
		var events []Kind
		o := quick
		o.Retries, o.Timeout, o.AnySize = 0, c.timeout, c.anySize
		o.Notify = func(e Event) { events = append(events, e.Kind) }
		l, err := Acquire(t.Context(), path, o)
		if c.forced != (err == nil) || c.forced != slices.Contains(events, Forced) {
			t.Errorf("%s: %v, events %v; want forced %v", c.name, err, events, c.forced)
		}
		if err == nil {
			l.Release()
		}
	}
}

// lockfile(1) goes on for ever where a stale lock cannot be removed.
func TestDenied(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/lock"
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const want = 3
	denied := 0
	o := quick
	o.Timeout, o.AnySize = time.Minute, true
	o.Notify = func(e Event) {
		if e.Kind == Denied && e.Err != nil {
			if denied++; denied == want { // not after some time, which a busy disk may need for one try
				cancel()
			}
		}
	}
	if _, err := Acquire(ctx, path, o); !errors.Is(err, context.Canceled) || denied != want {
		t.Errorf("%v after %d denials, want to be told %d times, until it is given up", err, denied, want)
	}
}

// The programs of procmail's time and ours shut each other out.
func TestWithLockfile(t *testing.T) {
	program, err := exec.LookPath("lockfile")
	if err != nil {
		if os.Getenv("REQUIRE_PEERS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	path := filepath.Join(t.TempDir(), "lock")
	l, err := Acquire(t.Context(), path, quick)
	if err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := exec.Command(program, "-r0", path).Run(); !errors.As(err, &exit) || exit.ExitCode() != 73 {
		t.Errorf("lockfile -r0: %v, want exit status 73", err)
	}
	l.Release()
	if err := exec.Command(program, "-r0", path).Run(); err != nil {
		t.Errorf("lockfile -r0: %v", err)
	}
	o := quick
	o.Retries = 0
	if _, err := Acquire(t.Context(), path, o); !errors.Is(err, unix.EEXIST) {
		t.Errorf("%v, want EEXIST", err)
	}
}

// One at a time.
func TestExclusion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var inside, done atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				o := quick
				o.Sleep = time.Millisecond
				l, err := Acquire(t.Context(), dir+"/lock", o)
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d have the lock", n)
				}
				done.Add(1)
				inside.Add(-1)
				l.Release()
			}
		})
	}
	wg.Wait()
	if names := list(t, dir); done.Load() != 160 || len(names) > 0 {
		t.Errorf("%d of 160, left %q", done.Load(), names)
	}
}
