package folder

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// into delivers a text and returns the path.
func into(t testing.TB, d *Delivery, err error, text string) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := d.Sync(); err != nil {
		t.Fatal(err)
	}
	path, err := d.Place()
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != text {
		t.Errorf("%s: %q, want %q", path, got, text)
	}
	return path
}

func TestNumbered(t *testing.T) {
	t.Parallel()
	for there, want := range map[string]string{
		"": "1", "1": "2", "1 3 5": "6", "007": "8", "9 10": "11", ",4 5x x6 .7 _8 9.10": "1",
		"99999999999999999999": "1", "99999999999999999": "100000000000000000",
	} {
		dir := t.TempDir() + "/mh"
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range strings.Fields(there) {
			if err := os.WriteFile(dir+"/"+name, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d, err := Numbered(dir+"/.", DirOptions{})
		if got := into(t, d, err, "mail"); got != dir+"/"+want {
			t.Errorf("beside %q: %s, want %s", there, got, want)
		}
		linked, err := LinkNumbered(dir+"/"+want, dir, DirOptions{})
		if err != nil || content(t, linked) != "mail" || linked == dir+"/"+want {
			t.Errorf("linked: %s, %v", linked, err)
		}
	}
}

// A number that somebody takes after the folder was read is skipped.
func TestNumberTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	names := numbers(fd, dir)
	taken := map[string]bool{"1": true, "2": true}
	name, err := place(fd, dir, names, func(name string) error {
		if taken[name] {
			return unix.EEXIST
		}
		return nil
	})
	if err != nil || name != "3" {
		t.Errorf("%q, %v; want 3", name, err)
	}
}

func TestModesOfDirectories(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/folder"
	d, err := Msg(dir, "msg.", DirOptions{FileMode: 0o664, DirMode: 0o770, Mark: true})
	path := into(t, d, err, "mail")
	for file, want := range map[string]fs.FileMode{dir: fs.ModeDir | 0o771, path: 0o664} {
		if info, err := os.Stat(file); err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, %v; want %v", file, info.Mode(), err, want)
		}
	}
	if _, err := Msg(dir+"/none/folder", "msg.", DirOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, want ErrNotExist: what is above is not made", err)
	}
	if err := os.WriteFile(dir+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Numbered(dir+"/file", DirOptions{}); !errors.Is(err, unix.ENOTDIR) {
		t.Errorf("%v, want ENOTDIR", err)
	}
}

// Where there is no O_TMPFILE the file has a name that no reader takes for mail.
func TestNamedFile(t *testing.T) {
	t.Parallel()
	for _, giveUp := range []bool{false, true} {
		dir := t.TempDir()
		d, err := Numbered(dir, DirOptions{})
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(d.fd)
		if err := d.createNamed(0o600); err != nil {
			t.Fatal(err)
		}
		if got := names(t, dir); !strings.HasPrefix(got, "_") {
			t.Errorf("there is %s", got)
		}
		if giveUp {
			d.Remove()
			d.Close()
			if got := names(t, dir); got != "" {
				t.Errorf("left: %s", got)
			}
			continue
		}
		into(t, d, nil, "mail")
		if got := names(t, dir); got != "1" {
			t.Errorf("there are %s, want 1", got)
		}
	}
}

func TestMsgTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, err := Msg(dir, "msg.", DirOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var st unix.Stat_t
	if err := unix.Fstat(d.fd, &st); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/msg."+InodeName(st.Ino), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if path, err := d.Place(); !errors.Is(err, unix.EEXIST) {
		t.Errorf("%s, %v; want EEXIST", path, err)
	}
	if got := content(t, dir+"/msg."+InodeName(st.Ino)); got != "other" {
		t.Errorf("the other file has %q", got)
	}
	e, err := Msg(dir, "../msg.", DirOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if path, err := e.Place(); !errors.Is(err, ErrUnsafe) {
		t.Errorf("%s, %v; want ErrUnsafe", path, err)
	}
}

func TestBase64(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{0: "A", 25: "Z", 26: "a", 51: "z", 52: "0", 61: "9", 62: "-", 63: "_", 64: "AB", 64*64 + 1: "BAB"} {
		if got := InodeName(n); got != want {
			t.Errorf("InodeName(%d) = %s, want %s", n, got, want)
		}
	}
}

// The names are those that procmail gives, and the further folders of a recipe
// are linked as it does.
func TestNamesOfProcmail(t *testing.T) {
	t.Parallel()
	procmail := need(t, "procmail")
	dir := t.TempDir()
	rc := "MAILDIR=" + dir + "\nMSGPREFIX=m.\n:0\nmsgs mh/. md/\n"
	for _, err := range []error{os.WriteFile(dir+"/rc", []byte(rc), 0o600), os.Mkdir(dir+"/msgs", 0o700), os.Mkdir(dir+"/mh", 0o700), os.WriteFile(dir+"/mh/41", nil, 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(procmail, dir+"/rc")
	cmd.Stdin = strings.NewReader("Subject: test\n\nbody\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	theirs := names(t, dir+"/msgs")
	var st unix.Stat_t
	if err := unix.Stat(dir+"/msgs/"+theirs, &st); err != nil {
		t.Fatal(err)
	}
	if want := "m." + InodeName(st.Ino); theirs != want {
		t.Errorf("procmail names it %s, we %s", theirs, want)
	}
	if got := names(t, dir+"/mh"); got != "41 42" || st.Nlink != 3 {
		t.Errorf("procmail's links: %s, %d", got, st.Nlink)
	}

	file := dir + "/msgs/" + theirs
	for want, link := range map[string]func() (string, error){
		dir + "/msgs/" + theirs:  func() (string, error) { return LinkMsg(file, dir+"/msgs", "m.", DirOptions{}) }, // it has this name
		dir + "/other/" + theirs: func() (string, error) { return LinkMsg(file, dir+"/other", "m.", DirOptions{}) },
		dir + "/mh/43":           func() (string, error) { return LinkNumbered(file, dir+"/mh/.", DirOptions{}) },
		dir + "/md/new/*,S=21":   func() (string, error) { return LinkMaildir(file, dir+"/md/", DirOptions{}) },
	} {
		got, err := link()
		if ok, _ := filepath.Match(want, got); err != nil || !ok {
			t.Errorf("linked to %s, %v; want %s", got, err, want)
			continue
		}
		a, _ := os.Stat(file)
		if b, err := os.Stat(got); err != nil || !os.SameFile(a, b) {
			t.Errorf("%s is another file (%v)", got, err)
		}
	}
	if got := names(t, dir+"/md/new"); len(strings.Fields(got)) != 2 {
		t.Errorf("in the Maildir: %s", got)
	}
}
