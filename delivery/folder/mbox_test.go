package folder

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/delivery/internal/lockfile"
	"lastmile/maildir/durable"
)

// quick is how the tests wait for a lock file.
var quick = &lockfile.Options{Sleep: 5 * time.Millisecond, Retries: 4000, Mode: lockfile.DefaultMode}

// put adds a text to an mbox.
func put(t testing.TB, path, text string, o Options) *Mbox {
	t.Helper()
	m, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := m.Commit(); err != nil {
		t.Fatal(err)
	}
	return m
}

func content(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// names returns what is in a directory.
func names(t testing.TB, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestMbox(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{"plain": {}, "lock file": {Lock: quick}, "named": {FollowLink: true, Lock: quick}} {
		dir := t.TempDir()
		path := dir + "/box"
		if m := put(t, path, "one", o); !m.created || m.Size() != 0 {
			t.Errorf("%s: created %v, size %d", name, m.created, m.Size())
		}
		if m := put(t, path, "two", o); m.created || m.Size() != 3 {
			t.Errorf("%s: created %v, size %d", name, m.created, m.Size())
		}
		if got := content(t, path); got != "onetwo" {
			t.Errorf("%s: %q", name, got)
		}
		if got := names(t, dir); got != "box" {
			t.Errorf("%s: there are %s", name, got)
		}
	}
}

func TestMode(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		o    Options
		want fs.FileMode
	}{
		{"default", Options{}, 0o600},
		{"given", Options{Mode: 0o664}, 0o664},
		{"marked", Options{Mode: 0o644, Mark: true}, 0o645},
	} {
		put(t, dir+"/"+c.name, "x", c.o)
		if info, err := os.Stat(dir + "/" + c.name); err != nil || info.Mode() != c.want {
			t.Errorf("%s: mode %v, %v; want %v", c.name, info.Mode(), err, c.want)
		}
	}
	if err := os.WriteFile(dir+"/old", nil, 0o640); err != nil {
		t.Fatal(err)
	}
	put(t, dir+"/old", "x", Options{Mode: 0o600})
	if info, _ := os.Stat(dir + "/old"); info.Mode() != 0o640 {
		t.Errorf("the mode of a file that was there is %v now", info.Mode())
	}
}

// The file has its former size again, whenever the message is given up.
func TestAbort(t *testing.T) {
	t.Parallel()
	for name, giveUp := range map[string]func(*Mbox){
		"at once":    func(m *Mbox) { m.Abort() },
		"written":    func(m *Mbox) { m.Write([]byte("half")); m.Abort() },
		"synced":     func(m *Mbox) { m.Write([]byte("whole")); m.Sync(); m.Abort() },
		"twice":      func(m *Mbox) { m.Write([]byte("half")); m.Abort(); m.Abort() },
		"sync fails": func(m *Mbox) { m.Write([]byte("whole")); breakSync(m); m.Commit() },
	} {
		for _, before := range []string{"", "From a\n\nmessage\n\n"} {
			dir := t.TempDir()
			if err := os.WriteFile(dir+"/box", []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
			m, err := Open(t.Context(), dir+"/box", Options{Lock: quick})
			if err != nil {
				t.Fatal(err)
			}
			giveUp(m)
			if got := content(t, dir+"/box"); got != before {
				t.Errorf("%s: %q, want %q", name, got, before)
			}
			if got := names(t, dir); got != "box" {
				t.Errorf("%s: there are %s", name, got)
			}
			if _, err := m.Write([]byte("x")); !errors.Is(err, ErrAborted) {
				t.Errorf("%s: Write() = %v, want ErrAborted", name, err)
			}
			if err := m.Commit(); !errors.Is(err, ErrAborted) {
				t.Errorf("%s: Commit() = %v, want ErrAborted", name, err)
			}
		}
	}
}

// breakSync makes the last step fail.
func breakSync(m *Mbox) { m.broken = failed("sync", m.path, unix.EIO) }

// A new file stays, empty: another program may have it open and wait.
func TestAbortNew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m, err := Open(t.Context(), dir+"/box", Options{Lock: quick})
	if err != nil {
		t.Fatal(err)
	}
	m.Write([]byte("half"))
	m.Abort()
	if got := names(t, dir); got != "box" || content(t, dir+"/box") != "" {
		t.Errorf("there are %s, with %q", got, content(t, dir+"/box"))
	}
}

// What somebody has added without a lock is mail, and is not cut off.
func TestAbortSparesOthers(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/box"
	m, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.Write([]byte("half"))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("theirs")
	f.Close()
	m.Abort()
	if got := content(t, path); got != "halftheirs" {
		t.Errorf("%q", got)
	}
}

// A reader must see new mail: written after it was last read, in seconds.
func TestShowUnread(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/box"
	check := func(when string) {
		t.Helper()
		var st unix.Stat_t
		if err := unix.Stat(path, &st); err != nil || st.Atim.Sec >= st.Mtim.Sec {
			t.Errorf("%s: read at %d, written at %d (%v)", when, st.Atim.Sec, st.Mtim.Sec, err)
		}
		if time.Since(time.Unix(st.Mtim.Unix())) > time.Minute {
			t.Errorf("%s: written at %v", when, time.Unix(st.Mtim.Unix()))
		}
	}
	put(t, path, "one", Options{})
	check("new")
	now := time.Now()
	if err := os.Chtimes(path, now.Add(time.Second), now); err != nil {
		t.Fatal(err)
	}
	put(t, path, "two", Options{})
	check("just read")
	old := now.Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	put(t, path, "three", Options{})
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil || st.Atim.Sec != old.Unix() {
		t.Errorf("the time of a reading long ago has changed (%v)", err)
	}
}

func TestSeparate(t *testing.T) {
	t.Parallel()
	for before, want := range map[string]string{
		"": "mail", "a\n\n": "a\n\nmail", "a\n": "a\n\nmail", "a": "a\n\nmail", "\n": "\n\nmail", "x\na": "x\na\n\nmail",
	} {
		path := t.TempDir() + "/box"
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		put(t, path, "mail", Options{Separate: true})
		if got := content(t, path); got != want {
			t.Errorf("after %q: %q, want %q", before, got, want)
		}
		m, err := Open(t.Context(), path, Options{Separate: true})
		if err != nil {
			t.Fatal(err)
		}
		m.Abort()
		if got := content(t, path); got != want {
			t.Errorf("after an abort: %q, want %q", got, want)
		}
	}
}

// A mail reader that saves while we wait puts another file in place.
func TestReplaced(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/box"
	put(t, path, "old", Options{})
	reader, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := durable.Lock(t.Context(), int(reader.Fd())); err != nil {
		t.Fatal(err)
	}
	opened := make(chan *Mbox)
	go func() {
		m, err := Open(context.Background(), path, Options{})
		if err != nil {
			t.Error(err)
		}
		opened <- m
	}()
	time.Sleep(20 * time.Millisecond)
	put(t, path+".new", "saved ", Options{})
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	reader.Close()
	m := <-opened
	m.Write([]byte("mail"))
	if err := m.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "saved mail" {
		t.Errorf("%q", got)
	}
}

// While the locks of others are waited for, the delivery can be given up, and
// leaves no lock.
func TestOpenGivenUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := Open(t.Context(), dir+"/box", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Abort()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, dir+"/box", Options{Lock: quick}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want DeadlineExceeded", err)
	}
	if got := names(t, dir); got != "box" {
		t.Errorf("there are %s", got)
	}
}

func TestLargeMessage(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/box"
	m, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	chunk := bytes.Repeat([]byte("0123456789abcde\n"), 4096)
	for range 200 {
		if _, err := m.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Commit(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != 200*int64(len(chunk)) {
		t.Errorf("%v, %v", info.Size(), err)
	}
	if got := names(t, filepath.Dir(path)); got != "box" {
		t.Errorf("there are %s", got)
	}
}
