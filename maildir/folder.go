package maildir

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/emersion/go-maildir/maildirpp"
	"golang.org/x/sys/unix"

	"lastmile/maildir/durable"
)

// maxName is the longest name of a file that file systems take (NAME_MAX).
const maxName = 255

// FolderKey returns the name of the directory that holds a Maildir++ folder,
// for the folder's name as a person writes it: "Lists.golang" is folder golang
// below folder Lists, in ".Lists.golang". What is not printable ASCII is
// written in modified UTF-7 (RFC 3501 section 5.1.3), as Courier and Dovecot
// do. A name with a "/", a NUL or an empty level is refused.
func FolderKey(name string) (string, error) {
	switch {
	case strings.ContainsAny(name, "/\x00"):
		return "", fmt.Errorf("folder %q: a name cannot contain / or NUL", name)
	case !utf8.ValidString(name):
		return "", fmt.Errorf("folder %q: the name is not UTF-8", name)
	}
	levels := strings.Split(name, ".")
	for i, level := range levels {
		if level == "" {
			return "", fmt.Errorf("folder %q: a level of it has no name", name)
		}
		levels[i] = utf7(level)
	}
	key, err := maildirpp.Join(levels)
	if err == nil && len(key) > maxName {
		err = fmt.Errorf("folder %q: the name is longer than %d bytes", name, maxName)
	}
	return key, err
}

// modified returns the base64 of modified UTF-7: "," for "/", no padding.
func modified() *base64.Encoding {
	return base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)
}

// utf7 encodes one level of a folder name.
func utf7(s string) string {
	var b strings.Builder
	var odd []rune
	flush := func() {
		if len(odd) == 0 {
			return
		}
		units := utf16.Encode(odd)
		raw := make([]byte, 0, 2*len(units))
		for _, u := range units {
			raw = append(raw, byte(u>>8), byte(u))
		}
		b.WriteString("&" + modified().EncodeToString(raw) + "-")
		odd = odd[:0]
	}
	for _, r := range s {
		switch {
		case r < ' ' || r > '~':
			odd = append(odd, r)
			continue
		case r == '&':
			flush()
			b.WriteString("&-")
		default:
			flush()
			b.WriteRune(r)
		}
	}
	flush()
	return b.String()
}

// openFolder opens a folder of the Maildir and closes the Maildir. Without the
// folder, and without leave to make it, the Maildir itself is returned.
func openFolder(dir int, path string, o Options) (int, string, error) {
	folder := path + "/" + o.Folder
	fd, err := durable.OpenAt(dir, o.Folder, pathOnly|unix.O_NOFOLLOW, 0)
	switch {
	case err == unix.ENOENT && !o.CreateFolder:
		return dir, path, nil
	case err == unix.ENOENT:
		fd, err = makeFolder(dir, o.Folder, folder, o)
	case err != nil:
		err = openFailed(folder, err)
	}
	unix.Close(dir)
	if err != nil {
		return -1, "", err
	}
	if err := checkOwner(fd, folder); err != nil {
		unix.Close(fd)
		return -1, "", err
	}
	return fd, folder, nil
}

// makeFolder makes a Maildir++ folder: a Maildir with an empty file
// "maildirfolder" in it, which tells Courier that the quota is kept above.
func makeFolder(dir int, key, path string, o Options) (int, error) {
	mode := modeOr(o.DirMode, 0o700)
	fd, err := makeDir(dir, key, path, mode)
	if err != nil {
		return -1, err
	}
	mark, err := durable.OpenAt(fd, "maildirfolder", unix.O_WRONLY|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err != nil {
		unix.Close(fd)
		return -1, failed("create", path+"/maildirfolder", err)
	}
	unix.Close(mark)
	if err := makeSubs(fd, path, mode); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
