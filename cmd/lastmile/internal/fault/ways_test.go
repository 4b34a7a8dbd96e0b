//go:build amd64

package fault

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

// body is in every message of the fault suite; with 100 KB it takes several
// reads and writes, and does not fit into a pipe.
var body = []byte(strings.Repeat("From here on every line is one that an mbox quotes: From \n\n", 1700) + "-- \nend of the message\n")

// message is what is delivered.
var message = append([]byte("From: a@example.net\nTo: you@example.com\nSubject: test\n\n"), body...)

// way is one way for a message, into which faults are put.
type way struct {
	name string
	// argv are the arguments after the program; %s is the directory.
	argv []string
	// rc is the rcfile that the arguments name as %s/rc.
	rc string
	// prepare makes what is there before.
	prepare func(t testing.TB, dir string)
	// boxes are where messages may be.
	boxes []string
	// other is set if another program stores the message: that may have happened
	// when a fault keeps us from hearing of it.
	other bool
	// cuts is set if a crash may leave the beginning of a message: at the end of an
	// mbox, or with a program that reads it from a pipe, whose end means nothing.
	cuts bool
	// once is set if a message that is there already is not stored again.
	once bool
}

// old is what an mbox holds before.
const old = "From b@example.net  Mon Nov 23 21:00:00 2026\nSubject: old\n\nold\n\n"

