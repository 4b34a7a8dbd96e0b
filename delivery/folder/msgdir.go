package folder

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// digits64 are those of the numbers in the names of [Msg].
const digits64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// Msg begins a delivery into a directory whose messages are named with a prefix,
// procmail's MSGPREFIX, and the number of their inode.
func Msg(path, prefix string, o DirOptions) (*Delivery, error) {
	return create(path, o, func(d *Delivery, st *unix.Stat_t) namer { return inode(d.path, prefix, st) })
}

// LinkMsg gives an already delivered file such a name in a directory, which is
// made if it is missing, and returns the path.
func LinkMsg(file, path, prefix string, o DirOptions) (string, error) {
	return linkInto(file, path, o, func(_ int, path string, st *unix.Stat_t) namer { return inode(path, prefix, st) })
}

// inode gives the one name that a file can have. That another file has it can
// only be if that was copied there.
func inode(path, prefix string, st *unix.Stat_t) namer {
	name := prefix + InodeName(st.Ino)
	return func(n int) (string, error) {
		switch {
		case filepath.Base(name) != name:
			return "", refuse(path+"/"+name, "is in another directory")
		case n > 0:
			return "", failed("link", path+"/"+name, unix.EEXIST)
		}
		return name, nil
	}
}

// InodeName writes the number of an inode as procmail does where a name is made of
// it: in base 64, with the least significant digit first.
func InodeName(n uint64) string {
	var b []byte
	for {
		b = append(b, digits64[n%64])
		if n /= 64; n == 0 {
			return string(b)
		}
	}
}
