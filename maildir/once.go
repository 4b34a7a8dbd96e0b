package maildir

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/maildir/durable"
)

// A Maildir cannot tell by itself whether it has had a message before: readers
// give files other names, move them to other folders, delete them. So
// [Delivery.Recall] keeps a journal beside the messages, of fixed size, with the
// last of them in a ring:
//
//	lock    the journal                  against other deliveries with a key
//	find    the key                      placed: there is nothing to do
//	write   key, time, size, "intended"; fsync
//	link    new/TIME.Kkey.lastmile,S=size; fsync new/
//	write   "placed"
//
// After a crash the entry is there and says "intended": then the name, which the
// entry decides, is looked for in new/ and in cur/. Only a message that was moved
// elsewhere or deleted in the moment between the link and the crash's end comes
// again. "Placed" is written when the name is durable, so that no crash leaves an
// entry that says so of a message which is not there.
const (
	journalName = "lastmile-ids"

	// entrySize is that of an entry: state, microseconds, seconds, size of the
	// message, key. The first one holds the number of the entry that was written
	// last instead. None crosses a sector of the disk, which is written as a whole.
	entrySize = 32
	// entries is how many entries there are. A message is tried again within hours
	// (Postfix: maximal_backoff_time, 4000 s), in which no more than this reach one
	// mailbox; the journal has 64 KiB.
	entries = 2048

	stateAt  = 0 // 8 bits; then 24 of microseconds and 32 of seconds
	sizeAt   = 8 // 64 bits
	keyAt    = 16
	keySize  = entrySize - keyAt // what is kept of a key
	intended = 'i'
	placed   = 'p'
)

// notJournal is the remedy for what is in the journal's place.
const notJournal = "move it away: it is not the journal that --id keeps there"

// Key tells a message that is delivered again from all others: it must depend on
// all that makes the two the same, and on the content.
type Key [32]byte

// Once is a delivery of a message that the Maildir may have had before. Others
// with a key wait until it is closed.
type Once struct {
	delivery *Delivery
	journal  *journal
	key      Key
}

// Recall looks a message up, after Sync, that is to be placed once. It waits for
// other such deliveries, so it is no part of the final step.
func (d *Delivery) Recall(key Key) (*Once, error) {
	j, err := d.box.openJournal()
	if err != nil {
		return nil, err
	}
	return &Once{delivery: d, journal: j, key: key}, nil
}

// Close lets other deliveries go on.
func (o *Once) Close() { unix.Close(o.journal.fd) }

// Place is [Delivery.Place] for a message that may have been delivered here
// before: then nothing is done but to see to it that it is on stable storage,
// already is true, and the caller gives this delivery up with [Delivery.Remove].
func (o *Once) Place() (path string, already bool, err error) {
	d, j := o.delivery, o.journal
	n := j.find(o.key)
	if n > 0 {
		if already, err = d.was(j, n); err != nil {
			return "", false, err
		}
	}
	if already {
		path = d.box.path + "/new/" + j.name(n)
	} else {
		if n, err = j.intend(n, o.key, d.size, time.Now()); err != nil {
			return "", false, err
		}
		name := j.name(n)
		if path, err = d.placeAs(func() (string, error) { return name, d.linkTo(name) }); err != nil {
			return "", false, err
		}
	}
	j.mark(n, placed) // if this fails the name tells
	return path, already, nil
}

// linkTo is linkAs with the error of a person.
func (d *Delivery) linkTo(name string) error {
	if err := d.linkAs(name); err != nil {
		return failed("link", d.box.path+"/new/"+name, err)
	}
	return nil
}

// was tells whether the message of an entry has been delivered. One whose name is
// there, but may be of no long life yet, is put on stable storage.
func (d *Delivery) was(j *journal, n int) (bool, error) {
	if j.entry(n)[stateAt] == placed {
		return true, nil
	}
	var st unix.Stat_t
	name, path := j.name(n), d.box.path+"/new"
	switch err := unix.Fstatat(d.box.new, name, &st, unix.AT_SYMLINK_NOFOLLOW); err {
	case nil:
		if err := durable.SyncDir(d.box.new); err != nil {
			return false, failed("sync", path, err)
		}
		return true, nil
	case unix.ENOENT:
		return d.box.hasSeen(name)
	default:
		return false, failed("stat", path+"/"+name, err)
	}
}

// hasSeen tells whether a reader has moved a message to cur/, and if so makes that
// durable.
func (b *Box) hasSeen(name string) (bool, error) {
	fd, err := b.openSub("cur", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return false, err
	}
	path := b.path + "/cur"
	cur := os.NewFile(uintptr(fd), path)
	defer cur.Close()
	for {
		names, err := cur.Readdirnames(1000)
		for _, there := range names {
			if rest, ok := strings.CutPrefix(there, name); ok && (rest == "" || rest[0] == ':' || rest[0] == ',') { // mbsync puts ,U=7 there
				if err := durable.SyncDir(fd); err != nil {
					return false, failed("sync", path, err)
				}
				return true, nil
			}
		}
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, failed("read", path, err)
		}
	}
}

