package message

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// spoolDirs are where a spool file is made. TMPDIR is not asked: it may come
// from whoever started us, and a wrong one would defer all mail.
var spoolDirs = [...]string{"/var/tmp", "/tmp"}

// Spool writes the whole message into a file without a name and returns it,
// rewound. A small message stays in memory. The caller closes it.
func (m *Message) Spool() (f *os.File, size int64, err error) {
	for !m.eof && len(m.buf) < min(m.fill, cap(m.buf)) {
		if err := m.read(); err != nil {
			return nil, 0, err
		}
	}
	if f, err = spoolFile(!m.eof || m.over != nil); err != nil {
		return nil, 0, err
	}
	if size, err = m.WriteTo(f); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, size, fmt.Errorf("spool the message: %w", err)
	}
	return f, size, nil
}

// Map returns the whole message as bytes of the caller's own, with free bytes, if
// that is not 0, in front of it. A large message is a mapped file: the system can take
// the memory back, and there is no second copy. Where the file cannot be read later,
// write(2) of its bytes fails with EFAULT, and a look at them ends the process by a
// signal, which defers.
func (m *Message) Map(free int) ([]byte, error) {
	if err := m.Fill(); err != nil {
		return nil, err
	}
	m.Prepend(make([]byte, free))
	if m.Held() {
		return m.Head(), nil
	}
	f, size, err := m.Spool()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("map the message: %w", err)
	}
	return b, nil
}

// spoolFile opens an empty file that no path leads to: on disk if it is going
// to be large and there is a place for it, else in memory.
func spoolFile(large bool) (*os.File, error) {
	if large {
		for _, dir := range spoolDirs {
			fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
			if err == nil {
				return os.NewFile(uintptr(fd), dir+"/(spool)"), nil
			}
		}
	}
	fd, err := unix.MemfdCreate("lastmile-spool", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a spool file: %w", err)
	}
	return os.NewFile(uintptr(fd), "(spool in memory)"), nil
}
