package maildir

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"lastmile/maildir/durable"
)

// pathOnly opens a directory to be gone through, which wants no permission to
// read it.
const pathOnly = unix.O_PATH | unix.O_DIRECTORY

// Location says where a Maildir is.
type Location struct {
	// Trusted is the part of the path that the admin has written. Symbolic
	// links in it are followed, unless it is the whole path and the last of
	// its elements is one.
	Trusted string
	// Below are the further elements, which may come from an address. Each
	// must be a plain name; none is followed if it is a symbolic link.
	Below []string
}

// String returns the path.
func (l Location) String() string { return join(l.Trusted, l.Below) }

// Options say what may be created, and how a Maildir is trusted.
type Options struct {
	// Create makes a missing Maildir and the directories above it.
	Create bool
	// FollowLink takes the Maildir for one that the user who runs us has named,
	// in a file of the user's own such as .procmailrc: it may be a symbolic link
	// and may belong to somebody else, if it can be written to. Nobody but the
	// user could have put the link there or chosen whose Maildir it is, and
	// procmail, whose recipes name it so, asks no more. Of a missing one only
	// the Maildir itself is made, as procmail does, not what is above it.
	//
	// Leave it out wherever a part of the path comes from an address, or where a
	// program with more rights than the owner of the Maildir delivers.
	FollowLink bool
	// FileMode and DirMode are the modes of what is created, whatever the
	// umask of the process; 0 for 0600 and 0700.
	FileMode, DirMode fs.FileMode
	// ShortName names messages SECONDS.PID_N.HOST as procmail does, whose log has
	// room for 60 bytes of a folder. A name that is taken is never used again.
	ShortName bool
	// Serial is the first N to try. It tells the messages apart that one process
	// stores in several Maildirs, and that may be moved together later.
	Serial int
	// Folder is the name of a Maildir++ folder as [FolderKey] returns it, or
	// empty for the inbox.
	Folder string
	// CreateFolder makes a missing folder. Without it the message goes to the
	// inbox if the folder is missing.
	CreateFolder bool
}

// Box is an open Maildir, or a folder in one.
type Box struct {
	path string
	dir  int // the Maildir or folder, O_PATH
	new  int // its new/, open for syncing

	create   bool // what is missing
	fileMode uint32
	dirMode  uint32
	short    bool
	serial   int
}

