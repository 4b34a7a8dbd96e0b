package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"syscall"
)

// account is a line of passwd(5).
type account struct {
	name     string
	uid, gid int
	home     string
}

func parseAccount(line string) (a account, ok bool) {
	f := strings.Split(strings.TrimSpace(line), ":")
	if len(f) != 7 {
		return a, false
	}
	uid, err := strconv.Atoi(f[2])
	gid, err2 := strconv.Atoi(f[3])
	return account{f[0], uid, gid, f[5]}, err == nil && err2 == nil
}

// String names the user as an admin knows it.
func (a account) String() string { return fmt.Sprintf("%s (uid %d, gid %d)", a.name, a.uid, a.gid) }

// object is what the file system says about a path.
type object struct {
	path     string
	mode     fs.FileMode
	uid, gid int
}

// String says what an admin needs to mend permissions.
func (o object) String() string {
	return fmt.Sprintf("%s (uid %d, gid %d, mode %04o)", o.path, o.uid, o.gid, permissions(o.mode))
}

func permissions(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	if m&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}

// The rights that may asks for.
const (
	read    = 4
	write   = 2
	execute = 1
)

// may reports whether a user has a right, without supplementary groups: Postfix
// gives none to its commands (pipe_command.c, set_ugid.c).
func (o object) may(a account, right fs.FileMode) bool {
	switch {
	case a.uid == 0:
		return right != execute || o.mode.IsDir() || o.mode&0o111 != 0
	case a.uid == o.uid:
		return o.mode>>6&right == right
	case a.gid == o.gid:
		return o.mode>>3&right == right
	}
	return o.mode&right == right
}

// disk is the mail host's file system; links in it lead to places in it.
type disk struct{ fsys fs.FS }

// maxLinks is the kernel's limit of symbolic links in a path.
const maxLinks = 40

// errNoAccess says that a user may not enter a directory.
var errNoAccess = errors.New("permission denied")

// walk follows a path as a user would. It returns the object at its end or,
// with an error, the last one that was reached. Nobody's rights are checked if
// a is nil.
func (d disk) walk(name string, a *account) (object, error) {
	at := object{path: "/", mode: fs.ModeDir | 0o755}
	rest, links := path.Clean("/"+name), 0
	for rest = strings.Trim(rest, "/"); rest != ""; {
		element, more, _ := strings.Cut(rest, "/")
		if !at.mode.IsDir() {
			return at, syscall.ENOTDIR
		}
		if a != nil && !at.may(*a, execute) {
			return at, errNoAccess
		}
		next, err := d.lstat(path.Join(at.path, element))
		if err != nil {
			return at, err
		}
		if next.mode&fs.ModeSymlink != 0 {
			target, err := fs.ReadLink(d.fsys, strings.TrimPrefix(next.path, "/"))
			if links++; err != nil || links > maxLinks {
				return at, syscall.ELOOP
			}
			if !path.IsAbs(target) {
				target = path.Join(at.path, target)
			}
			rest = strings.Trim(path.Join(target, more), "/")
			at = object{path: "/", mode: fs.ModeDir | 0o755}
			continue
		}
		at, rest = next, more
	}
	return at, nil
}

func (d disk) lstat(name string) (object, error) {
	info, err := fs.Lstat(d.fsys, strings.TrimPrefix(name, "/"))
	if err != nil {
		return object{}, err
	}
	o := object{path: name, mode: info.Mode()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		o.uid, o.gid = int(st.Uid), int(st.Gid)
	}
	return o, nil
}

// text reads a file, through links.
func (d disk) text(name string) (string, error) {
	o, err := d.walk(name, nil)
	if err != nil {
		return "", err
	}
	if !o.mode.IsRegular() {
		return "", fmt.Errorf("%s is no regular file", name)
	}
	text, err := fs.ReadFile(d.fsys, strings.TrimPrefix(o.path, "/"))
	return string(text), err
}

// hidden reports whether an error comes from our own lack of rights: then
// nothing can be said about the path.
func hidden(err error) bool {
	return errors.Is(err, fs.ErrPermission)
}