func ways() []way {
	oldMbox := func(t testing.TB, dir string) {
		if err := os.WriteFile(dir+"/mbox", []byte(old), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	procmail := []string{"procmail", "-f", "a@example.net", "-m", "DEFAULT=%s/default", "%s/rc"}
	store := "LASTMILE deliver --maildir %s/Maildir -- other@example.com"
	return []way{
		{name: "maildir", argv: []string{"lastmile", "deliver", "--log", "none", "--maildir", "%s/Maildir", "--", "you@example.com"}, boxes: []string{"Maildir/"}},
		{name: "maildir-confined", argv: []string{"lastmile", "deliver", "--log", "none", "--maildir", "%s/{user}", "--", "Maildir@example.com"}, boxes: []string{"Maildir/"}},
		{name: "maildir-id", once: true, argv: []string{"lastmile", "deliver", "--log", "none", "--id", "4cQxyz12", "--maildir", "%s/Maildir", "--", "you@example.com"}, boxes: []string{"Maildir/"}},
		{name: "mbox", argv: []string{"lastmile", "deliver", "--log", "none", "--mbox", "%s/mbox", "--", "you@example.com"}, cuts: true, prepare: oldMbox, boxes: []string{"mbox"}},
		{name: "mbox-new", cuts: true, argv: []string{"lastmile", "deliver", "--log", "none", "--mbox", "%s/mbox", "--", "you@example.com"}, boxes: []string{"mbox"}},
		{name: "mbox-confined", argv: []string{"lastmile", "deliver", "--log", "none", "--confine", "always", "--mbox", "%s/mbox", "--", "you@example.com"}, cuts: true, prepare: oldMbox, boxes: []string{"mbox"}},
		{name: "command", argv: []string{"lastmile", "deliver", "--log", "none", "--command", store, "--", "you@example.com"}, boxes: []string{"Maildir/"}, other: true},
		{name: "rc-maildir", argv: procmail, rc: ":0\n%s/Maildir/\n", boxes: []string{"Maildir/", "default"}, cuts: true},
		{name: "rc-mbox", argv: procmail, rc: ":0:\n%s/mbox\n", cuts: true, prepare: oldMbox, boxes: []string{"mbox", "default"}},
		{name: "rc-mh", argv: procmail, rc: ":0\n%s/mh/.\n", boxes: []string{"mh/.", "default"}, cuts: true},
		{name: "rc-pipe", cuts: true, argv: procmail, rc: ":0 w\n| " + store + "\n", boxes: []string{"Maildir/", "default"}, other: true},
		{name: "rc-filter", argv: procmail, rc: ":0 fw\n| /bin/cat\n\n:0:\n%s/mbox\n", cuts: true, prepare: oldMbox, boxes: []string{"mbox", "default"}},
		{name: "rc-forward", cuts: true, argv: procmail, rc: "SENDMAIL=%s/sendmail\n\n:0\n! you@example.org\n", boxes: []string{"Maildir/", "default"}, other: true, prepare: func(t testing.TB, dir string) {
			script := "#!/bin/sh\nexec LASTMILE deliver --maildir " + dir + "/Maildir -- other@example.org\n"
			if err := os.WriteFile(dir+"/sendmail", []byte(strings.ReplaceAll(script, "LASTMILE", lab.Binary(t))), 0o700); err != nil {
				t.Fatal(err)
			}
		}},
	}
}

// scene is a directory that a message is delivered in.
type scene struct {
	way way
	dir string
	cmd Command
}

// scene makes the directory.
func (w way) scene(t testing.TB, filter, parent string) *scene {
	t.Helper()
	dir, err := os.MkdirTemp(parent, "")
	if err != nil {
		t.Fatal(err)
	}
	here := strings.NewReplacer("%s", dir, "LASTMILE", lab.Binary(t))
	s := &scene{way: w, dir: dir}
	s.cmd = Command{Filter: filter, Path: lab.Binary(t), Dir: dir, Stdin: message, Limit: limit, Env: []string{"PATH=/usr/bin:/bin", "HOME=" + dir, "TZ=UTC"}}
	for _, arg := range w.argv {
		s.cmd.Argv = append(s.cmd.Argv, here.Replace(arg))
	}
	if w.rc != "" {
		if err := os.WriteFile(dir+"/rc", []byte("LOCKSLEEP=0\nTIMEOUT=20\nSUSPEND=0\n"+here.Replace(w.rc)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if w.prepare != nil {
		w.prepare(t, dir)
	}
	return s
}

// found is what is in the boxes.
type found struct {
	whole   []string // paths, one for each complete message
	partial []string // of what is not whole
	litter  []string // in the way of nobody
	locks   []string
}

// look looks into the boxes.
func (s *scene) look(t testing.TB) (f found) {
	t.Helper()
	for _, box := range s.way.boxes {
		path := filepath.Join(s.dir, box)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			// A directory that must not be looked at becomes a file, as in procmail.
			f.mbox(t, path, strings.HasPrefix(box, "mbox") && s.way.prepare != nil)
			continue
		}
		switch {
		case strings.HasSuffix(box, "/"):
			f.files(t, path+"/new/*")
			f.litter = append(f.litter, glob(path+"/tmp/*")...)
		case strings.HasSuffix(box, "/."):
			f.files(t, path+"/*")
		}
	}
	f.locks = append(glob(s.dir+"/*.lock"), glob(s.dir+"/_*")...)
	return f
}

func glob(pattern string) []string {
	names, _ := filepath.Glob(pattern)
	return names
}

// files looks at messages in files of their own.
func (f *found) files(t testing.TB, pattern string) {
	t.Helper()
	for _, path := range glob(pattern) {
		data, err := os.ReadFile(path)
		switch {
		case err != nil:
			t.Fatal(err)
		case strings.HasPrefix(filepath.Base(path), "_"):
			f.litter = append(f.litter, path)
		case bytes.HasSuffix(bytes.TrimRight(data, "\n"), bytes.TrimRight(message, "\n")):
			f.whole = append(f.whole, path)
		default:
			f.partial = append(f.partial, fmt.Sprintf("%s: %d bytes", path, len(data)))
		}
	}
}

// mbox looks at the messages in an mbox.
func (f *found) mbox(t testing.TB, path string, hadOld bool) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if hadOld {
		rest, ok := bytes.CutPrefix(data, []byte(old))
		if !ok {
			t.Errorf("%s: what was there before is not there", path)
		}
		data = rest
	}
	quoted := bytes.ReplaceAll(message, []byte("\nFrom "), []byte("\n>From "))
	for len(data) > 0 {
		n := len(data)
		if next := bytes.Index(data[1:], []byte("\n\nFrom ")); next >= 0 {
			n = next + 3
		}
		one := data[:n]
		for range bytes.Count(one, quoted) {
			f.whole = append(f.whole, path)
		}
		if !bytes.Contains(one, quoted) {
			f.partial = append(f.partial, fmt.Sprintf("%s: %d bytes", path, len(one)))
		}
		data = data[n:]
	}
}
