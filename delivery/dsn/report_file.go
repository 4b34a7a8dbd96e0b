package dsn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const (
	lockLimit = 10 * time.Second // others hold the lock for one report
	lockPause = 50 * time.Millisecond
)

// ErrFile says that a path cannot take reports: it is no regular file.
var ErrFile = errors.New("not a regular file")

// Append adds the report to an mbox file, which it creates if it is missing,
// with mode 0600. One file holds the reports of many runs, any mail program reads
// it, and formail -s sends them from there. When Append returns nil the report
// is on stable storage; after an error the file is as it was, unless the machine
// itself failed.
//
// The format is mboxrd: a From_ line, the report with a ">" before each line of
// ">", any number of them, and "From ", an empty line. The file is locked with
// fcntl(2) against other writers.
func (r *Report) Append(path string) (err error) {
	f, err := openMbox(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := lock(f, lockLimit); err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	entry, err := r.entry(f, size)
	if err != nil {
		return err
	}
	if _, err = f.Write(entry); err == nil {
		err = f.Sync()
	}
	if err == nil && size == 0 {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return errors.Join(err, f.Truncate(size))
	}
	return nil
}

// openMbox opens or creates the file. A FIFO or a device is not waited for.
func openMbox(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND|unix.O_NONBLOCK|unix.O_NOCTTY, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w", path, ErrFile)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lock waits for the lock, which goes when the file is closed.
func lock(f *os.File, limit time.Duration) error {
	whole := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	for end := time.Now().Add(limit); ; time.Sleep(lockPause) {
		// The lock of an open file description shuts out those of processes
		// (F_SETLK), which mail programs take, and other goroutines.
		err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &whole)
		held := err == unix.EAGAIN || err == unix.EACCES
		if !held && err != unix.EINTR || time.Now().After(end) {
			return err
		}
	}
}

// entry is what is added to a file of this size.
func (r *Report) entry(f *os.File, size int64) ([]byte, error) {
	var b bytes.Buffer
	if size > 0 {
		// What another program left at the end must not swallow the From_ line.
		tail := make([]byte, min(size, 2))
		if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
			return nil, err
		}
		if tail[len(tail)-1] != '\n' {
			b.WriteByte('\n')
		}
		if string(tail) != "\n\n" {
			b.WriteByte('\n')
		}
	}
	b.WriteString("From MAILER-DAEMON " + r.time().UTC().Format(time.ANSIC) + "\n")
	for line := range bytes.Lines(r.build().Bytes()) {
		if bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) {
			b.WriteByte('>')
		}
		b.Write(line)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
