package maildir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrUnsafe is wrapped by errors that say that a Maildir is not used because
// somebody else could read or redirect what is put there.
var ErrUnsafe = errors.New("not safe to deliver to")

// failed describes a system call that failed: what was done, on which object,
// and for want of permission also whose that object is and who we are.
func failed(op, path string, err error) error {
	e := &os.PathError{Op: op, Path: path, Err: err}
	if !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EROFS) {
		return e
	}
	if who := firstObstacle(path); who != "" {
		return fmt.Errorf("%w (%s; we run as %s)", e, who, whoAmI())
	}
	return e
}

// firstObstacle describes the nearest existing part of a path.
func firstObstacle(path string) string {
	for {
		var st unix.Stat_t
		if unix.Lstat(path, &st) == nil {
			return describe(path, &st)
		}
		parent := filepath.Dir(path)
		if parent == path {
			return ""
		}
		path = parent
	}
}

// describe says what stands at a path and whose it is.
func describe(path string, st *unix.Stat_t) string {
	kind := "file"
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		kind = "directory"
	case unix.S_IFLNK:
		kind = "symbolic link"
		if target, err := os.Readlink(path); err == nil {
			kind += " to " + target
		}
	case unix.S_IFIFO:
		kind = "FIFO"
	case unix.S_IFSOCK:
		kind = "socket"
	case unix.S_IFBLK, unix.S_IFCHR:
		kind = "device"
	}
	return fmt.Sprintf("%s: %s of uid %d gid %d, mode %04o", path, kind, st.Uid, st.Gid, st.Mode&0o7777)
}

func whoAmI() string { return fmt.Sprintf("uid %d gid %d", unix.Geteuid(), unix.Getegid()) }

// refuse rejects an object, names it, and says what to do.
func refuse(path string, st *unix.Stat_t, remedy string) error {
	return fmt.Errorf("%w: %s; we run as %s: %s", ErrUnsafe, describe(path, st), whoAmI(), remedy)
}

// join makes the path of error messages and receipts from its parts.
func join(dir string, elems []string) string {
	if len(elems) == 0 {
		return dir
	}
	return strings.TrimRight(dir, "/") + "/" + strings.Join(elems, "/")
}
