package folder

import (
	"errors"

	"golang.org/x/sys/unix"

	"lastmile/maildir/durable"

	"lastmile/delivery/internal/lockfile"
)

// Size returns the size of the file before the message.
func (m *Mbox) Size() int64 { return m.size }

// Device reports whether the file is a device, which keeps nothing.
func (m *Mbox) Device() bool { return m.device }

// Write implements io.Writer.
func (m *Mbox) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.done:
		return 0, ErrAborted
	case m.broken != nil:
		return 0, m.broken
	}
	m.synced = false
	n, err := durable.Write(m.fd, p)
	m.written += int64(n)
	if err != nil {
		m.broken = failed("write", m.path, err)
		return n, m.broken
	}
	if !m.device {
		m.pushed = durable.Push(m.fd, max(m.pushed, m.size), m.size+m.written)
	}
	return n, nil
}

// Sync puts what was written on stable storage. It may still be given up.
func (m *Mbox) Sync() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sync()
}

func (m *Mbox) sync() error {
	switch {
	case m.done:
		return ErrAborted
	case m.broken != nil:
		return m.broken
	case m.device || m.synced:
		return nil
	}
	m.showUnread()
	err := durable.Sync(m.fd)
	if err == nil && m.created {
		if err = durable.SyncPath(m.dir); err == nil && m.isLink() {
			err = unix.Syncfs(m.fd) // the name of the file is in another directory
		}
	}
	if err != nil {
		m.broken = failed("sync", m.path, err)
	}
	m.synced = err == nil
	return m.broken
}

// isLink reports whether a symbolic link has led to the file.
func (m *Mbox) isLink() bool {
	var st unix.Stat_t
	return m.o.FollowLink && (unix.Fstatat(m.dir, m.name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil || st.Mode&unix.S_IFMT == unix.S_IFLNK)
}

// showUnread sees to it that the file looks as if it had been written after it
// was last read, which is how mail readers and shells know that there is new
// mail. The two times are compared in seconds, so procmail sleeps for one where
// they would be equal; here the time of the last reading is set back.
func (m *Mbox) showUnread() {
	var st unix.Stat_t
	if unix.Fstat(m.fd, &st) != nil || st.Atim.Sec < st.Mtim.Sec {
		return
	}
	times := []unix.Timespec{{Sec: st.Mtim.Sec - 1}, {Nsec: unix.UTIME_OMIT}}
	// Whose file it is may do this; for others it is left out.
	unix.UtimesNanoAt(m.dir, m.name, times, m.atFlags())
}

// Commit makes the message final: it is on stable storage when Commit returns
// nil. After an error it is gone, as after Abort.
func (m *Mbox) Commit() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.sync(); err != nil {
		m.abort()
		return err
	}
	// That the file could not be closed says nothing about what was synced.
	m.close()
	return nil
}

// Abort gives the message up: the file has its former size again, and the locks
// are released. It may be called at any time, from any goroutine; it waits for a
// Write or Sync under way, and does nothing after Commit.
//
// A file that was made for the message stays, empty, as procmail leaves it:
// another program may have it open already and wait for the lock, and would then
// write its message to a file without a name.
func (m *Mbox) Abort() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.abort()
}

func (m *Mbox) abort() {
	if m.done {
		return
	}
	var st unix.Stat_t
	// If the size is another, somebody has written without a lock, and what they
	// wrote is mail.
	if m.written > 0 && !m.device && unix.Fstat(m.fd, &st) == nil && st.Size == m.size+m.written {
		if unix.Ftruncate(m.fd, m.size) == nil {
			durable.Sync(m.fd)
		}
	}
	m.close()
}

// close releases everything.
func (m *Mbox) close() {
	m.done = true
	if m.fd >= 0 {
		unix.Close(m.fd) // and with it goes the lock on the file
	}
	if m.lock != nil {
		m.lock.Release()
	}
	unix.Close(m.dir)
	m.fd, m.dir = -1, -1
}

// mayNot tells whether a lock file could not be made for want of permission.
func mayNot(err error) bool {
	return !errors.Is(err, lockfile.ErrForce) &&
		(errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EROFS))
}
