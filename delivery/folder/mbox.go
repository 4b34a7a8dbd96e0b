package folder

import (
	"context"
	"fmt"
	"io/fs"
	"sync"

	"golang.org/x/sys/unix"

	"lastmile/delivery/internal/lockfile"
	"lastmile/maildir"
	"lastmile/maildir/durable"
)

// openTries is how often an mbox is opened again because another file has taken
// its place while its lock was waited for: a mail reader does that once, when it
// saves.
const openTries = 20

// Options say how to open an mbox.
type Options struct {
	// Mode is the mode of a new file, whatever the umask of the process; 0 for
	// 0600.
	Mode fs.FileMode
	// FollowLink takes the file for one that the user who runs us has named, in a
	// file of the user's own such as .procmailrc. It may then be a symbolic link,
	// even to a file that is yet to be made, a file with several links or of
	// somebody else, or a device, as procmail has it.
	FollowLink bool
	// Lock, if not nil, is how the lock file PATH.lock is made. There is none for
	// a device.
	Lock *lockfile.Options
	// LockOptional goes on without the lock file if it may not be made there, for
	// want of permission: the lock on the file itself then has to do.
	LockOptional bool
	// Separate puts an empty line before the message if the file does not end in
	// one, so that what another program left there does not swallow it. procmail
	// and Postfix do not.
	Separate bool
	// Mark sets the execute bit for others, which procmail does under a UMASK
	// that leaves this bit, as a sign of new mail.
	Mark bool
}

// Mbox is an mbox file, open and locked for one message. It is an io.Writer:
// what is written stands at the end of the file, and stays there if Commit says
// so. Commit or Abort must be called.
type Mbox struct {
	path string
	dir  int // O_PATH
	name string
	fd   int
	o    Options
	lock *lockfile.Lock

	size    int64 // before the message
	created bool
	device  bool

	mu      sync.Mutex // Abort may come from another goroutine
	written int64
	pushed  int64
	broken  error // of a write or sync
	synced  bool
	done    bool
}

// Open opens an mbox, which it makes if it is missing, and locks it. It waits
// for the locks of others until ctx ends, or until [Options.Lock] says; the error
// then wraps that of ctx, or EEXIST.
func Open(ctx context.Context, path string, o Options) (*Mbox, error) {
	return OpenAt(ctx, maildir.Location{Trusted: path}, o)
}

// OpenAt is [Open] for a path that has a part from somewhere else: in that part
// no symbolic link is followed.
func OpenAt(ctx context.Context, at maildir.Location, o Options) (*Mbox, error) {
	dir, name, err := maildir.OpenParent(at)
	if err != nil {
		return nil, err
	}
	if o.Mode == 0 {
		o.Mode = 0o600
	}
	m := &Mbox{path: at.String(), dir: dir, name: name, fd: -1, o: o}
	if err := m.open(ctx); err != nil {
		m.Abort()
		return nil, err
	}
	return m, nil
}

// Dir returns the descriptor of the directory that the mbox is in, open with O_PATH.
func (m *Mbox) Dir() int { return m.dir }

// open opens and locks the file.
func (m *Mbox) open(ctx context.Context) error {
	for range openTries {
		if err := m.dotLock(ctx); err != nil {
			return err
		}
		if err := m.openFile(); err != nil {
			return err
		}
		if m.device {
			return nil
		}
		if err := durable.Lock(ctx, m.fd); err != nil {
			return fmt.Errorf("lock %s: %w", m.path, err)
		}
		same, err := m.check()
		if err != nil {
			return err
		}
		if same {
			return m.begin()
		}
		unix.Close(m.fd)
		m.fd, m.created = -1, false
	}
	return failed("open", m.path, unix.ESTALE)
}

// dotLock makes the lock file, if it is wanted for what is there.
func (m *Mbox) dotLock(ctx context.Context) error {
	var st unix.Stat_t
	err := unix.Fstatat(m.dir, m.name, &st, m.atFlags())
	if err == nil {
		if err := m.checkKind(&st); err != nil {
			return err
		}
	}
	if m.o.Lock == nil || m.lock != nil || err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil
	}
	lock, err := lockfile.AcquireAt(ctx, m.dir, m.name+".lock", m.path+".lock", *m.o.Lock)
	if err != nil {
		if m.o.LockOptional && mayNot(err) {
			return nil
		}
		return err
	}
	m.lock = lock
	return nil
}

