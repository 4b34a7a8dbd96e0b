package folder

import (
	"path/filepath"

	"golang.org/x/sys/unix"

	"lastmile/maildir"
)

// linkInto gives an already delivered file a further name in a folder.
func linkInto(file, path string, o DirOptions, names func(dir int, path string, st *unix.Stat_t) namer) (string, error) {
	path = filepath.Clean(path)
	dir, err := openFolder(path, o)
	if err != nil {
		return "", err
	}
	defer unix.Close(dir)
	var st unix.Stat_t
	if err := unix.Stat(file, &st); err != nil {
		return "", failed("stat", file, err)
	}
	name, err := place(dir, path, names(dir, path, &st), func(name string) error {
		err := unix.Linkat(unix.AT_FDCWD, file, dir, name, 0)
		var there unix.Stat_t
		if err == unix.EEXIST && unix.Fstatat(dir, name, &there, unix.AT_SYMLINK_NOFOLLOW) == nil && there.Dev == st.Dev && there.Ino == st.Ino {
			return nil // it has this name already
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return path + "/" + name, nil
}

// LinkMaildir gives an already delivered file a name in new/ of a Maildir, which
// is made if it is missing, and returns the path.
func LinkMaildir(file, path string, o DirOptions) (string, error) {
	box, err := maildir.Open(maildir.Location{Trusted: filepath.Clean(path)}, maildir.Options{Create: true, FollowLink: true, FileMode: o.FileMode, DirMode: o.DirMode})
	if err != nil {
		return "", err
	}
	defer box.Close()
	return box.Link(file)
}
