package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/delivery/dsn"
	"lastmile/delivery/internal/child"
	"lastmile/delivery/internal/lockfile"
	"lastmile/delivery/procmailrc"
	"lastmile/maildir/durable"
)

// maxRC is the size of an rcfile, in bytes, beyond which nobody has written it.
const maxRC = 16 << 20

// filterHost lets rcfiles act on the system.
type filterHost struct {
	gate    *Gate
	ctx     context.Context // ends when the delivery is given up
	cancel  context.CancelCauseFunc
	strict  bool
	stdout  *os.File
	log     *os.File
	umask   uint32
	control *procmailrc.Control
	stored  int // how many files in Maildirs, for their names

	// making is held while something is made that would stay if the process ended
	// before [filterHost.begin] or keep know of it.
	making sync.Mutex
	mu     sync.Mutex
	locks  map[string]*lockfile.Lock
	undo   func() // gives up what is under way
}

// newFilterHost returns a host whose doings are undone when the gate is aborted.
func newFilterHost(gate *Gate, f *Filter, control *procmailrc.Control) (*filterHost, error) {
	if err := child.KeepDescriptors(); err != nil {
		return nil, &dsn.Error{Status: dsn.TempSystem, Text: "cannot run the filter", Err: err}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	h := &filterHost{gate: gate, ctx: ctx, cancel: cancel, strict: f.Config.Strict, stdout: f.Stdout, log: f.Stderr, umask: 0o077, control: control, locks: map[string]*lockfile.Lock{}}
	err := gate.OnAbort(func() {
		cancel(ErrAborted)
		h.abort()
	})
	if err != nil {
		cancel(err)
		return nil, err
	}
	return h, nil
}

// giveUp ends the delivery because nothing sensible can be done further.
func (h *filterHost) giveUp(err error) {
	h.Log(fmt.Sprintf("procmail: Cannot %v\n%s", err, procmailrc.Requeued(h.control)))
	h.cancel(&dsn.Error{Status: dsn.TempSystem, Text: "cannot run the filter", Err: err})
}

// abort gives up what is under way, and releases all locks. The context has ended,
// so nothing is waited for any more, and nothing begun.
func (h *filterHost) abort() {
	h.making.Lock()
	defer h.making.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.undo != nil {
		h.undo()
		h.undo = nil
	}
	for name, l := range h.locks {
		l.Release()
		delete(h.locks, name)
	}
	written := make(chan struct{})
	go func(log *os.File) {
		io.WriteString(log, procmailrc.Requeued(h.control))
		close(written)
	}(h.log)
	select {
	case <-written:
	case <-time.After(logPatience): // a full pipe that nobody reads
	}
}

// logPatience is how long the log may keep a delivery from being given up.
const logPatience = time.Second

// close releases what is left.
func (h *filterHost) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.locks {
		l.Release()
	}
}

// begin says how to give up what is about to be done, and reports false if the
// delivery has been given up already.
func (h *filterHost) begin(undo func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		return false
	}
	h.undo = undo
	return true
}

// final runs the last step of an action; of one that delivers it makes the whole
// delivery final.
func (h *filterHost) final(delivers bool, step func() error) error {
	if h.Ended() {
		return context.Cause(h.ctx)
	}
	if delivers {
		return h.gate.Pass(step)
	}
	return h.gate.Step(step)
}

// PID implements [procmailrc.Host].
func (h *filterHost) PID() int { return os.Getpid() }

// Now implements [procmailrc.Host].
func (h *filterHost) Now() time.Time { return time.Now() }

// HostName implements [procmailrc.Host].
func (h *filterHost) HostName() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// Ended implements [procmailrc.Host].
func (h *filterHost) Ended() bool { return h.ctx.Err() != nil }

// Log implements [procmailrc.Host]. A log that cannot be written to changes
// nothing.
func (h *filterHost) Log(text string) { io.WriteString(h.log, text) }

// OpenLog implements [procmailrc.Host]. Of a FIFO no reader is waited for.
func (h *filterHost) OpenLog(name string) error {
	fd, err := durable.OpenAt(unix.AT_FDCWD, name, unix.O_WRONLY|unix.O_APPEND|unix.O_CREAT|unix.O_NONBLOCK, 0o666)
	if err != nil {
		return err
	}
	if err := unix.SetNonblock(fd, false); err != nil { // programs would lose what they say
		unix.Close(fd)
		return err
	}
	f := os.NewFile(uintptr(fd), name)
	h.mu.Lock()
	h.log = f // the one before may be a clone's to come back to
	h.mu.Unlock()
	return nil
}

