package maildir

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

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

// Options say what may be created.
type Options struct {
	// Create makes a missing Maildir and the directories above it.
	Create bool
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

	create bool // what is missing
}

// Open opens the Maildir at a location. It must belong to the effective user.
// The error names the object in the way, and wraps [ErrUnsafe] or the errno.
func Open(at Location, o Options) (*Box, error) {
	dir, err := openDir(at, o.Create)
	if err != nil {
		return nil, err
	}
	path := at.String()
	if err := checkOwner(dir, path); err != nil {
		unix.Close(dir)
		return nil, err
	}
	if o.Folder != "" {
		if dir, path, err = openFolder(dir, path, o); err != nil {
			return nil, err
		}
	}
	b := &Box{path: path, dir: dir, new: -1, create: o.Create || o.CreateFolder && path != at.String()}
	if b.new, err = b.openSub("new", readDir); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

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

// openDir walks to the Maildir.
func openDir(at Location, create bool) (int, error) {
	trusted := filepath.Clean(at.Trusted) // a final slash would follow a symbolic link
	flags := pathOnly
	if len(at.Below) == 0 {
		flags |= unix.O_NOFOLLOW
	}
	dir, err := openat(unix.AT_FDCWD, trusted, flags, 0)
	if err == unix.ENOENT && create {
		dir, err = createTrusted(trusted)
		if err != nil {
			return -1, err
		}
	}
	if err != nil {
		return -1, openFailed(trusted, err)
	}
	for i, name := range at.Below {
		path := join(trusted, at.Below[:i+1])
		if name == "" || name == "." || name == ".." || filepath.Base(name) != name {
			unix.Close(dir)
			return -1, fmt.Errorf("%w: %q is no name of a directory in %s", ErrUnsafe, name, filepath.Dir(path))
		}
		next, err := openat(dir, name, pathOnly|unix.O_NOFOLLOW, 0)
		if err == unix.ENOENT && create {
			next, err = makeDir(dir, name, path)
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
	fd, err := openat(b.dir, name, flags|unix.O_NOFOLLOW, 0)
	if err == unix.ENOENT && b.create {
		if err := makeSubs(b.dir, b.path); err != nil {
			return -1, err
		}
		fd, err = openat(b.dir, name, flags|unix.O_NOFOLLOW, 0)
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
			return refuse(path, &st, "move it away: a Maildir is a directory")
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
