package maildir

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// once delivers a message with a key.
func once(t *testing.T, b *Box, key string) (path string, already bool) {
	t.Helper()
	d, err := b.Create()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.Write([]byte("message " + key))
	if err := d.Sync(); err != nil {
		t.Fatal(err)
	}
	o, err := d.Recall(sha256.Sum256([]byte(key)))
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if path, already, err = o.Place(); err != nil {
		t.Fatal(err)
	}
	return path, already
}

// forget makes of an entry one that a crash has left after the link.
func forget(t *testing.T, b *Box, n int) {
	t.Helper()
	j, err := b.openJournal()
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(j.fd)
	if err := j.mark(n, intended); err != nil {
		t.Fatal(err)
	}
}

func TestOnce(t *testing.T) {
	for name, between := range map[string]struct {
		what    func(t *testing.T, b *Box, path string)
		already bool
	}{
		"nothing":                {func(*testing.T, *Box, string) {}, true},
		"seen":                   {func(t *testing.T, b *Box, path string) { seen(t, b, path) }, true},
		"deleted":                {func(t *testing.T, b *Box, path string) { os.Remove(path) }, true},
		"crash":                  {func(t *testing.T, b *Box, path string) { forget(t, b, 1) }, true},
		"crash and seen":         {func(t *testing.T, b *Box, path string) { forget(t, b, 1); seen(t, b, path) }, true},
		"crash before the link":  {func(t *testing.T, b *Box, path string) { forget(t, b, 1); os.Remove(path) }, false},
		"journal lost":           {func(t *testing.T, b *Box, path string) { seen(t, b, path); os.Remove(b.Path() + "/" + journalName) }, false},
		"journal cut":            {func(t *testing.T, b *Box, path string) { seen(t, b, path); os.Truncate(b.Path()+"/"+journalName, 100) }, false},
		"as many as it can know": {func(t *testing.T, b *Box, path string) { fill(t, b, entries-2) }, true},
		"more than that":         {func(t *testing.T, b *Box, path string) { fill(t, b, entries-1) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, all)
			path, already := once(t, b, "a")
			if already {
				t.Fatal("was there at the first time")
			}
			between.what(t, b, path)
			before := len(files(t, b, "new")) + len(files(t, b, "cur"))
			if _, already = once(t, b, "a"); already != between.already {
				t.Errorf("was there: %v, want %v", already, between.already)
			}
			after := len(files(t, b, "new")) + len(files(t, b, "cur"))
			if stored := after > before; stored == already {
				t.Errorf("%d messages before, %d after", before, after)
			}
			if _, already := once(t, b, "b"); already {
				t.Error("another message was taken for it")
			}
			if left := files(t, b, "tmp"); len(left) > 0 {
				t.Errorf("left in tmp/: %q", left)
			}
		})
	}
}

// Of many that deliver the same message at once, one stores it.
func TestOnceAtOnce(t *testing.T) {
	const tries = 8
	b := open(t, all)
	var wg sync.WaitGroup
	for i := range 2 * tries {
		wg.Go(func() {
			d, err := b.Create()
			if err != nil {
				t.Error(err)
				return
			}
			defer d.Close()
			fmt.Fprintf(d, "message %d", i%2)
			if err := d.Sync(); err != nil {
				t.Error(err)
				return
			}
			o, err := d.Recall(Key{byte(i % 2)})
			if err != nil {
				t.Error(err)
				return
			}
			defer o.Close()
			if _, _, err := o.Place(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if stored := files(t, b, "new"); len(stored) != 2 {
		t.Errorf("%d messages, want 2: %q", len(stored), stored)
	}
}

// seen does what a reader does.
func seen(t *testing.T, b *Box, path string) {
	t.Helper()
	if err := os.Rename(path, b.Path()+"/cur/"+filepath.Base(path)+":2,S"); err != nil {
		t.Fatal(err)
	}
}

// fill makes entries as if so many messages had come.
func fill(t *testing.T, b *Box, count int) {
	t.Helper()
	j, err := b.openJournal()
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(j.fd)
	for i := range count {
		if _, err := j.intend(0, sha256.Sum256(fmt.Append(nil, i)), 1, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

// What is no journal of ours is not written to.
func TestOnceRefuses(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"symbolic link": func(path string) error { return os.Symlink("elsewhere", path) },
		"hard link":     func(path string) error { os.WriteFile(path+".1", []byte("x"), 0o600); return os.Link(path+".1", path) },
		"FIFO":          func(path string) error { return unix.Mkfifo(path, 0o600) },
		"directory":     func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, all)
			if err := put(b.Path() + "/" + journalName); err != nil {
				t.Fatal(err)
			}
			d, err := b.Create()
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			d.Sync()
			if _, err := d.Recall(Key{}); !errors.Is(err, ErrUnsafe) && !errors.Is(err, unix.ELOOP) && !errors.Is(err, unix.EISDIR) {
				t.Errorf("got %v, want a refusal", err)
			}
			if _, err := os.Stat(b.Path() + "/elsewhere"); err == nil || len(files(t, b, "new")) > 0 {
				t.Error("something was made")
			}
		})
	}
}

func BenchmarkOnce(b *testing.B) {
	box := open(b, all)
	for i := 0; b.Loop(); i++ {
		d, err := box.Create()
		if err != nil {
			b.Fatal(err)
		}
		d.Write(make([]byte, 4096))
		d.Sync()
		o, err := d.Recall(sha256.Sum256(fmt.Append(nil, i)))
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := o.Place(); err != nil {
			b.Fatal(err)
		}
		o.Close()
		d.Close()
	}
}
