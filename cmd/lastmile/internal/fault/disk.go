//go:build amd64

package fault

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// inode is the identity of a file.
type inode struct{ dev, ino uint64 }

// name is an entry of a directory.
type name struct {
	dir  inode
	name string
}

// Disk is the account of what a program has changed and not made durable.
type Disk struct {
	dirty map[inode]bool // data
	lost  map[inode]bool // an fsync has failed: what was written may be gone
	names map[name]bool  // made, and their directory not synced
	gone  map[name]bool  // of which an fsync of the directory has failed
}

func newDisk() *Disk {
	return &Disk{dirty: map[inode]bool{}, lost: map[inode]bool{}, names: map[name]bool{}, gone: map[name]bool{}}
}

// Durable says what a power cut could take of a file: nothing if it returns nil.
// Above is a directory that was there before.
func (d *Disk) Durable(path, above string) error {
	file, err := inodeOf(path)
	switch {
	case err != nil:
		return err
	case d.lost[file]:
		return fmt.Errorf("%s: an fsync of it has failed", path)
	case d.dirty[file]:
		return fmt.Errorf("%s was written to after its last fsync", path)
	}
	for p := filepath.Clean(path); p != filepath.Clean(above); p = filepath.Dir(p) {
		dir, err := inodeOf(filepath.Dir(p))
		if err != nil {
			return err
		}
		if d.names[name{dir, filepath.Base(p)}] {
			return fmt.Errorf("the name %s was made after the last fsync of its directory", p)
		}
		if d.gone[name{dir, filepath.Base(p)}] {
			return fmt.Errorf("the first fsync of its directory after the name %s was made has failed", p)
		}
	}
	return nil
}

// Renamed takes into account that somebody else has given a file another name.
func (d *Disk) Renamed(from, to string) {
	delete(d.names, entryOf(from))
	d.names[entryOf(to)] = true
}

func inodeOf(path string) (inode, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return inode{}, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return inode{st.Dev, st.Ino}, nil
}

// note takes a call into account that has ended, with an error or without one.
func (d *Disk) note(c *Call, errno unix.Errno) {
	if errno != 0 {
		switch c.Name {
		case "fsync", "fdatasync":
			if errno == unix.EIO || errno == unix.ENOSPC || errno == unix.EDQUOT {
				d.lost[c.file] = true
				for n := range d.names {
					if n.dir == c.file {
						d.gone[n] = true
					}
				}
			}
		}
		return
	}
	switch c.Name {
	case "write", "pwrite", "ftruncate":
		d.dirty[c.file] = true
	case "fsync", "fdatasync":
		delete(d.dirty, c.file)
		for n := range d.names {
			if n.dir == c.file {
				delete(d.names, n)
			}
		}
	case "syncfs", "sync":
		clear(d.dirty)
		clear(d.names)
	case "create", "link", "rename", "mkdir":
		if c.entry.name != "" {
			d.names[c.entry] = true
		}
	case "unlink":
		delete(d.names, c.entry)
		delete(d.gone, c.entry)
	}
}

// made forgets what was known of an inode: a new file may have the number of one that
// is gone.
func (d *Disk) made(file inode) {
	delete(d.dirty, file)
	delete(d.lost, file)
}

// look finds out which file and which name a call is about.
func (t *tracer) look(c *Call, tid int, nr uint64, args [6]uint64) {
	fd := func(n uint64) {
		c.Path, _ = os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tid, int32(n)))
		c.file, _ = inodeOf(fmt.Sprintf("/proc/%d/fd/%d", tid, int32(n)))
	}
	at := func(dir, path uint64) {
		c.Path = t.path(tid, int32(dir), uintptr(path))
	}
	switch nr {
	case unix.SYS_OPENAT:
		at(args[0], args[1])
		if _, err := os.Lstat(c.Path); args[2]&unix.O_CREAT != 0 && err != nil {
			c.entry = entryOf(c.Path)
			c.makes = true
		}
		if args[2]&unix.O_TMPFILE == unix.O_TMPFILE {
			c.makes = true
		}
	case unix.SYS_MKDIRAT, unix.SYS_UNLINKAT:
		at(args[0], args[1])
		c.entry = entryOf(c.Path)
	case unix.SYS_LINKAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2:
		at(args[2], args[3])
		c.entry = entryOf(c.Path)
	case unix.SYS_NEWFSTATAT, unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2, unix.SYS_FCHMODAT, unix.SYS_UTIMENSAT, unix.SYS_READLINKAT:
		at(args[0], args[1])
	case unix.SYS_READ, unix.SYS_PREAD64, unix.SYS_WRITE, unix.SYS_PWRITE64, unix.SYS_CLOSE, unix.SYS_FSYNC, unix.SYS_FDATASYNC,
		unix.SYS_SYNCFS, unix.SYS_SYNC_FILE_RANGE, unix.SYS_FTRUNCATE, unix.SYS_FSTAT, unix.SYS_FCHMOD, unix.SYS_FCNTL, unix.SYS_GETDENTS64, unix.SYS_LSEEK:
		fd(args[0])
	}
}

// entryOf returns the name that a path ends in.
func entryOf(path string) name {
	dir, err := inodeOf(filepath.Dir(path))
	if err != nil {
		return name{}
	}
	return name{dir, filepath.Base(path)}
}

// path reads a path of a thread's call.
func (t *tracer) path(tid int, dir int32, addr uintptr) string {
	buf := make([]byte, 0, unix.PathMax)
	for len(buf) < unix.PathMax {
		piece := make([]byte, 4096-int(addr)%4096)
		local := []unix.Iovec{{Base: &piece[0], Len: uint64(len(piece))}}
		n, err := unix.ProcessVMReadv(tid, local, []unix.RemoteIovec{{Base: addr, Len: len(piece)}}, 0)
		if err != nil || n <= 0 {
			break
		}
		end := 0
		for end < n && piece[end] != 0 {
			end++
		}
		buf = append(buf, piece[:end]...)
		if end < n {
			break
		}
		addr += uintptr(n)
	}
	path := string(buf)
	if filepath.IsAbs(path) {
		return path
	}
	link := fmt.Sprintf("/proc/%d/cwd", tid)
	if dir != unix.AT_FDCWD {
		link = fmt.Sprintf("/proc/%d/fd/%d", tid, dir)
	}
	base, _ := os.Readlink(link)
	return filepath.Join(base, path)
}
