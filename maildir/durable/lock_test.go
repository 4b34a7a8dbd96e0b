package durable

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestLock(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/box"
	var f [2]*os.File
	for i := range f {
		var err error
		if f[i], err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
			t.Fatal(err)
		}
		defer f[i].Close()
	}
	if err := Lock(t.Context(), int(f[0].Fd())); err != nil {
		t.Fatal(err)
	}
	// Another goroutine waits, and so does a process with the lock of old.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := Lock(ctx, int(f[1].Fd())); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want DeadlineExceeded", err)
	}
	tail := unix.Flock_t{Type: unix.F_WRLCK, Whence: unix.SEEK_SET, Start: 1 << 20} // as procmail, from the end on
	if err := unix.FcntlFlock(f[1].Fd(), unix.F_SETLK, &tail); err != unix.EAGAIN {
		t.Errorf("F_SETLK: %v, want EAGAIN", err)
	}
	f[0].Close()
	if err := unix.FcntlFlock(f[1].Fd(), unix.F_SETLK, &tail); err != nil {
		t.Errorf("F_SETLK after the lock is gone: %v", err)
	}
	third, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := Lock(ctx, int(third.Fd())); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("against F_SETLK: %v, want DeadlineExceeded", err)
	}
}
