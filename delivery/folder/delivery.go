package folder

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"lastmile/maildir/durable"
)

// DirOptions say how what is made in a directory folder is made. The path of
// such a folder is one that the user has named, so symbolic links are followed.
type DirOptions struct {
	// FileMode and DirMode are the modes of messages and of the directory,
	// whatever the umask of the process; 0 for 0600 and 0700.
	FileMode, DirMode fs.FileMode
	// Mark sets the execute bit for others of the directory: see [Options.Mark].
	Mark bool
}

func (o DirOptions) fileMode() fs.FileMode {
	if o.FileMode == 0 {
		return 0o600
	}
	return o.FileMode
}

// namer gives the n-th name, from 0, to try for a file; none if there is no
// other.
type namer func(n int) (name string, err error)

// Delivery is one message on its way into a directory folder. It is an
// io.Writer; what was written is delivered by Sync and then Place, and given up
// by Remove. One of the last two must be called, and then Close.
type Delivery struct {
	path  string
	dir   int // open for reading, so that it can be synced
	fd    int
	names func(*unix.Stat_t) namer

	mu     sync.Mutex
	temp   string // the name of the file, if it has to have one
	size   int64
	pushed int64
}

// create opens a folder, which it makes if it is missing but not what is above
// it, and begins a delivery into it.
func create(path string, o DirOptions, names func(*Delivery, *unix.Stat_t) namer) (*Delivery, error) {
	d := &Delivery{path: filepath.Clean(path), dir: -1, fd: -1}
	d.names = func(st *unix.Stat_t) namer { return names(d, st) }
	var err error
	if d.dir, err = openFolder(d.path, o); err != nil {
		return nil, err
	}
	d.fd, err = durable.OpenAt(d.dir, ".", unix.O_TMPFILE|unix.O_RDWR, uint32(o.fileMode().Perm()))
	switch err {
	case unix.EOPNOTSUPP, unix.EISDIR, unix.EINVAL, unix.ENOENT, unix.ENOSYS:
		err = d.createNamed(o.fileMode())
	}
	if err == nil {
		err = setMode(d.fd, o.fileMode())
	}
	if err != nil {
		d.Remove()
		d.Close()
		return nil, failed("create a file in", d.path, err)
	}
	return d, nil
}

// openFolder opens the directory, or makes it, and its name durable.
func openFolder(path string, o DirOptions) (int, error) {
	dir, err := durable.OpenAt(unix.AT_FDCWD, path, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err == unix.ENOENT {
		mode := o.DirMode
		if mode == 0 {
			mode = 0o700
		}
		if err := unix.Mkdir(path, uint32(mode.Perm())); err != nil && err != unix.EEXIST {
			return -1, failed("create", path, err)
		}
		if dir, err = durable.OpenAt(unix.AT_FDCWD, path, unix.O_RDONLY|unix.O_DIRECTORY, 0); err == nil {
			if err = setMode(dir, mode); err == nil {
				err = syncAbove(path)
			}
		}
	}
	if err != nil {
		if dir >= 0 {
			unix.Close(dir)
		}
		return -1, failed("open", path, err)
	}
	var st unix.Stat_t
	if o.Mark && unix.Fstat(dir, &st) == nil && st.Mode&1 == 0 {
		unix.Fchmod(dir, st.Mode&0o7777|1) // no more than a sign
	}
	return dir, nil
}

func syncAbove(path string) error {
	above, err := durable.OpenAt(unix.AT_FDCWD, filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(above)
	return durable.SyncPath(above)
}

// setMode gives a new file its mode, of which the umask may have taken some.
func setMode(fd int, mode fs.FileMode) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&0o777 == uint32(mode.Perm()) {
		return err
	}
	return unix.Fchmod(fd, uint32(mode.Perm()))
}

// createNamed makes the file under a name that no reader takes for mail.
func (d *Delivery) createNamed(mode fs.FileMode) (err error) {
	temp := fmt.Sprintf("_%d.%016x", unix.Getpid(), rand.Uint64())
	if d.fd, err = durable.OpenAt(d.dir, temp, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, uint32(mode.Perm())); err == nil {
		d.temp = temp
	}
	return err
}

// Write implements io.Writer.
func (d *Delivery) Write(p []byte) (int, error) {
	n, err := durable.Write(d.fd, p)
	d.size += int64(n)
	if err != nil {
		return n, failed("write to a file in", d.path, err)
	}
	d.pushed = durable.Push(d.fd, d.pushed, d.size)
	return n, nil
}

// Size returns how many bytes were written.
func (d *Delivery) Size() int64 { return d.size }

// Sync puts the message on stable storage, still without a name that a reader
// would look at.
func (d *Delivery) Sync() error {
	if err := durable.Sync(d.fd); err != nil {
		return failed("sync a file in", d.path, err)
	}
	return nil
}

// Place gives the message its name, makes that durable, and returns the path.
// After an error the name is not there.
func (d *Delivery) Place() (path string, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(d.fd, &st); err != nil {
		return "", failed("stat a file in", d.path, err)
	}
	name, err := place(d.dir, d.path, d.names(&st), d.link)
	if err != nil {
		return "", err
	}
	d.Remove()
	return d.path + "/" + name, nil
}

// place links a file to the first name that is free, and syncs the directory.
func place(dir int, path string, names namer, link func(name string) error) (name string, err error) {
	for n := 0; ; n++ {
		if name, err = names(n); err != nil {
			return "", err
		}
		if err = link(name); err != unix.EEXIST {
			break
		}
	}
	if err != nil {
		return "", failed("link", path+"/"+name, err)
	}
	if err := durable.SyncDir(dir); err != nil {
		unix.Unlinkat(dir, name, 0)
		return "", failed("sync", path, err)
	}
	return name, nil
}

// link gives the file a name.
func (d *Delivery) link(name string) error {
	if d.temp != "" {
		return unix.Linkat(d.dir, d.temp, d.dir, name, 0)
	}
	err := unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(d.fd), d.dir, name, unix.AT_SYMLINK_FOLLOW)
	if err == unix.ENOENT || err == unix.EXDEV || err == unix.EPERM || err == unix.EACCES {
		// No /proc, or a rule against links from there: this wants Linux 6.10, or
		// CAP_DAC_READ_SEARCH.
		return unix.Linkat(d.fd, "", d.dir, name, unix.AT_EMPTY_PATH)
	}
	return err
}

// Remove gives the message up. It may be called from another goroutine while
// Write or Sync run, but not while Place does. After Place it does nothing.
func (d *Delivery) Remove() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.temp != "" {
		unix.Unlinkat(d.dir, d.temp, 0)
		d.temp = ""
	}
}

// Close closes what the delivery has open. It delivers nothing.
func (d *Delivery) Close() {
	for _, fd := range []int{d.fd, d.dir} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	d.fd, d.dir = -1, -1
}
