package folder

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// The system calls, each again after EINTR; made plainly for the reason that
// package maildir gives.

func openat(dir int, name string, flags int, mode uint32) (int, error) {
	for {
		fd, err := unix.Openat(dir, name, flags|unix.O_CLOEXEC|unix.O_NOCTTY, mode)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// writeAll returns how much was written, after an error as well.
func writeAll(fd int, p []byte) (written int, err error) {
	for written < len(p) {
		n, err := unix.Write(fd, p[written:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}

func fsync(fd int) error {
	for {
		if err := unix.Fsync(fd); err != unix.EINTR {
			return err
		}
	}
}

// fsyncDir makes the names in a directory durable. A file system that cannot
// sync a directory is synced as a whole, and so is that of a directory which
// can be searched and written but not read.
func fsyncDir(dir int) error {
	fd, err := openat(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	switch {
	case err == unix.EACCES:
		unix.Sync()
		return nil
	case err != nil:
		return err
	}
	defer unix.Close(fd)
	switch err := fsync(fd); err {
	case unix.EINVAL, unix.ENOSYS, unix.EOPNOTSUPP:
		return unix.Syncfs(fd)
	default:
		return err
	}
}

// setMode gives a new file its mode, of which the umask may have taken some.
func setMode(fd int, mode fs.FileMode) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&0o777 == uint32(mode.Perm()) {
		return err
	}
	return unix.Fchmod(fd, uint32(mode.Perm()))
}

// push begins to write what a large message has so far to the disk, so that the
// final fsync is short, and returns up to where.
func push(fd int, from, to int64) int64 {
	const every = 4 << 20
	if to-from < every {
		return from
	}
	unix.SyncFileRange(fd, from, to-from, unix.SYNC_FILE_RANGE_WRITE) // an error would come again from fsync
	return to
}
