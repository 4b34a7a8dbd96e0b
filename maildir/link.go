package maildir

import (
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/maildir/durable"
)

// Link delivers a message that is already a file on the same file system: the
// file, which must be on stable storage, gets a second name in new/. After an
// error there is nothing in new/.
func (b *Box) Link(file string) (path string, err error) {
	var st unix.Stat_t
	if err := unix.Stat(file, &st); err != nil {
		return "", failed("stat", file, err)
	}
	var name string
	for range nameTries {
		name = uniqueName(time.Now()) + ",S=" + strconv.FormatInt(st.Size, 10)
		if err = unix.Linkat(unix.AT_FDCWD, file, b.new, name, 0); err != unix.EEXIST {
			break
		}
	}
	path = b.path + "/new/" + name
	if err != nil {
		return "", failed("link", path, err)
	}
	if err := durable.SyncDir(b.new); err != nil {
		unix.Unlinkat(b.new, name, 0)
		return "", failed("sync", b.path+"/new", err)
	}
	return path, nil
}
