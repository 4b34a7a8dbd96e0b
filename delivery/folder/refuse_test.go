package folder

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"lastmile/maildir"
)

func TestRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, err := range []error{
		os.Mkdir(dir+"/directory", 0o700), unix.Mkfifo(dir+"/fifo", 0o600), os.WriteFile(dir+"/file", nil, 0o600),
		os.Symlink("file", dir+"/link"), os.Symlink("none", dir+"/dangling"), os.Symlink("directory", dir+"/dirlink"),
		os.WriteFile(dir+"/linked", nil, 0o600), os.Link(dir+"/linked", dir+"/linked2"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	socket, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		err = unix.Bind(socket, &unix.SockaddrUnix{Name: dir + "/socket"})
		defer unix.Close(socket)
	}
	if err != nil {
		t.Fatal(err)
	}
	before := names(t, dir)
	for _, c := range []struct {
		name         string
		plain, named error
	}{
		{"directory", ErrUnsafe, ErrUnsafe}, {"fifo", ErrUnsafe, ErrUnsafe}, {"socket", ErrUnsafe, ErrUnsafe},
		{"link", ErrUnsafe, nil}, {"linked", ErrUnsafe, nil}, {"dirlink", ErrUnsafe, ErrUnsafe},
		{"none/box", fs.ErrNotExist, fs.ErrNotExist}, {"file/box", unix.ENOTDIR, unix.ENOTDIR},
	} {
		for follow, want := range map[bool]error{false: c.plain, true: c.named} {
			m, err := Open(t.Context(), dir+"/"+c.name, Options{FollowLink: follow, Lock: quick})
			if err == nil {
				m.Abort()
			}
			if !errors.Is(err, want) && !(want == unix.ENOTDIR && errors.Is(err, ErrUnsafe)) {
				t.Errorf("%s, named %v: %v, want %v", c.name, follow, err, want)
			}
		}
	}
	if after := names(t, dir); after != before {
		t.Errorf("left: %s", after)
	}
	if _, err := Open(t.Context(), dir+"/dangling", Options{}); !errors.Is(err, ErrUnsafe) {
		t.Errorf("dangling: %v, want ErrUnsafe", err)
	}
	put(t, dir+"/dangling", "mail", Options{FollowLink: true}) // as procmail
	if got := content(t, dir+"/none"); got != "mail" {
		t.Errorf("behind a dangling link: %q", got)
	}
	at := maildir.Location{Trusted: dir, Below: []string{"dirlink", "box"}}
	if _, err := OpenAt(t.Context(), at, Options{}); !errors.Is(err, ErrUnsafe) {
		t.Errorf("%v: %v, want ErrUnsafe", at, err)
	}
}

func TestForeignOwner(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	path := t.TempDir() + "/box"
	put(t, path, "x", Options{})
	if err := os.Chown(path, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrUnsafe) {
		t.Errorf("%v, want ErrUnsafe", err)
	}
	put(t, path, "y", Options{FollowLink: true})
}

func TestDevices(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/dev/null", "/dev/full"} {
		if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: %v, want ErrUnsafe", path, err)
		}
	}
	if m := put(t, "/dev/null", "mail", Options{FollowLink: true, Lock: quick}); !m.Device() {
		t.Error("/dev/null is no device")
	}
	m, err := Open(t.Context(), "/dev/full", Options{FollowLink: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := m.Write([]byte("mail")); !errors.Is(err, unix.ENOSPC) {
			t.Errorf("/dev/full: %v, want ENOSPC", err)
		}
	}
	if err := m.Commit(); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("Commit after a failed Write: %v, want ENOSPC", err)
	}
}

// Without leave to make the lock file the lock on the file has to do.
func TestLockOptional(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		asNobody(t, "TestLockOptional")
		return
	}
	dir := t.TempDir()
	put(t, dir+"/box", "one", Options{})
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o700)
	if _, err := Open(t.Context(), dir+"/box", Options{Lock: quick}); !errors.Is(err, unix.EACCES) {
		t.Errorf("%v, want EACCES", err)
	}
	put(t, dir+"/box", "two", Options{Lock: quick, LockOptional: true})
	if got := content(t, dir+"/box"); got != "onetwo" {
		t.Errorf("%q", got)
	}
}
