package confine

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// possible reports whether the kernel can confine; if not Thread has to say so.
func possible(t *testing.T) bool {
	t.Helper()
	if Version() >= Enough {
		return true
	}
	if Thread(unix.AT_FDCWD, InMaildir, false) {
		t.Errorf("confined, with version %d of Landlock", Version())
	}
	return false
}

// confined runs something in a thread that is confined to a directory.
func confined(t *testing.T, dir string, allowed uint64, run func()) {
	t.Helper()
	done := make(chan bool)
	go func() {
		defer close(done)
		fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer unix.Close(fd)
		if !Thread(fd, allowed, false) {
			t.Error("not confined")
			return
		}
		run()
	}()
	<-done
}

// denied are errors of what is denied.
func denied(err error) bool {
	return errors.Is(err, unix.EACCES) || errors.Is(err, unix.EXDEV) || errors.Is(err, unix.EPERM)
}

// directories makes a Maildir and another directory, with files in them.
func directories(t *testing.T) (box, other string) {
	t.Helper()
	dir := t.TempDir()
	box, other = dir+"/box", dir+"/other"
	for _, d := range []string{box, box + "/tmp", box + "/new", other} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{box + "/tmp/1", box + "/tmp/2", other + "/1"} {
		if err := os.WriteFile(f, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return box, other
}

// connect returns what connects to a server, which listens.
func connect(t *testing.T, network, address string) func() error {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return func() error {
		c, err := net.Dial(network, listener.Addr().String())
		if err == nil {
			c.Close()
		}
		return err
	}
}

func TestThread(t *testing.T) {
	if !possible(t) {
		return
	}
	box, other := directories(t)
	write := func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) }
	for _, c := range []struct {
		name    string
		do      func() error
		denied  bool
		version int
	}{
		{name: "write in the Maildir", do: func() error { return write(box + "/tmp/3") }},
		{name: "link in the Maildir", do: func() error { return os.Link(box+"/tmp/1", box+"/new/1") }},
		{name: "rename in the Maildir", do: func() error { return os.Rename(box+"/tmp/2", box+"/new/2") }},
		{name: "remove in the Maildir", do: func() error { return os.Remove(box + "/tmp/1") }},
		{name: "make a directory in the Maildir", do: func() error { return os.Mkdir(box+"/cur", 0o700) }},
		{name: "read elsewhere", do: func() error { _, err := os.ReadFile(other + "/1"); return err }},
		{name: "symbolic link in the Maildir", do: func() error { return os.Symlink("x", box+"/new/3") }, denied: true},
		{name: "FIFO in the Maildir", do: func() error { return unix.Mkfifo(box+"/new/3", 0o600) }, denied: true},
		{name: "remove a directory in the Maildir", do: func() error { return os.Remove(box + "/cur") }, denied: true},
		{name: "make a file elsewhere", do: func() error { return write(other + "/2") }, denied: true},
		{name: "write a file elsewhere", do: func() error { return write(other + "/1") }, denied: true},
		{name: "truncate elsewhere", do: func() error { return os.Truncate(other+"/1", 0) }, denied: true, version: 3},
		{name: "remove elsewhere", do: func() error { return os.Remove(other + "/1") }, denied: true},
		{name: "link elsewhere", do: func() error { return os.Link(box+"/new/1", other+"/2") }, denied: true},
		{name: "make a directory elsewhere", do: func() error { return os.Mkdir(other+"/2", 0o700) }, denied: true},
		{name: "start a program", do: func() error { return exec.Command("/bin/true").Run() }, denied: true},
		{name: "connect", do: connect(t, "tcp", "127.0.0.1:0"), denied: true, version: 4},
		{name: "connect to an abstract socket", do: connect(t, "unix", "@lastmile"+strconv.Itoa(os.Getpid())), denied: true, version: 6},
	} {
		if Version() < c.version {
			continue
		}
		confined(t, box, InMaildir, func() {
			err := c.do()
			switch {
			case c.denied && !denied(err):
				t.Errorf("%s: got %v, want it denied", c.name, err)
			case !c.denied && err != nil:
				t.Errorf("%s: %v", c.name, err)
			}
		})
	}
	if err := write(other + "/2"); err != nil {
		t.Errorf("another thread is confined, too: %v", err)
	}
}

func TestBesideMbox(t *testing.T) {
	if !possible(t) {
		return
	}
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "mbox"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.WriteFile(dir+"/mbox.lock", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	confined(t, dir, BesideMbox, func() {
		if _, err := f.WriteString("From "); err != nil {
			t.Errorf("write to what is open: %v", err)
		}
		if err := f.Truncate(0); err != nil {
			t.Errorf("truncate what is open: %v", err)
		}
		if err := os.Remove(dir + "/mbox.lock"); err != nil {
			t.Errorf("remove the lock: %v", err)
		}
		if err := os.WriteFile(dir+"/mbox", nil, 0o600); !denied(err) {
			t.Errorf("open the mbox of somebody: %v, want it denied", err)
		}
	})
}