// Clone implements [procmailrc.Host].
func (h *filterHost) Clone() (restore func()) {
	dir, log, umask := h.Directory(), h.log, h.umask
	return func() {
		os.Chdir(dir)
		h.Umask(umask)
		h.mu.Lock()
		h.log = log
		h.mu.Unlock()
	}
}

// Stat implements [procmailrc.Host].
func (h *filterHost) Stat(name string) (procmailrc.Info, error) {
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil {
		return procmailrc.Info{}, err
	}
	kind := st.Mode & unix.S_IFMT
	return procmailrc.Info{
		Dir: kind == unix.S_IFDIR, Regular: kind == unix.S_IFREG,
		Mode: st.Mode & 0o7777, UID: int(st.Uid), GID: int(st.Gid),
	}, nil
}

// ReadFile implements [procmailrc.Host].
func (h *filterHost) ReadFile(name string) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0) // not to wait for a FIFO's other end
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case name == os.DevNull:
		return nil, nil
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", name)
	case info.Size() > maxRC:
		return nil, fmt.Errorf("%s has more than %d bytes", name, maxRC)
	}
	return io.ReadAll(io.LimitReader(f, maxRC))
}

// Chdir implements [procmailrc.Host].
func (h *filterHost) Chdir(dir string) error { return os.Chdir(dir) }

// Directory implements [procmailrc.Host].
func (h *filterHost) Directory() string {
	dir, err := unix.Getwd()
	if err != nil {
		return "/"
	}
	return dir
}

// Umask implements [procmailrc.Host].
func (h *filterHost) Umask(mask uint32) {
	h.umask = mask
	unix.Umask(int(mask))
}

// Mkdir implements [procmailrc.Host]. The name is on stable storage, too.
func (h *filterHost) Mkdir(dir string) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	above, err := durable.OpenAt(unix.AT_FDCWD, filepath.Dir(dir), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(above)
	return durable.SyncPath(above)
}

// Lock implements [procmailrc.Host].
func (h *filterHost) Lock(name string, o procmailrc.LockOptions) error {
	lo := lockfile.Options{
		Sleep: o.Sleep, Timeout: o.Timeout, Suspend: o.Suspend, Retries: -1,
		Mode: lockfile.DefaultMode &^ os.FileMode(h.umask),
		Notify: func(e lockfile.Event) {
			switch e.Kind {
			case lockfile.Forced:
				o.Notice("Forcing lock on", name)
			case lockfile.Denied:
				o.Notice("Forced unlock denied on", name)
			}
		},
	}
	for try := 0; ; try++ {
		err := h.acquire(name, lo)
		if err == nil {
			return nil
		}
		if try >= o.Retries || !mayPass(err) {
			return err
		}
		h.sleep(o.Sleep)
	}
}

// acquire makes a lockfile.
func (h *filterHost) acquire(name string, o lockfile.Options) error {
	h.making.Lock()
	defer h.making.Unlock()
	l, err := lockfile.Acquire(h.ctx, name, o)
	if err != nil {
		return err
	}
	return h.keep(name, l)
}

// keep remembers a lock. One that was made while the delivery was given up is
// released at once.
func (h *filterHost) keep(name string, l *lockfile.Lock) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		l.Release()
		return ErrAborted
	}
	h.locks[name] = l
	return nil
}

// mayPass tells whether the reason why a lockfile could not be made may go away
// by itself (procmail, locking.c).
func mayPass(err error) bool {
	for _, errno := range [...]syscall.Errno{unix.ENOENT, unix.ENOTDIR, unix.EIO, unix.ENOSPC, unix.EDQUOT} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// Unlock implements [procmailrc.Host].
func (h *filterHost) Unlock(name string) error {
	h.mu.Lock()
	l := h.locks[name]
	delete(h.locks, name)
	h.mu.Unlock()
	if l == nil {
		return nil
	}
	return l.Release()
}

// sleep waits, unless the delivery is given up.
func (h *filterHost) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-h.ctx.Done():
	}
}
