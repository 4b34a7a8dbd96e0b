package folder

import (
	"strconv"

	"golang.org/x/sys/unix"

	"lastmile/maildir/durable"
)

// maxDigits is the length of the longest name that is counted as a number: what
// is longer would not leave room to count on.
const maxDigits = 18

// Numbered begins a delivery into an MH folder: a directory whose messages are
// named 1, 2, 3 and so on. The name is the highest there plus one; the
// folder's sequences stay as they are.
func Numbered(path string, o DirOptions) (*Delivery, error) {
	return create(path, o, func(d *Delivery, _ *unix.Stat_t) namer { return numbers(d.dir, d.path) })
}

// LinkNumbered gives an already delivered file a name in an MH folder, which is
// made if it is missing, and returns the path.
func LinkNumbered(file, path string, o DirOptions) (string, error) {
	return linkInto(file, path, o, func(dir int, path string, _ *unix.Stat_t) namer { return numbers(dir, path) })
}

// numbers counts on from the highest number in a directory.
func numbers(dir int, path string) namer {
	var highest int64
	return func(n int) (string, error) {
		if n == 0 {
			var err error
			if highest, err = highestNumber(dir); err != nil {
				return "", failed("read", path, err)
			}
		}
		return strconv.FormatInt(highest+1+int64(n), 10), nil
	}
}

// highestNumber reads a directory with a descriptor of its own, because reading
// moves it.
func highestNumber(dir int) (highest int64, err error) {
	fd, err := durable.OpenAt(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	buf := make([]byte, 32<<10)
	for {
		n, err := unix.ReadDirent(fd, buf)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 0, err
		case n == 0:
			return highest, nil
		}
		_, _, names := unix.ParseDirent(buf[:n], -1, nil)
		for _, name := range names {
			if len(name) <= maxDigits && name[0] >= '0' && name[0] <= '9' {
				if i, err := strconv.ParseInt(name, 10, 64); err == nil {
					highest = max(highest, i)
				}
			}
		}
	}
}
