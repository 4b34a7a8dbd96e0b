package delivery

import (
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/delivery/procmailrc"
)

// Stdout implements [procmailrc.Host].
func (h *filterHost) Stdout(t procmailrc.Text) error {
	if wasClosed(int(h.stdout.Fd())) {
		return unix.EBADF
	}
	_, err := t.WriteTo(h.stdout)
	return err
}

// wasClosed reports whether a descriptor was closed when the process began: the Go
// runtime puts /dev/null there then, for reading too, and the message would be gone.
func wasClosed(fd int) bool {
	var st, null unix.Stat_t
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR && unix.Fstat(fd, &st) == nil && unix.Stat(os.DevNull, &null) == nil && st.Rdev == null.Rdev
}

// notifyPatience is how long the name of a biff service's host may take.
const notifyPatience = time.Second

// Notify implements [procmailrc.Host]. Nobody hears of it if it fails.
func (h *filterHost) Notify(address, text string) {
	conn, err := net.DialTimeout("udp4", address, notifyPatience)
	if err != nil {
		return
	}
	defer conn.Close()
	io.WriteString(conn, text)
}
