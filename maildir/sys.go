package maildir

import "golang.org/x/sys/unix"

// The system calls of a delivery, each again after EINTR. They are made plainly
// because an os.File registers with the poller, which costs two descriptors and
// three calls for every regular file, and ends the process where there are no
// descriptors left.

const (
	pathOnly = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
	readDir  = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC
)

func openat(dir int, path string, flags int, mode uint32) (int, error) {
	for {
		fd, err := unix.Openat(dir, path, flags, mode)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

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
// sync a directory is synced as a whole.
func fsyncDir(fd int) error {
	switch err := fsync(fd); err {
	case unix.EINVAL, unix.ENOSYS, unix.EOPNOTSUPP:
		return unix.Syncfs(fd)
	default:
		return err
	}
}

// closeFile closes a written file. An interrupted close has closed (Linux).
func closeFile(fd int) error {
	if err := unix.Close(fd); err != unix.EINTR {
		return err
	}
	return nil
}