// journal is the open and locked journal.
type journal struct {
	path string
	fd   int
	data []byte
}

// openJournal opens the journal, or makes it, and locks it. The lock goes when it is
// closed.
func (b *Box) openJournal() (*journal, error) {
	j := &journal{path: b.path + "/" + journalName}
	const flags = unix.O_RDWR | unix.O_NOFOLLOW | unix.O_NONBLOCK
	var err error
	if j.fd, err = durable.OpenAt(b.dir, journalName, flags, 0); err == unix.ENOENT {
		if j.fd, err = durable.OpenAt(b.dir, journalName, flags|unix.O_CREAT, 0o600); err == nil {
			err = durable.SyncPath(b.dir)
		}
	}
	if err != nil {
		if j.fd >= 0 {
			unix.Close(j.fd)
		}
		var st unix.Stat_t
		if unix.Fstatat(b.dir, journalName, &st, unix.AT_SYMLINK_NOFOLLOW) == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
			return nil, refuse(j.path, &st, notJournal)
		}
		return nil, failed("open", j.path, err)
	}
	if err := j.read(); err != nil {
		unix.Close(j.fd)
		return nil, err
	}
	return j, nil
}

// read locks the file and reads it. One that is shorter was never whole: nothing in it
// can be believed.
func (j *journal) read() error {
	var st unix.Stat_t
	if err := unix.Fstat(j.fd, &st); err != nil {
		return failed("stat", j.path, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Nlink != 1 || int(st.Uid) != unix.Geteuid() || st.Size > entries*entrySize {
		return refuse(j.path, &st, notJournal)
	}
	if err := j.lock(); err != nil {
		return failed("lock", j.path, err)
	}
	j.data = make([]byte, entries*entrySize)
	got := 0
	for got < len(j.data) {
		n, err := unix.Pread(j.fd, j.data[got:], int64(got))
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return failed("read", j.path, err)
		case n == 0:
			clear(j.data)
			return nil
		}
		got += n
	}
	return nil
}

// lock waits for other deliveries, as long as they may take for two fsyncs each.
func (j *journal) lock() error {
	const most = time.Minute
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	err := durable.Lock(ctx, j.fd)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("another process has held it for %v: %w", most, unix.EAGAIN)
	}
	return err
}

func (j *journal) entry(n int) []byte { return j.data[n*entrySize : (n+1)*entrySize] }

// find returns the number of the entry with a key, 0 if there is none.
func (j *journal) find(key Key) int {
	for n := 1; n < entries; n++ {
		if e := j.entry(n); e[stateAt] != 0 && bytes.Equal(e[keyAt:], key[:keySize]) {
			return n
		}
	}
	return 0
}

// name is that of an entry's message. No host is in it: the next try may be made on
// another one. The time is, so that a message which comes again when the journal
// has forgotten it does not get a name that a reader knows.
func (j *journal) name(n int) string {
	e := j.entry(n)
	at, size := binary.LittleEndian.Uint64(e), binary.LittleEndian.Uint64(e[sizeAt:])
	return fmt.Sprintf("%d.M%06dK%s.lastmile,S=%d", at>>32, at>>8&0xffffff, hex.EncodeToString(e[keyAt:]), size)
}

// intend makes an entry, or an old one anew, and puts it on stable storage.
func (j *journal) intend(n int, key Key, size int64, now time.Time) (int, error) {
	if n == 0 {
		n = 1 + int(binary.LittleEndian.Uint32(j.data))%(entries-1)
		binary.LittleEndian.PutUint32(j.data, uint32(n))
	}
	e := j.entry(n)
	binary.LittleEndian.PutUint64(e, uint64(now.Unix())<<32|uint64(now.Nanosecond()/1000)<<8|intended)
	binary.LittleEndian.PutUint64(e[sizeAt:], uint64(size))
	copy(e[keyAt:], key[:keySize])
	var st unix.Stat_t
	err := unix.Fstat(j.fd, &st)
	switch {
	case err != nil:
	case st.Size != int64(len(j.data)):
		err = j.write(0, j.data)
	default:
		if err = j.write(n*entrySize, e); err == nil {
			err = j.write(0, j.data[:entrySize])
		}
	}
	if err == nil {
		err = durable.Sync(j.fd)
	}
	if err != nil {
		return 0, failed("write", j.path, err)
	}
	return n, nil
}

// mark gives an entry another state.
func (j *journal) mark(n int, state byte) error {
	return j.write(n*entrySize+stateAt, []byte{state})
}

func (j *journal) write(at int, p []byte) error {
	for len(p) > 0 {
		n, err := unix.Pwrite(j.fd, p, int64(at))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		at, p = at+n, p[n:]
	}
	return nil
}
