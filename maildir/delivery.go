package maildir

import (
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/maildir/durable"
)

const (
	// nameTries is how many names are tried: the first unique one is taken only
	// if a clock and a random number were both met before, a short one if this
	// process, or one of its number elsewhere, stores more in the same second.
	nameTries = 20

	// shortTries is how many of them are short, if short ones are wanted: where
	// every process has the same number, as in containers, a busy second has more
	// messages than that.
	shortTries = 10
)

// Delivery is one message on its way into a Maildir. It is an io.Writer; what
// was written is delivered by [Delivery.Sync] and then [Delivery.Place], and
// given up by [Delivery.Remove]. One of the last two must be called, and then
// [Delivery.Close].
type Delivery struct {
	box    *Box
	fd     int
	tmp    int    // tmp/, or -1 if the file has no name
	name   string // in tmp/
	size   int64
	pushed int64
}

// Create begins a delivery.
func (b *Box) Create() (*Delivery, error) {
	d := &Delivery{box: b, fd: -1, tmp: -1}
	var err error
	d.fd, err = durable.OpenAt(b.dir, "tmp", unix.O_TMPFILE|unix.O_RDWR|unix.O_NOFOLLOW, b.fileMode)
	switch err {
	case nil:
		if err := d.setMode(); err != nil {
			return nil, err
		}
		return d, nil
	case unix.EOPNOTSUPP, unix.EISDIR, unix.EINVAL, unix.ENOENT, unix.ENOSYS:
		// No O_TMPFILE in this file system or kernel, or no tmp/.
		if err := d.createNamed(); err != nil {
			return nil, err
		}
		return d, nil
	default:
		return nil, openFailed(b.path+"/tmp", err)
	}
}

// createNamed makes the file under a name in tmp/.
func (d *Delivery) createNamed() error {
	tmp, err := d.box.openSub("tmp", pathOnly)
	if err != nil {
		return err
	}
	name := uniqueName(time.Now())
	fd, err := durable.OpenAt(tmp, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, d.box.fileMode)
	if err != nil {
		unix.Close(tmp)
		return failed("create", d.box.path+"/tmp/"+name, err)
	}
	d.fd, d.tmp, d.name = fd, tmp, name
	return d.setMode()
}

// setMode gives the new file its mode where the umask may have taken some of it.
func (d *Delivery) setMode() error {
	if d.box.fileMode == 0o600 {
		return nil
	}
	if err := unix.Fchmod(d.fd, d.box.fileMode); err != nil {
		d.Remove()
		d.Close()
		return failed("chmod", d.box.path+"/tmp", err)
	}
	return nil
}

// Write implements io.Writer.
func (d *Delivery) Write(p []byte) (int, error) {
	n, err := durable.Write(d.fd, p)
	d.size += int64(n)
	if err != nil {
		return n, failed("write", d.box.path+"/tmp", err)
	}
	d.pushed = durable.Push(d.fd, d.pushed, d.size)
	return n, nil
}

// Sync puts the message on stable storage, still without a name that a reader
// would look at.
func (d *Delivery) Sync() error {
	if err := durable.Sync(d.fd); err != nil {
		return failed("sync", d.box.path+"/tmp", err)
	}
	return nil
}

// Place gives the message its name in new/, makes that durable, and returns the
// path. After an error there is nothing in new/.
func (d *Delivery) Place() (path string, err error) { return d.placeAs(d.link) }

// placeAs is Place with a way to make the name.
func (d *Delivery) placeAs(link func() (name string, err error)) (path string, err error) {
	name, err := link()
	if err != nil {
		return "", err
	}
	path = d.box.path + "/new/" + name
	err = durable.Close(d.fd)
	d.fd = -1
	if err != nil {
		err = failed("close", path, err)
	} else if err = durable.SyncDir(d.box.new); err != nil {
		err = failed("sync", d.box.path+"/new", err)
	}
	if err != nil {
		if undo := unix.Unlinkat(d.box.new, name, 0); undo != nil {
			// It may be delivered twice now, but not lost.
			err = fmt.Errorf("%w; and it could not be removed from %s: %v", err, path, undo)
		}
		return "", err
	}
	if d.name != "" {
		unix.Unlinkat(d.tmp, d.name, 0) // what stays there is no harm
	}
	return path, nil
}

// Remove gives the message up. It may be called from another goroutine while
// Write or Sync run, but not while Place does, and not after it succeeded.
func (d *Delivery) Remove() {
	if d.name != "" {
		unix.Unlinkat(d.tmp, d.name, 0)
	}
}

// Close closes what the delivery has open. It delivers nothing.
func (d *Delivery) Close() {
	for _, fd := range []int{d.fd, d.tmp} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	d.fd, d.tmp = -1, -1
}

// link makes the name in new/.
func (d *Delivery) link() (name string, err error) {
	for try := range nameTries {
		if name = uniqueName(time.Now()) + ",S=" + strconv.FormatInt(d.size, 10); d.box.short && try < shortTries {
			name = shortName(time.Now(), d.box.serial+try)
		}
		if err = d.linkAs(name); err != unix.EEXIST {
			break
		}
	}
	if err != nil {
		return "", failed("link", d.box.path+"/new/"+name, err)
	}
	return name, nil
}

func (d *Delivery) linkAs(name string) error {
	if d.name != "" {
		err := unix.Linkat(d.tmp, d.name, d.box.new, name, 0)
		if mayWorkOtherwise(err) {
			// A file system without hard links, or a rule against them.
			if err := unix.Renameat2(d.tmp, d.name, d.box.new, name, unix.RENAME_NOREPLACE); err == nil || err == unix.EEXIST {
				return err
			}
		}
		return err
	}
	// Since Linux 6.10 this is for whoever has made the file; before, it wants
	// CAP_DAC_READ_SEARCH, and says ENOENT.
	err := unix.Linkat(d.fd, "", d.box.new, name, unix.AT_EMPTY_PATH)
	if !mayWorkOtherwise(err) {
		return err
	}
	if err := unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(d.fd), d.box.new, name, unix.AT_SYMLINK_FOLLOW); !mayWorkOtherwise(err) {
		return err
	}
	// No /proc, or a rule against links from there.
	if err := d.giveName(); err != nil {
		return err
	}
	return d.linkAs(name)
}

// mayWorkOtherwise tells whether a name that could not be made in one way may be
// made in another: not if the disk is full or broken, or the name is taken.
func mayWorkOtherwise(err error) bool {
	switch err {
	case nil, unix.EEXIST, unix.ENOSPC, unix.EDQUOT, unix.EIO, unix.EROFS:
		return false
	}
	return true
}

// giveName copies a message without a name, which cannot be linked here, to one
// with a name in tmp/.
func (d *Delivery) giveName() error {
	nameless := d.fd
	if err := d.createNamed(); err != nil {
		return err
	}
	defer unix.Close(nameless)
	buf := make([]byte, 64<<10)
	for at := int64(0); at < d.size; {
		n, err := unix.Pread(nameless, buf, at)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return err
		case n == 0:
			return unix.EIO // shorter than it was written
		}
		if _, err := durable.Write(d.fd, buf[:n]); err != nil {
			return err
		}
		at += int64(n)
	}
	return durable.Sync(d.fd)
}
