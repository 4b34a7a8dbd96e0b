// Package lockfile makes one of the two locks that programs which write to one mailbox
// agree on: a lock file beside it. The other, the kernel's lock on the file itself, is
// Lock of package durable.
//
// A lock file is made as procmail and lockfile(1) make theirs, so that they and
// we shut each other out, over NFS too:
//
//	create _PID.RANDOM           in the directory of the lock; one byte, "0"
//	link   to the name           the only step that is atomic everywhere
//	stat   both                  a reply of NFS may be lost: what counts is whether they are one file
//	unlink _PID.RANDOM
//
// A lock is stale when it is small, as locks are, and older than a limit, by the
// clock of the file system that both files are on. It is then removed, and
// nobody who waited makes a new one for a while: another process may have judged
// the old lock stale, and would remove the new one.
package lockfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// The defaults of procmailrc(5) and lockfile(1).
const (
	DefaultSleep   = 8 * time.Second
	DefaultSuspend = 16 * time.Second
	DefaultMode    = fs.FileMode(0o444)
)

// maxStaleSize is the size up to which a file is taken for a lock (procmail,
// measured with a lock of 17 bytes, which is never forced).
const maxStaleSize = 16

// ErrForce is wrapped by the error of a stale lock that could not be removed.
var ErrForce = errors.New("forced unlock denied")

// Options say how to wait for a lock.
type Options struct {
	// Sleep is the time between two attempts.
	Sleep time.Duration
	// Timeout is the age beyond which a lock is stale, in whole seconds; 0 for
	// never.
	Timeout time.Duration
	// Suspend is the time to wait after a stale lock was removed.
	Suspend time.Duration
	// Retries is how often to try again while somebody else has the lock; -1
	// for ever.
	Retries int
	// Mode is the mode of the lock file; the process's umask does not count.
	Mode fs.FileMode
	// AnySize takes a file of any size for a lock, and tries without end to
	// remove a stale one, as lockfile(1) does and procmail does not.
	AnySize bool
	// Notify, if not nil, is called before each attempt and after each that failed.
	Notify func(Event)
}

// Event is something a person may want to know while a lock is waited for.
type Event struct {
	Kind Kind
	Path string // of the lock
	Err  error  // why a stale lock could not be removed
}

// Kind says what has happened.
type Kind int

// The kinds of events.
const (
	Trying Kind = iota // an attempt begins
	Held               // somebody else has the lock; Sleep follows
	Forced             // a stale lock was removed; Suspend follows
	Denied             // a stale lock could not be removed
)

// Lock is a lock file that is ours.
type Lock struct {
	path string
	dir  int
	name string

	mu   sync.Mutex
	held bool
}

// Acquire makes the lock file at a path, and waits while somebody else has it.
// The error wraps the errno: EEXIST when the retries are used up, ENOENT without
// the directory, and so on; those are returned at once, and whether to try again
// is the caller's matter. It wraps [ErrForce] if a stale lock stays, and the
// error of ctx if that ends first.
func Acquire(ctx context.Context, path string, o Options) (*Lock, error) {
	above, name := split(path)
	dir, err := openDir(above)
	if err != nil {
		return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
	}
	defer unix.Close(dir)
	return AcquireAt(ctx, dir, name, path, o)
}

// split cuts a path without cleaning it: the kernel is to see it as it is. One
// that ends in a slash names a directory, which is there and so is held.
func split(path string) (dir, name string) {
	switch slash := strings.LastIndexByte(path, '/'); {
	case slash < 0:
		return ".", path
	case slash == len(path)-1:
		return path, "."
	default:
		return path[:slash+1], path[slash+1:]
	}
}

// AcquireAt is [Acquire] for a name in an open directory; the path is for
// messages. The directory remains the caller's.
func AcquireAt(ctx context.Context, dir int, name, path string, o Options) (*Lock, error) {
	own, err := unix.FcntlInt(uintptr(dir), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
	}
	l := &Lock{path: path, dir: own, name: name}
	if err := l.acquire(ctx, o); err != nil {
		unix.Close(own)
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	l.held = true
	return l, nil
}

// acquire tries until the lock is made.
func (l *Lock) acquire(ctx context.Context, o Options) error {
	denied := false
	for {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		o.tell(Event{Kind: Trying, Path: l.path})
		now, err := create(l.dir, l.name, o.Mode)
		if err != unix.EEXIST {
			return err
		}
		pause := o.Sleep
		switch forced, err := l.force(now, o); {
		case forced:
			o.tell(Event{Kind: Forced, Path: l.path})
			pause = o.Suspend
		case err != nil:
			o.tell(Event{Kind: Denied, Path: l.path, Err: err})
			if denied && !o.AnySize {
				return fmt.Errorf("%w: %w", ErrForce, err)
			}
			if denied = true; o.AnySize {
				pause = o.Suspend
			}
		case o.Retries == 0:
			return unix.EEXIST
		default:
			denied = false
			o.Retries--
			o.tell(Event{Kind: Held, Path: l.path})
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// force removes the lock if it is stale by the clock of the file system, which
// says that it is now.
func (l *Lock) force(now int64, o Options) (forced bool, err error) {
	var st unix.Stat_t
	if o.Timeout == 0 || unix.Fstatat(l.dir, l.name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
		return false, nil
	}
	if st.Size > maxStaleSize && !o.AnySize || now-st.Mtim.Sec <= int64(o.Timeout/time.Second) {
		return false, nil
	}
	if err := unix.Unlinkat(l.dir, l.name, 0); err != nil {
		return false, err
	}
	return true, nil
}

// Path returns the path of the lock file.
func (l *Lock) Path() string { return l.path }

// Release removes the lock file, once: a second call does nothing. It may be
// called from any goroutine. The error says that the file could not be removed.
func (l *Lock) Release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.held {
		return nil
	}
	l.held = false
	defer unix.Close(l.dir)
	if err := unix.Unlinkat(l.dir, l.name, 0); err != nil {
		return &os.PathError{Op: "unlock", Path: l.path, Err: err}
	}
	return nil
}

func (o *Options) tell(e Event) {
	if o.Notify != nil {
		o.Notify(e)
	}
}

// sleep waits, unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
