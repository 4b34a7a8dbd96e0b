package message

import (
	"io"

	"golang.org/x/sys/unix"
)

// Input is an open file descriptor to read a message from. It reads with plain
// system calls: an os.File would want two more descriptors for its poller, and
// end the process where there are none left.
type Input int

// Read implements io.Reader.
func (in Input) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(int(in), p)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN: // the caller left it non-blocking
			if _, err := unix.Poll([]unix.PollFd{{Fd: int32(in), Events: unix.POLLIN}}, -1); err != nil && err != unix.EINTR {
				return 0, err
			}
		case err != nil:
			return 0, err
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// wideSize is how much a pipe is made to hold for a large message: the most that
// Linux lets anybody have (/proc/sys/fs/pipe-max-size). Reads get larger, and the
// writer works on while a write waits for the disk.
const wideSize = 1 << 20

// widen makes a pipe hold more. What is no pipe, or may not, stays as it is.
func (in Input) widen() { unix.FcntlInt(uintptr(in), unix.F_SETPIPE_SZ, wideSize) }
