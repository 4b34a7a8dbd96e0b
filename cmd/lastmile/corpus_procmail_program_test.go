package main

import (
	"bytes"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"lastmile/cmd/lastmile/internal/lab"
)

// pmStatusLine is how we tell the MTA why the mail is deferred: the last line.
var pmStatusLine = regexp.MustCompile(`(?m)^4\.\d{1,3}\.\d{1,3} [ -~]+\n?\z`)

// pmProgram is a procmail to be judged.
type pmProgram struct {
	plain    string // run by cases that need no rights: never setuid
	whole    string // as installed, run by cases with accounts of their own that do not ask for the other
	tools    string // a directory with formail and lockfile, "" for the installed ones
	uid      int    // runs the cases without accounts
	gid      int
	user     string // its name
	ours     bool
	switches bool          // to that user, for we are root
	limit    time.Duration // for one message, pmLimit if it is 0
}

// pmUserOf fills in who runs the cases: us, or nobody if we are root. procmail
// behaves differently for root, and so would we.
func (p *pmProgram) pmUserOf(t *testing.T) {
	t.Helper()
	name := ""
	if os.Getuid() == 0 {
		name, p.switches = "nobody", true
	}
	u, err := user.Current()
	if name != "" {
		u, err = user.Lookup(name)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.user = u.Username
	p.uid, _ = strconv.Atoi(u.Uid)
	p.gid, _ = strconv.Atoi(u.Gid)
}

// realProcmail is the installed one. Debian's is setuid root, and would write to
// the spool of this machine: the cases without accounts of their own get a copy
// that is not.
func realProcmail(t *testing.T) pmProgram {
	t.Helper()
	path, err := exec.LookPath("procmail")
	if err != nil {
		pmLack(t, "not installed: procmail")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	version, err := exec.Command(path, "-v").CombinedOutput()
	if err != nil || !bytes.HasPrefix(version, []byte("procmail v3.23pre")) {
		pmLack(t, "not the procmail that the cases were recorded with: "+string(version))
	}
	p := pmProgram{plain: filepath.Join(lab.Dir(t), "procmail"), whole: path}
	syscall.ForkLock.RLock() // see put
	err = os.WriteFile(p.plain, data, 0o755)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	p.pmUserOf(t)
	return p
}

// ourProcmail is lastmile under the names of the programs that it replaces.
func ourProcmail(t *testing.T) pmProgram {
	t.Helper()
	dir := lab.Dir(t)
	for _, name := range []string{"procmail", "formail", "lockfile"} {
		if err := os.Symlink(lab.Binary(t), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	p := pmProgram{plain: filepath.Join(dir, "procmail"), whole: filepath.Join(dir, "procmail"), tools: dir, ours: true}
	p.pmUserOf(t)
	return p
}
