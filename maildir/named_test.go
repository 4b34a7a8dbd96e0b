package maildir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// What the user's own rcfile names may be a symbolic link.
func TestFollowLink(t *testing.T) {
	dir := t.TempDir()
	for _, err := range []error{os.Mkdir(dir+"/real", 0o700), os.Symlink("real", dir+"/link"), os.Symlink("none", dir+"/dangling")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	named := Options{Create: true, FollowLink: true}
	b, err := Open(Location{Trusted: dir + "/link/"}, named)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	path := deliver(t, b, []byte("message"))
	if got, err := os.ReadFile(dir + "/real/new/" + filepath.Base(path)); err != nil || string(got) != "message" {
		t.Errorf("behind the link: %q, %v", got, err)
	}
	if _, err := Open(Location{Trusted: dir + "/link"}, all); !errors.Is(err, ErrUnsafe) {
		t.Errorf("without FollowLink: %v, want ErrUnsafe", err)
	}
	for _, missing := range []string{"/none/Maildir", "/dangling"} {
		if _, err := Open(Location{Trusted: dir + missing}, named); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: %v, want an error: only the Maildir itself is made", missing, err)
		}
		if _, err := os.Lstat(dir + "/none"); err == nil {
			t.Errorf("%s: the directory above it was made", missing)
		}
	}
}

// A Maildir of somebody else is used if the user has named it.
func TestForeignOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a directory away")
	}
	dir := t.TempDir() + "/Maildir"
	b, err := Open(Location{Trusted: dir}, all)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	if err := os.Chown(dir, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Location{Trusted: dir}, all); !errors.Is(err, ErrUnsafe) {
		t.Errorf("%v, want ErrUnsafe", err)
	}
	b, err = Open(Location{Trusted: dir}, Options{FollowLink: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	deliver(t, b, []byte("message"))
}

// The modes are those asked for, whatever the umask.
func TestModes(t *testing.T) {
	for _, follow := range []bool{false, true} {
		dir := t.TempDir() + "/Maildir"
		b, err := Open(Location{Trusted: dir}, Options{Create: true, FollowLink: follow, FileMode: 0o664, DirMode: 0o775})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		path := deliver(t, b, []byte("message"))
		d, err := b.Create()
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(d.fd)
		if err := d.createNamed(); err != nil {
			t.Fatal(err)
		}
		for file, want := range map[string]fs.FileMode{
			path: 0o664, finish(t, d, []byte("message")): 0o664,
			dir: fs.ModeDir | 0o775, dir + "/new": fs.ModeDir | 0o775, dir + "/cur": fs.ModeDir | 0o775, dir + "/tmp": fs.ModeDir | 0o775,
		} {
			if info, err := os.Stat(file); err != nil || info.Mode() != want {
				t.Errorf("%s: mode %v, %v; want %v", file, info.Mode(), err, want)
			}
		}
	}
}

func TestLink(t *testing.T) {
	b := open(t, all)
	path := deliver(t, b, []byte("message"))
	for range 2 {
		second, err := b.Link(path)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := os.Stat(path)
		if info, err := os.Stat(second); err != nil || !os.SameFile(a, info) {
			t.Errorf("%s is not %s (%v)", second, path, err)
		}
	}
	if _, err := b.Link(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, want ErrNotExist", err)
	}
}

func TestOpenParent(t *testing.T) {
	dir := t.TempDir()
	for _, err := range []error{os.Mkdir(dir+"/real", 0o700), os.Symlink("real", dir+"/link"), os.Mkdir(dir+"/real/sub", 0o700)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		at   Location
		name string
	}{
		{Location{Trusted: dir + "/link/box"}, "box"},
		{Location{Trusted: dir + "/link", Below: []string{"box"}}, "box"},
		{Location{Trusted: dir + "/link", Below: []string{"sub", "box"}}, "box"},
		{Location{Trusted: "box"}, "box"},
	} {
		fd, name, err := OpenParent(c.at)
		if err != nil || name != c.name {
			t.Errorf("%v: %q, %v; want %q", c.at, name, err, c.name)
			continue
		}
		unix.Close(fd)
	}
	for _, at := range []Location{
		{Trusted: dir, Below: []string{"link", "box"}},
		{Trusted: dir, Below: []string{".."}},
		{Trusted: dir, Below: []string{"a/b"}},
		{Trusted: dir, Below: []string{"..", "box"}},
		{Trusted: "/"},
	} {
		if _, _, err := OpenParent(at); !errors.Is(err, ErrUnsafe) {
			t.Errorf("%v: %v, want ErrUnsafe", at, err)
		}
	}
}
