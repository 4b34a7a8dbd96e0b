package maildir

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"lastmile/maildir/durable"
)

// createTrusted makes a missing directory and those above it, as Postfix's
// make_dirs does, and opens it.
func createTrusted(path string, mode uint32) (int, error) {
	parent, name := filepath.Split(path)
	parent = filepath.Clean(parent)
	if parent == path || name == ".." {
		return -1, failed("create", path, unix.ENOENT)
	}
	dir, err := durable.OpenAt(unix.AT_FDCWD, parent, pathOnly, 0)
	if err == unix.ENOENT {
		dir, err = createTrusted(parent, mode)
		if err != nil {
			return -1, err
		}
	}
	if err != nil {
		return -1, openFailed(parent, err)
	}
	defer unix.Close(dir)
	return makeDir(dir, name, path, mode)
}

// makeDir makes a directory in dir, unless somebody else could replace it there.
func makeDir(dir int, name, path string, mode uint32) (int, error) {
	if err := checkParent(dir, filepath.Dir(path)); err != nil {
		return -1, err
	}
	return makeDirIn(dir, name, path, mode, unix.O_NOFOLLOW)
}

// makeDirIn makes a directory, makes its name durable, and opens it. That
// another delivery made it at the same time is no error.
func makeDirIn(dir int, name, path string, mode uint32, noFollow int) (int, error) {
	if err := mkdirat(dir, name, mode); err != nil {
		return -1, failed("create", path, err)
	}
	if err := durable.SyncPath(dir); err != nil {
		return -1, failed("sync", filepath.Dir(path), err)
	}
	fd, err := durable.OpenAt(dir, name, pathOnly|noFollow, 0)
	if err != nil {
		return -1, openFailed(path, err)
	}
	return fd, nil
}

// checkParent refuses to make a directory where somebody else than the
// effective user and root could replace it.
func checkParent(dir int, path string) error {
	var st unix.Stat_t
	if err := unix.Fstat(dir, &st); err != nil {
		return failed("stat", path, err)
	}
	switch {
	case int(st.Uid) != unix.Geteuid() && st.Uid != 0:
		return refuse(path, &st, fmt.Sprintf("run lastmile as uid %d, or make the Maildir by hand", st.Uid))
	case st.Mode&unix.S_IWOTH != 0 && st.Mode&unix.S_ISVTX == 0:
		return refuse(path, &st, "chmod o-w it, or make the Maildir by hand")
	}
	return nil
}

// makeSubs makes what is missing of the three directories of a Maildir.
func makeSubs(dir int, path string, mode uint32) error {
	for _, name := range []string{"tmp", "new", "cur"} {
		if err := mkdirat(dir, name, mode); err != nil {
			return failed("create", path+"/"+name, err)
		}
	}
	if err := durable.SyncPath(dir); err != nil {
		return failed("sync", path, err)
	}
	return nil
}

// mkdirat makes a directory with exactly this mode, unless there is one.
func mkdirat(dir int, name string, mode uint32) error {
	switch err := unix.Mkdirat(dir, name, mode); {
	case err == unix.EEXIST:
		return nil
	case err != nil || mode == 0o700: // which no sensible umask narrows
		return err
	}
	return unix.Fchmodat(dir, name, mode, 0)
}
