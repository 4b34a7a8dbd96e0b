package durable

import (
	"context"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// Between two attempts at a kernel lock the pause grows from the first to the
// second of these: most locks are held for the milliseconds that a message of
// a few kilobytes takes, some for an fsync of a large one.
const (
	firstPause = 2 * time.Millisecond
	lastPause  = 200 * time.Millisecond
)

// Lock locks a whole file for writing with fcntl(2), waiting for others until
// ctx ends. The lock goes when the file is closed.
//
// The lock belongs to the open file (F_OFD_SETLK): it shuts out, and is shut out
// by, the locks that mail programs take for their process (F_SETLK), and unlike
// one of those it also holds against another goroutine, and is not lost when
// that closes the same file. Kernels without such locks get F_SETLK. The kernel's
// own waiting, F_SETLKW, could not be ended: so it is tried again and again.
func Lock(ctx context.Context, fd int) error {
	command := unix.F_OFD_SETLK
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		whole := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
		switch err := unix.FcntlFlock(uintptr(fd), command, &whole); {
		case err == nil:
			return nil
		case err == unix.EINVAL && command == unix.F_OFD_SETLK:
			command = unix.F_SETLK
			continue
		case err != unix.EAGAIN && err != unix.EACCES && err != unix.EINTR:
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
