package lockfile

import (
	"fmt"
	"io/fs"
	"math/rand/v2"

	"golang.org/x/sys/unix"

	"lastmile/maildir/durable"
)

// create makes the file once, exclusively, and returns the time of the file
// system in seconds. The error is an errno, EEXIST if the name is taken.
func create(dir int, name string, mode fs.FileMode) (now int64, err error) {
	temp := tempName()
	fd, err := durable.OpenAt(dir, temp, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, uint32(mode.Perm()))
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	defer unix.Unlinkat(dir, temp, 0)
	if err := unix.Fchmod(fd, uint32(mode.Perm())); err != nil {
		return 0, err
	}
	if _, err := unix.Write(fd, []byte{'0'}); err != nil {
		return 0, err
	}
	var ours unix.Stat_t
	if err := unix.Fstatat(dir, temp, &ours, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return 0, err
	}
	err = unix.Linkat(dir, temp, dir, name, 0)
	if err == nil {
		return ours.Mtim.Sec, nil
	}
	var there unix.Stat_t
	if unix.Fstatat(dir, name, &there, unix.AT_SYMLINK_NOFOLLOW) == nil && there.Dev == ours.Dev && there.Ino == ours.Ino {
		return ours.Mtim.Sec, nil // it was linked; only the reply said otherwise
	}
	switch err {
	case unix.EXDEV, unix.EPERM, unix.EOPNOTSUPP:
		// A file system without hard links: O_EXCL is what there is.
		return ours.Mtim.Sec, createPlain(dir, name, mode)
	}
	return ours.Mtim.Sec, err
}

// createPlain makes the file where links do not exist.
func createPlain(dir int, name string, mode fs.FileMode) error {
	fd, err := durable.OpenAt(dir, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, uint32(mode.Perm()))
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err = unix.Fchmod(fd, uint32(mode.Perm())); err == nil {
		_, err = unix.Write(fd, []byte{'0'})
	}
	if err != nil {
		unix.Unlinkat(dir, name, 0)
	}
	return err
}

// tempName returns a name that nobody else uses, and that no reader of a mail
// folder takes for a message: those of MH are numbers, those of other
// directories have their prefix.
func tempName() string {
	return fmt.Sprintf("_%d.%016x", unix.Getpid(), rand.Uint64())
}

func openDir(path string) (int, error) {
	return durable.OpenAt(unix.AT_FDCWD, path, unix.O_PATH|unix.O_DIRECTORY, 0)
}
