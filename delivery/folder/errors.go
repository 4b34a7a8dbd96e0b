package folder

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"lastmile/maildir"
)

// ErrUnsafe is wrapped by errors that say that a file is not used for mail
// because somebody else could read or redirect what is put there, or because it
// is no kind of file that mail can be put in.
var ErrUnsafe = maildir.ErrUnsafe

// ErrAborted is returned by what is called after Abort.
var ErrAborted = errors.New("delivery was given up")

// failed describes a system call that failed, and who we are where that may be
// the reason.
func failed(op, path string, err error) error {
	e := &os.PathError{Op: op, Path: path, Err: err}
	if err == unix.EACCES || err == unix.EPERM || err == unix.EROFS {
		return fmt.Errorf("%w (we run as uid %d gid %d)", e, unix.Geteuid(), unix.Getegid())
	}
	return e
}

// refuse rejects an object and says what it is.
func refuse(path, what string) error { return fmt.Errorf("%w: %s %s", ErrUnsafe, path, what) }

// kindOf names the kind of a file.
func kindOf(st *unix.Stat_t) string {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return "file"
	case unix.S_IFDIR:
		return "directory"
	case unix.S_IFLNK:
		return "symbolic link"
	case unix.S_IFIFO:
		return "FIFO"
	case unix.S_IFSOCK:
		return "socket"
	}
	return "device"
}
