package delivery

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/delivery/procmailrc"
)

// Rehearsal is a host on which rcfiles have no effects: they are read, and files
// are looked at, but nothing is written, locked or started. Folders and
// directories are taken for made if they could be.
type Rehearsal struct {
	files filterHost // for what only looks
	// Output is what a program that is not run is taken to print.
	Output string
	// Ran, if not nil, is called for each program; run is false if it was taken
	// for a success instead.
	Ran func(p *procmailrc.Program, run bool)

	programs *filterHost // runs them, if any
	dir      string      // the working directory
	made     map[string]bool
}

// NewRehearsal returns a host without effects.
func NewRehearsal(output string) (*Rehearsal, error) {
	dir, err := unix.Getwd()
	if err != nil {
		return nil, err
	}
	return &Rehearsal{Output: output, dir: dir, made: map[string]bool{}}, nil
}

// RunPrograms lets conditions, backquotes, captures and filters run programs, with
// all the effects that these have. Their complaints go to stderr. The working
// directory of the process follows that of the rcfile then.
func (h *Rehearsal) RunPrograms(stderr *os.File) (err error) {
	h.programs, err = newFilterHost(&Gate{}, &Filter{Stdout: stderr, Stderr: stderr}, new(procmailrc.Control))
	return err
}

// path returns the whole name of a file, as far as it is known.
func (h *Rehearsal) path(name string) string {
	if name == "" || strings.HasPrefix(name, "/") {
		return name
	}
	return h.dir + "/" + name
}

// known tells whether nothing in a name is still to be found out.
func known(name string) bool { return !strings.Contains(name, procmailrc.Unknown) }

// PID implements [procmailrc.Host].
func (h *Rehearsal) PID() int { return os.Getpid() }

// Now implements [procmailrc.Host].
func (h *Rehearsal) Now() time.Time { return time.Now() }

// HostName implements [procmailrc.Host].
func (h *Rehearsal) HostName() string { return h.files.HostName() }

// Ended implements [procmailrc.Host].
func (h *Rehearsal) Ended() bool { return false }

// Log implements [procmailrc.Host]: nothing is logged.
func (h *Rehearsal) Log(string) {}

// OpenLog implements [procmailrc.Host].
func (h *Rehearsal) OpenLog(name string) error {
	return h.writable(h.path(name))
}

// Stat implements [procmailrc.Host].
func (h *Rehearsal) Stat(name string) (procmailrc.Info, error) {
	path := h.path(name)
	if h.made[filepath.Clean(path)] {
		return procmailrc.Info{Dir: true, Mode: 0o700, UID: os.Getuid(), GID: os.Getgid()}, nil
	}
	return h.files.Stat(path)
}

// ReadFile implements [procmailrc.Host].
func (h *Rehearsal) ReadFile(name string) ([]byte, error) { return h.files.ReadFile(h.path(name)) }

// Chdir implements [procmailrc.Host].
func (h *Rehearsal) Chdir(dir string) error {
	path := h.path(dir)
	if known(path) {
		info, err := h.Stat(path)
		switch {
		case err != nil:
			return err
		case !info.Dir:
			return syscall.ENOTDIR
		case !h.made[filepath.Clean(path)] && unix.Access(path, unix.X_OK) != nil:
			return syscall.EACCES
		}
	}
	h.enter(filepath.Clean(path))
	return nil
}

func (h *Rehearsal) enter(dir string) {
	h.dir = dir
	if h.programs != nil {
		os.Chdir(dir) // one that is only taken for made cannot be entered
	}
}

// Directory implements [procmailrc.Host].
func (h *Rehearsal) Directory() string { return h.dir }

// Clone implements [procmailrc.Host].
func (h *Rehearsal) Clone() (restore func()) {
	dir := h.dir
	return func() { h.enter(dir) }
}

// Umask implements [procmailrc.Host].
func (h *Rehearsal) Umask(uint32) {}

// Mkdir implements [procmailrc.Host].
func (h *Rehearsal) Mkdir(dir string) error {
	path := h.path(dir)
	if known(path) {
		if err := h.room(path); err != nil {
			return err
		}
	}
	h.made[filepath.Clean(path)] = true
	return nil
}

// room tells why a name cannot be made: the directory is missing or not ours to
// write to.
func (h *Rehearsal) room(path string) error {
	above := filepath.Dir(filepath.Clean(path))
	if h.made[above] {
		return nil
	}
	info, err := h.files.Stat(above)
	switch {
	case err != nil:
		return err
	case !info.Dir:
		return syscall.ENOTDIR
	}
	return unix.Access(above, unix.W_OK|unix.X_OK)
}

// writable tells why a file cannot be written to.
func (h *Rehearsal) writable(path string) error {
	info, err := h.Stat(path)
	switch {
	case path == "":
		return syscall.ENOENT
	case !known(path):
		return nil
	case err == syscall.ENOENT && !strings.HasSuffix(path, "/"):
		return h.room(path)
	case err != nil:
		return err
	case info.Dir:
		return syscall.EISDIR
	}
	return unix.Access(path, unix.W_OK)
}

// Lock implements [procmailrc.Host]. Nobody else's lockfile is waited for.
func (h *Rehearsal) Lock(name string, _ procmailrc.LockOptions) error {
	path := h.path(name)
	if _, err := h.Stat(path); err == nil || !known(path) {
		return nil
	}
	return h.room(path)
}

// Unlock implements [procmailrc.Host].
func (h *Rehearsal) Unlock(string) error { return nil }

// Run implements [procmailrc.Host]. What takes the message is never run, nor is
// TRAP.
func (h *Rehearsal) Run(p *procmailrc.Program) procmailrc.Result {
	run := h.programs != nil && !p.Delivers && p.Output != procmailrc.ToLog
	if h.Ran != nil {
		h.Ran(p, run)
	}
	if run {
		return h.programs.Run(p)
	}
	result := procmailrc.Result{NotRun: true}
	if p.Output == procmailrc.Capture {
		result.Output = []byte(h.Output)
	}
	return result
}

// Deliver implements [procmailrc.Host].
func (h *Rehearsal) Deliver(d *procmailrc.Delivery) (where []string, err error) {
	path := h.path(d.Path)
	if d.Kind == procmailrc.Mbox {
		if err := h.writable(path); err != nil {
			return nil, err
		}
		d.Begun = true
		return []string{d.Path}, nil
	}
	for _, f := range append([]procmailrc.Folder{d.Folder}, d.Links...) {
		sub := h.path(f.Path)
		if f.Kind == procmailrc.Maildir {
			sub += "/new"
		}
		if err := h.room(sub + "/name"); err != nil && known(sub) {
			if f == d.Folder {
				return nil, err
			}
			d.LinkFailed(f.Path)
			continue
		}
		where = append(where, sub+"/"+madeUp)
	}
	d.Begun = true
	return where, nil
}

// madeUp is the name of a message file that is not made.
const madeUp = "MESSAGE"

// Stdout implements [procmailrc.Host].
func (h *Rehearsal) Stdout(procmailrc.Text) error { return nil }

// Notify implements [procmailrc.Host].
func (h *Rehearsal) Notify(string, string) {}
