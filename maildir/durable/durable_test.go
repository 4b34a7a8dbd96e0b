package durable

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The limit on the size of a file ends a write in the middle of it, as a full
// disk does.
func TestWriteSaysHowMuch(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	small := unix.Rlimit{Cur: 1000, Max: was.Max}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	n, err := Write(int(f.Fd()), make([]byte, 3000))
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if n != 1000 || err != syscall.EFBIG {
		t.Errorf("got %d, %v, want 1000, EFBIG", n, err)
	}
}

func TestPush(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	large := bytes.Repeat([]byte{'a'}, pushEvery+2)
	if n, err := Write(int(f.Fd()), large); n != len(large) || err != nil {
		t.Fatal(n, err)
	}
	for _, c := range []struct{ from, to, want int64 }{
		{0, pushEvery - 1, 0},
		{1, pushEvery, 1},
		{0, pushEvery, pushEvery},
		{1, pushEvery + 2, pushEvery + 2},
	} {
		if got := Push(int(f.Fd()), c.from, c.to); got != c.want {
			t.Errorf("Push from %d to %d: %d, want %d", c.from, c.to, got, c.want)
		}
	}
}

func TestSyncDirectories(t *testing.T) {
	path, err := OpenAt(unix.AT_FDCWD, t.TempDir(), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(path)
	if err := SyncPath(path); err != nil {
		t.Errorf("SyncPath: %v", err)
	}
	if err := SyncDir(path); err != unix.EBADF {
		t.Errorf("SyncDir of what is not open for reading: %v, want EBADF", err)
	}
	if os.Geteuid() == 0 {
		return // who may read everything
	}
	if err := unix.Fchmodat(path, ".", 0o300, 0); err != nil {
		t.Fatal(err)
	}
	if err := SyncPath(path); err != nil {
		t.Errorf("SyncPath of a directory with mode 0300: %v", err)
	}
}