// Open opens the Maildir at a location. It must belong to the effective user.
// The error names the object in the way, and wraps [ErrUnsafe] or the errno.
func Open(at Location, o Options) (*Box, error) {
	dir, err := openBox(at, o)
	if err != nil {
		return nil, err
	}
	path := at.String()
	if !o.FollowLink {
		if err := checkOwner(dir, path); err != nil {
			unix.Close(dir)
			return nil, err
		}
	}
	if o.Folder != "" {
		if dir, path, err = openFolder(dir, path, o); err != nil {
			return nil, err
		}
	}
	b := &Box{
		path: path, dir: dir, new: -1, create: o.Create || o.CreateFolder && path != at.String(),
		fileMode: modeOr(o.FileMode, 0o600), dirMode: modeOr(o.DirMode, 0o700),
		short: o.ShortName, serial: o.Serial,
	}
	if b.new, err = b.openSub("new", unix.O_RDONLY|unix.O_DIRECTORY); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// Dir returns the descriptor of the Maildir or folder, open with O_PATH.
func (b *Box) Dir() int { return b.dir }

// Path returns the path of the Maildir or folder.
func (b *Box) Path() string { return b.path }

// Close closes the Maildir. Deliveries into it must have ended.
func (b *Box) Close() {
	for _, fd := range []int{b.new, b.dir} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	b.new, b.dir = -1, -1
}

// modeOr returns the bits of a mode, or of another if it is not set.
func modeOr(m fs.FileMode, otherwise uint32) uint32 {
	if m == 0 {
		return otherwise
	}
	return uint32(m.Perm())
}

// openBox opens the directory of the Maildir, or makes it.
func openBox(at Location, o Options) (int, error) {
	if o.FollowLink {
		return openNamed(at.String(), o)
	}
	trusted := filepath.Clean(at.Trusted) // a final slash would follow a symbolic link
	flags := pathOnly
	if len(at.Below) == 0 {
		flags |= unix.O_NOFOLLOW
	}
	dir, err := durable.OpenAt(unix.AT_FDCWD, trusted, flags, 0)
	if err == unix.ENOENT && o.Create {
		dir, err = createTrusted(trusted, modeOr(o.DirMode, 0o700))
		if err != nil {
			return -1, err
		}
	}
	if err != nil {
		return -1, openFailed(trusted, err)
	}
	return walk(dir, trusted, at.Below, o)
}

// OpenParent opens, with O_PATH, the directory that the last element of a
// location is in, and returns that element: for other kinds of mailboxes than
// Maildirs. Symbolic links are followed in the trusted part of the directory
// only. The caller closes it.
func OpenParent(at Location) (dir int, name string, err error) {
	above, below := filepath.Clean(at.Trusted), at.Below
	if n := len(below); n > 0 {
		name, below = below[n-1], below[:n-1]
	} else {
		name, above = filepath.Base(above), filepath.Dir(above)
	}
	if !plainName(name) {
		return -1, "", fmt.Errorf("%w: %q is no name of a file", ErrUnsafe, name)
	}
	if dir, err = durable.OpenAt(unix.AT_FDCWD, above, pathOnly, 0); err != nil {
		return -1, "", openFailed(above, err)
	}
	dir, err = walk(dir, above, below, Options{})
	return dir, name, err
}

// plainName tells whether a text is one element of a path.
func plainName(name string) bool {
	return name != "" && name != "." && name != ".." && strings.IndexByte(name, '/') < 0
}

// openNamed opens or makes a Maildir that the user has named.
func openNamed(path string, o Options) (int, error) {
	path = filepath.Clean(path)
	dir, err := durable.OpenAt(unix.AT_FDCWD, path, pathOnly, 0)
	if err != unix.ENOENT || !o.Create {
		if err != nil {
			return -1, failed("open", path, err)
		}
		return dir, nil
	}
	above, err := durable.OpenAt(unix.AT_FDCWD, filepath.Dir(path), pathOnly, 0)
	if err != nil {
		return -1, failed("create", path, err)
	}
	defer unix.Close(above)
	return makeDirIn(above, filepath.Base(path), path, modeOr(o.DirMode, 0o700), 0)
}

// walk goes down from an open directory, which it closes, by plain names.
func walk(dir int, trusted string, below []string, o Options) (int, error) {
	for i, name := range below {
		path := join(trusted, below[:i+1])
		if !plainName(name) {
			unix.Close(dir)
			return -1, fmt.Errorf("%w: %q is no name of a directory in %s", ErrUnsafe, name, filepath.Dir(path))
		}
		next, err := durable.OpenAt(dir, name, pathOnly|unix.O_NOFOLLOW, 0)
		if err == unix.ENOENT && o.Create {
			next, err = makeDir(dir, name, path, modeOr(o.DirMode, 0o700))
			if err != nil {
				unix.Close(dir)
				return -1, err
			}
		}
		unix.Close(dir)
		if err != nil {
			return -1, openFailed(path, err)
		}
		dir = next
	}
	return dir, nil
}

// openSub opens new/ or tmp/. Missing ones are made if the Maildir may be.
func (b *Box) openSub(name string, flags int) (int, error) {
	path := b.path + "/" + name
	fd, err := durable.OpenAt(b.dir, name, flags|unix.O_NOFOLLOW, 0)
	if err == unix.ENOENT && b.create {
		if err := makeSubs(b.dir, b.path, b.dirMode); err != nil {
			return -1, err
		}
		fd, err = durable.OpenAt(b.dir, name, flags|unix.O_NOFOLLOW, 0)
	}
	if err != nil {
		return -1, openFailed(path, err)
	}
	return fd, nil
}

// openFailed explains why a directory could not be opened: O_NOFOLLOW with
// O_DIRECTORY says ENOTDIR or ELOOP for a symbolic link.
func openFailed(path string, err error) error {
	var st unix.Stat_t
	if unix.Lstat(path, &st) == nil {
		switch {
		case st.Mode&unix.S_IFMT == unix.S_IFLNK:
			return refuse(path, &st, "give the path that the link leads to, or make it a directory")
		case st.Mode&unix.S_IFMT != unix.S_IFDIR:
			return refuse(path, &st, "move it away: a directory is wanted there")
		}
	}
	return failed("open", path, err)
}

// checkOwner refuses a Maildir of somebody else: they could take the message
// away, and would not be able to read it.
func checkOwner(dir int, path string) error {
	var st unix.Stat_t
	if err := unix.Fstat(dir, &st); err != nil {
		return &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if int(st.Uid) != unix.Geteuid() {
		return refuse(path, &st, fmt.Sprintf("run lastmile as uid %d, or chown the Maildir", st.Uid))
	}
	return nil
}
