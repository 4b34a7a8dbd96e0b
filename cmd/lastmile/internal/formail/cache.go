package formail

import (
	"bufio"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// cache is the file of -D: a ring of NUL-terminated keys, about size bytes long.
// An empty key marks where the next one goes; what follows up to the NUL after it
// is the rest of a key that has been written over.
type cache struct {
	file *os.File
	size int64
}

// close closes the file. A nil cache is none.
func (c *cache) close() {
	if c != nil {
		c.file.Close()
	}
}

// known tells whether a key is in the cache, and adds it if not. A cache that
// cannot be read or written knows nothing: the message is delivered once more
// rather than lost.
func (c *cache) known(key string) bool {
	unlock := c.lock()
	defer unlock()
	at, found := c.look(key)
	if found {
		return true
	}
	c.file.WriteAt([]byte(key+"\x00\x00"), at)
	return false
}

// lock keeps other processes off the cache, in case the caller does not (the
// original relies on procmail's local lockfile). Where a file system has no
// locks, nothing is locked.
func (c *cache) lock() (unlock func()) {
	set := func(kind int16) {
		for {
			if err := unix.FcntlFlock(c.file.Fd(), unix.F_SETLKW, &unix.Flock_t{Type: kind}); err != unix.EINTR {
				return
			}
		}
	}
	set(unix.F_WRLCK)
	return func() { set(unix.F_UNLCK) }
}

// look searches a key. If it is not there, at is where it has to be written: at
// the mark, at the end of what is there, or in front if that is full.
//
// A key with bytes over 127 is never found: the original compares signed with
// unsigned bytes, and a message too much is better than one too few.
func (c *cache) look(key string) (at int64, found bool) {
	at = c.size
	r := bufio.NewReader(io.NewSectionReader(c.file, 0, 1<<62))
	for pos := int64(0); ; {
		word, err := r.ReadString(0)
		pos += int64(len(word))
		switch {
		case err != nil:
			return c.wrap(at), false
		case word[:len(word)-1] == key && isASCII(key):
			return 0, true
		case len(word) == 1 && at == c.size:
			at = pos - 1
			rest, err := r.ReadString(0)
			pos += int64(len(rest))
			if err != nil {
				return c.wrap(at), false
			}
		}
		if pos >= c.size {
			return c.wrap(at), false
		}
	}
}

// wrap returns where a key goes, given the mark.
func (c *cache) wrap(at int64) int64 {
	if at >= c.size {
		return 0
	}
	return at
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// isDuplicate looks up the message: its Message-ID or, for a reply, the sender.
// A message without is new, and is not remembered.
func (j *job) isDuplicate(sender string, ok bool) bool {
	key := sender
	if !j.opt.reply {
		if ok = len(j.messageID) > 0; ok {
			key = cString(j.messageID[:len(j.messageID)-1])
		}
	}
	if !ok {
		return false
	}
	for key != "" && key[0] == ' ' {
		key = key[1:]
	}
	if !j.opt.cache.known(key) {
		return false
	}
	if j.opt.verbose {
		j.say("Duplicate key found:" + key)
	}
	return true
}
