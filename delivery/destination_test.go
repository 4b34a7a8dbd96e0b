package delivery

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"lastmile/delivery/dsn"
	"lastmile/delivery/procmailrc"
	"lastmile/maildir"
)

// tested is a destination, and how many messages there are below its directory once
// it has delivered one: none if it sends or throws them away.
type tested struct {
	Destination
	stores int
}

// every returns each destination, with what it stores below dir.
func every(t *testing.T, dir string) map[string]tested {
	t.Helper()
	at := func(name string) Template {
		template, err := ParseTemplate(filepath.Join(dir, name), Home)
		if err != nil {
			t.Fatal(err)
		}
		return template
	}
	inbox, err := NewMaildir(at("Maildir/"), "", maildir.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	mbox, err := NewMbox(at("mbox"))
	if err != nil {
		t.Fatal(err)
	}
	command, err := NewCommand("cat >"+filepath.Join(dir, "taken"), true)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]tested{
		"Maildir": {inbox, 1},
		"Mbox":    {mbox, 1},
		"Command": {command, 1},
		"Filter": {&Filter{
			Config: procmailrc.Config{Name: "procmail", Words: []string{"DEFAULT=" + filepath.Join(dir, "Filtered/")}, Account: procmailrc.Account{Home: dir, Shell: "/bin/sh"}},
			Stdout: os.Stderr, Stderr: os.Stderr,
		}, 1},
	}
}

// messages returns the files below a directory that have a message in them.
func messages(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			text, err := os.ReadFile(path)
			if err == nil && strings.Contains(string(text), "Subject: x") {
				found = append(found, path)
			}
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Every destination does what the interface says.
func TestDestinations(t *testing.T) {
	dir := t.TempDir()
	for name := range every(t, dir) {
		t.Run(name, func(t *testing.T) {
			testDestination(t, func() (tested, string) {
				dir, err := os.MkdirTemp(dir, "")
				if err != nil {
					t.Fatal(err)
				}
				return every(t, dir)[name], dir
			})
		})
	}
}

// testDestination is TestDestinations for one of them; fresh returns it with a
// directory that it has not delivered to.
func testDestination(t *testing.T, fresh func() (tested, string)) {
	const text = "Subject: x\n\nbody\n"
	deliver := func(d tested, gate *Gate, in io.Reader) (Receipt, error) {
		env, err := NewEnvelope("a@example.com")
		if err != nil {
			t.Fatal(err)
		}
		return (&Agent{Destination: d.Destination}).Deliver(gate, env, in)
	}

	d, dir := fresh()
	env, _ := NewEnvelope("a@example.com")
	if where, err := d.Plan(env); err != nil || where == "" {
		t.Errorf("Plan: %q, %v", where, err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("Plan has made %v", left)
	}

	in := strings.NewReader(text + strings.Repeat("long\n", 100000))
	size := in.Size()
	r, err := deliver(d, new(Gate), in)
	if err != nil || r.Where == "" || len(messages(t, dir)) != d.stores {
		t.Errorf("a message: %+v, %v, and there are %q", r, err, messages(t, dir))
	}
	if in.Len() > 0 || r.Size != size {
		t.Errorf("%d bytes of the message were not read, and %d of %d are its size", in.Len(), r.Size, size)
	}

	d, dir = fresh()
	broken := io.MultiReader(strings.NewReader(text), iotest.ErrReader(errors.New("broken")))
	if _, err := deliver(d, new(Gate), broken); err == nil || !dsn.Of(err).Status.Temporary() {
		t.Errorf("a message that cannot be read: %v", err)
	}
	if found := messages(t, dir); len(found) > 0 {
		t.Errorf("of a message that cannot be read there is %q", found)
	}

	d, dir = fresh()
	gate := new(Gate)
	if !gate.Abort() {
		t.Fatal("not given up")
	}
	if _, err := deliver(d, gate, strings.NewReader(text)); err == nil || !dsn.Of(err).Status.Temporary() {
		t.Errorf("a delivery that is given up: %v", err)
	}
	if found := messages(t, dir); len(found) > 0 {
		t.Errorf("of a delivery that was given up there is %q", found)
	}
}