// atFlags returns how a name is looked at.
func (m *Mbox) atFlags() int {
	if m.o.FollowLink {
		return 0
	}
	return unix.AT_SYMLINK_NOFOLLOW
}

// checkKind refuses what mail cannot be put in.
func (m *Mbox) checkKind(st *unix.Stat_t) error {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return nil
	case unix.S_IFCHR:
		if m.o.FollowLink {
			return nil
		}
	}
	return refuse(m.path, "is a "+kindOf(st))
}

// openFile opens the file or makes it.
func (m *Mbox) openFile() (err error) {
	flags := unix.O_APPEND | unix.O_NONBLOCK // nothing is waited for here
	if !m.o.FollowLink {
		flags |= unix.O_NOFOLLOW
	}
	create := unix.O_CREAT | unix.O_EXCL
	for range openTries {
		if m.fd, err = m.openExisting(flags); err != unix.ENOENT {
			break
		}
		m.fd, err = durable.OpenAt(m.dir, m.name, unix.O_RDWR|flags|create, uint32(m.o.Mode.Perm()))
		if m.created = err == nil; err != unix.EEXIST {
			break
		}
		if m.o.FollowLink {
			create = unix.O_CREAT // perhaps a symbolic link to a file yet to be made
		}
	}
	switch {
	case err == unix.ELOOP && !m.o.FollowLink:
		return refuse(m.path, "is a symbolic link")
	case err != nil:
		return failed("open", m.path, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(m.fd, &st); err != nil {
		return failed("stat", m.path, err)
	}
	m.device = st.Mode&unix.S_IFMT == unix.S_IFCHR
	if m.created {
		if err := setMode(m.fd, m.o.Mode); err != nil {
			return failed("chmod", m.path, err)
		}
	}
	return m.checkKind(&st)
}

// openExisting opens the file, for reading as well if that is wanted and may be.
func (m *Mbox) openExisting(flags int) (int, error) {
	if m.o.Separate {
		if fd, err := durable.OpenAt(m.dir, m.name, unix.O_RDWR|flags, 0); err != unix.EACCES {
			return fd, err
		}
	}
	return durable.OpenAt(m.dir, m.name, unix.O_WRONLY|flags, 0)
}

// check tells whether the path still leads to the file now that it is locked,
// and whether it is one to put mail in.
func (m *Mbox) check() (same bool, err error) {
	var st, there unix.Stat_t
	if err := unix.Fstat(m.fd, &st); err != nil {
		return false, failed("stat", m.path, err)
	}
	switch err := unix.Fstatat(m.dir, m.name, &there, m.atFlags()); {
	case err == unix.ENOENT:
		return false, nil
	case err != nil:
		return false, failed("stat", m.path, err)
	case st.Dev != there.Dev || st.Ino != there.Ino:
		return false, nil
	}
	m.size = st.Size
	if m.o.FollowLink {
		return true, nil
	}
	switch {
	case st.Nlink != 1:
		return false, refuse(m.path, fmt.Sprintf("has %d hard links", st.Nlink))
	case int(st.Uid) != unix.Geteuid():
		return false, refuse(m.path, fmt.Sprintf("belongs to uid %d; we run as uid %d", st.Uid, unix.Geteuid()))
	}
	return true, nil
}

// begin does what comes before the message.
func (m *Mbox) begin() error {
	if m.o.Mark {
		var st unix.Stat_t
		if unix.Fstat(m.fd, &st) == nil && st.Mode&1 == 0 {
			unix.Fchmod(m.fd, st.Mode&0o7777|1) // no more than a sign
		}
	}
	if !m.o.Separate || m.size == 0 {
		return nil
	}
	var tail [2]byte
	n := min(m.size, 2)
	if got, err := unix.Pread(m.fd, tail[2-n:], m.size-n); err == unix.EBADF {
		return nil // it may be written but not read
	} else if err != nil || int64(got) != n {
		return failed("read", m.path, err)
	}
	gap := ""
	switch {
	case tail[1] != '\n':
		gap = "\n\n"
	case tail[0] != '\n':
		gap = "\n"
	}
	_, err := m.Write([]byte(gap))
	return err
}
