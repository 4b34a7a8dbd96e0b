// Package durable has the system calls that put bytes and names on stable storage,
// and keep others out meanwhile, each again after EINTR. They are made plainly
// because an os.File registers with the poller, which costs two descriptors and
// three calls for every regular file, and ends the process where there are no
// descriptors left.
//
// It is what package maildir, and lastmile's other mailboxes, are built on; other
// programs want package maildir.
//
// Errors are errnos: the caller knows the path.
package durable

import "golang.org/x/sys/unix"

// pushEvery is how many bytes of a large message are written before the kernel
// is asked to begin writing them to the disk. Of 1, 2, 4 and 16 MiB this was the
// fastest for messages of 10 MB; it is too much to matter for small ones.
const pushEvery = 1 << 20

// OpenAt is openat(2). The descriptor is closed on exec, and a terminal does not
// become ours.
func OpenAt(dir int, path string, flags int, mode uint32) (int, error) {
	for {
		fd, err := unix.Openat(dir, path, flags|unix.O_CLOEXEC|unix.O_NOCTTY, mode)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// Write writes all of p, and returns how much was written after an error as well.
func Write(fd int, p []byte) (written int, err error) {
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

// Push begins to write the bytes from one offset up to another to the disk, if
// they are enough to be worth it, and returns up to where it has: the disk then
// works while the message still arrives, and the final [Sync] is short.
func Push(fd int, from, to int64) int64 {
	if to-from < pushEvery {
		return from
	}
	unix.SyncFileRange(fd, from, to-from, unix.SYNC_FILE_RANGE_WRITE) // an error would come again from Sync
	return to
}

// Sync is fsync(2).
func Sync(fd int) error {
	for {
		if err := unix.Fsync(fd); err != unix.EINTR {
			return err
		}
	}
}

// SyncDir makes the names in a directory durable that is open for reading. A
// file system that cannot sync a directory is synced as a whole.
func SyncDir(dir int) error {
	switch err := Sync(dir); err {
	case unix.EINVAL, unix.ENOSYS, unix.EOPNOTSUPP:
		return unix.Syncfs(dir)
	default:
		return err
	}
}

// SyncPath is [SyncDir] for a directory that is open with O_PATH.
func SyncPath(dir int) error {
	fd, err := OpenAt(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	switch {
	case err == unix.EACCES:
		// Mode 0300 and the like: it can be searched and written, not read.
		// What was made there is synced with the rest of the file system.
		unix.Sync()
		return nil
	case err != nil:
		return err
	}
	defer unix.Close(fd)
	return SyncDir(fd)
}

// Close closes a written file. An interrupted close has closed (Linux).
func Close(fd int) error {
	if err := unix.Close(fd); err != unix.EINTR {
		return err
	}
	return nil
}
