package maildir

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	gomaildir "github.com/emersion/go-maildir"
	"golang.org/x/sys/unix"
)

var all = Options{Create: true}

// open opens the Maildir "Maildir" in a new directory.
func open(t testing.TB, o Options) *Box {
	t.Helper()
	b, err := Open(Location{Trusted: filepath.Join(t.TempDir(), "Maildir")}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// deliver stores a message and returns its path.
func deliver(t testing.TB, b *Box, message []byte) string {
	t.Helper()
	d, err := b.Create()
	if err != nil {
		t.Fatal(err)
	}
	return finish(t, d, message)
}

func finish(t testing.TB, d *Delivery, message []byte) string {
	t.Helper()
	if _, err := d.Write(message); err != nil {
		t.Fatal(err)
	}
	if err := d.Sync(); err != nil {
		t.Fatal(err)
	}
	path, err := d.Place()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// files returns the names in a directory of the box.
func files(t testing.TB, b *Box, sub string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(b.Path(), sub))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Another program reads what we wrote, byte for byte.
func TestReadByGoMaildir(t *testing.T) {
	b := open(t, all)
	messages := map[string]bool{"Subject: 1\n\nbody": true, "\x00\r\xff no header": true, strings.Repeat("x", 5<<20): true}
	for m := range messages {
		deliver(t, b, []byte(m))
	}
	unseen, err := gomaildir.Dir(b.Path()).Unseen()
	if err != nil || len(unseen) != len(messages) {
		t.Fatalf("%d messages, %v; want %d", len(unseen), err, len(messages))
	}
	for _, m := range unseen {
		r, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		r.Close()
		if err != nil || !messages[string(got)] {
			t.Errorf("%s: not as it was written (%v)", m.Key(), err)
		}
		delete(messages, string(got))
	}
}

func TestName(t *testing.T) {
	b := open(t, all)
	path := deliver(t, b, []byte("four"))
	name := filepath.Base(path)
	if !strings.HasSuffix(name, ",S=4") || strings.ContainsAny(name, "/:") {
		t.Errorf("name %q: want the size at the end and no colon", name)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, mode %v; want 0600", err, info.Mode())
	}
}

func TestConcurrent(t *testing.T) {
	b := open(t, all)
	const n = 200
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { deliver(t, b, fmt.Appendf(nil, "message %d", i)) })
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, name := range files(t, b, "new") {
		data, err := os.ReadFile(filepath.Join(b.Path(), "new", name))
		if err != nil {
			t.Fatal(err)
		}
		seen[string(data)] = true
	}
	if len(seen) != n || len(files(t, b, "tmp")) != 0 {
		t.Errorf("%d different messages, %d files in tmp/; want %d and none", len(seen), len(files(t, b, "tmp")), n)
	}
}

// Where the file system has no O_TMPFILE, and where there is no /proc to link
// from, the message takes the classic way.
func TestNamedFile(t *testing.T) {
	for name, prepare := range map[string]func(*Delivery) error{
		"no O_TMPFILE": func(d *Delivery) error { unix.Close(d.fd); return d.createNamed() },
		"no /proc":     func(d *Delivery) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, all)
			d, err := b.Create()
			if err != nil {
				t.Fatal(err)
			}
			if err := prepare(d); err != nil {
				t.Fatal(err)
			}
			message := bytes.Repeat([]byte("0123456789"), 30_000)
			d.Write(message)
			if err := d.Sync(); err != nil {
				t.Fatal(err)
			}
			if d.name == "" {
				if err := d.giveName(); err != nil {
					t.Fatal(err)
				}
			}
			if got := files(t, b, "tmp"); len(got) != 1 {
				t.Fatalf("in tmp/: %q, want one file", got)
			}
			path, err := d.Place()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, message) {
				t.Errorf("not stored as it was written (%v)", err)
			}
			if got := files(t, b, "tmp"); len(got) != 0 {
				t.Errorf("left in tmp/: %q", got)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	b := open(t, all)
	for _, named := range []bool{false, true} {
		d, err := b.Create()
		if err != nil {
			t.Fatal(err)
		}
		if named {
			unix.Close(d.fd)
			if err := d.createNamed(); err != nil {
				t.Fatal(err)
			}
		}
		d.Write([]byte("half"))
		d.Remove()
		if got := append(files(t, b, "tmp"), files(t, b, "new")...); len(got) > 0 {
			t.Errorf("named %v: left %q", named, got)
		}
	}
}

// If the last sync fails the message is not delivered, and not there.
func TestPlaceUndone(t *testing.T) {
	b := open(t, all)
	d, err := b.Create()
	if err != nil {
		t.Fatal(err)
	}
	d.Write([]byte("message"))
	// A descriptor that names can be made in, but that cannot be synced.
	unix.Close(b.new)
	if b.new, err = unix.Openat(b.dir, "new", pathOnly, 0); err != nil {
		t.Fatal(err)
	}
	if path, err := d.Place(); !errors.Is(err, unix.EBADF) {
		t.Errorf("Place() = %q, %v; want EBADF", path, err)
	}
	if got := files(t, b, "new"); len(got) != 0 {
		t.Errorf("left in new/: %q", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Mkdir(dir+"/real", 0o700))
	must(os.Symlink("real", dir+"/link"))
	must(os.WriteFile(dir+"/file", nil, 0o600))
	must(os.Mkdir(dir+"/open", 0o700))
	must(os.Chmod(dir+"/open", 0o777))
	for _, at := range []Location{
		{Trusted: dir + "/link"},
		{Trusted: dir + "/link/"},
		{Trusted: dir + "/file"},
		{Trusted: dir + "/open/Maildir"},
		{Trusted: dir, Below: []string{"link"}},
		{Trusted: dir, Below: []string{"link", "Maildir"}},
		{Trusted: dir, Below: []string{".."}},
		{Trusted: dir, Below: []string{"a/b"}},
		{Trusted: dir, Below: []string{""}},
	} {
		if b, err := Open(at, all); !errors.Is(err, ErrUnsafe) {
			t.Errorf("Open(%v) = %v, %v; want ErrUnsafe", at, b, err)
		}
	}
	if _, err := Open(Location{Trusted: dir + "/none"}, Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without leave to create: %v, want ErrNotExist", err)
	}
	// A link in the trusted part is the admin's own.
	b, err := Open(Location{Trusted: dir + "/link", Below: []string{"you", "Maildir"}}, all)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	if _, err := os.Stat(dir + "/real/you/Maildir/new"); err != nil {
		t.Error(err)
	}
}

func TestFolderKey(t *testing.T) {
	for name, want := range map[string]string{
		"Lists":        ".Lists",
		"Lists.golang": ".Lists.golang",
		"a & b":        ".a &- b",
		"Größe":        ".Gr&APYA3w-e",
		"受信":           ".&U9dP4Q-",
		"😀x":           ".&2D3eAA-x",
		"tab\t":        ".tab&AAk-",
	} {
		if got, err := FolderKey(name); err != nil || got != want {
			t.Errorf("FolderKey(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"", ".", ".x", "x.", "a..b", "a/b", "a\x00b", "a\xffb", strings.Repeat("x", 255)} {
		if got, err := FolderKey(name); err == nil {
			t.Errorf("FolderKey(%q) = %q, want an error", name, got)
		}
	}
}

func BenchmarkDeliver(b *testing.B) {
	for _, size := range []int{4 << 10, 100 << 10, 10 << 20} {
		message := bytes.Repeat([]byte("x"), size)
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			box := open(b, all)
			b.SetBytes(int64(size))
			for b.Loop() {
				path := deliver(b, box, message)
				b.StopTimer()
				os.Remove(path)
				b.StartTimer()
			}
		})
	}
}

func ExampleBox() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	box, err := Open(Location{Trusted: dir, Below: []string{"example.com", "you"}}, Options{Create: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer box.Close()
	d, err := box.Create()
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err = io.WriteString(d, "Subject: hello\n\nbody\n"); err == nil {
		err = d.Sync()
	}
	if err != nil {
		d.Remove()
		fmt.Println(err)
		return
	}
	path, err := d.Place()
	if err != nil {
		d.Remove()
		fmt.Println(err)
		return
	}
	rel, _ := filepath.Rel(dir, path)
	fmt.Println("stored in", filepath.Dir(rel))
	// Output: stored in example.com/you/new
}
