package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// pmSendmail records its arguments and its input.
const pmSendmail = `#!/bin/sh
n=1
while ! mkdir "@REC@/$n" 2>/dev/null; do n=$((n+1)); done
for a; do printf '%s\n' "$a"; done >"@REC@/$n/args"
cat >"@REC@/$n/stdin"
if [ -f "@HOME@/sendmail.exit" ]; then exit ` + "`cat \"@HOME@/sendmail.exit\"`" + `; fi
exit 0
`

// pmEat reads all its input before it exits: a program that does not makes the
// outcome a race between the last write to it and its exit.
const pmEat = "#!/bin/sh\ncat >/dev/null\nexit $1\n"

// pmSandbox is the surroundings of one run of a case.
type pmSandbox struct {
	c         *pmCase
	p         pmProgram
	base      string
	home, rec string
	path      string // PATH
	user      string // who runs the program
	uid, gid  int
	holder    *pmHolder // of the mount namespace, nil without one
	comsat    *pmComsat
	replace   *strings.Replacer
}

// pmTempDir makes a directory in /tmp named pmc- and eight hexadecimal digits:
// a path of one length, because procmail's buffers have limits.
func pmTempDir() (string, error) {
	for {
		dir := fmt.Sprintf("/tmp/pmc-%08x", uint32(time.Now().UnixNano()/64)^uint32(os.Getpid()<<16))
		err := os.Mkdir(dir, 0o755)
		if !errors.Is(err, os.ErrExist) {
			return dir, err
		}
	}
}

// fill puts the files of the case into place.
func (s *pmSandbox) fill() error {
	s.home, s.rec = filepath.Join(s.base, "h"), filepath.Join(s.base, "r")
	s.path = s.home + "/bin:"
	if s.p.tools != "" {
		s.path += s.p.tools + ":"
	}
	s.path += "/usr/local/bin:/usr/bin:/bin"
	if len(s.c.users) > 0 {
		s.user, s.uid, s.gid = "root", 0, 0
		if name := strings.TrimSpace(s.c.sections["as"]); name != "" {
			u, err := s.lookup(name)
			if err != nil {
				return err
			}
			s.user, s.uid, s.gid = u.name, u.uid, u.gid
		}
	}
	pairs := []string{"@HOME@", s.home, "@PATH@", s.path, "@REC@", s.rec}
	if _, ok := s.c.sections["comsat"]; ok {
		var err error
		if s.comsat, err = listenComsat(); err != nil {
			return err
		}
		pairs = append(pairs, "@PORT@", s.comsat.port())
	}
	s.replace = strings.NewReplacer(pairs...)
	for _, dir := range []string{s.home, s.rec, s.home + "/bin"} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	files := []pmFile{{path: "bin/sendmail", mode: 0o755, body: pmSendmail}, {path: "bin/eat", mode: 0o755, body: pmEat}}
	if rc, ok := s.c.sections["rc"]; ok {
		files = append(files, pmFile{path: ".procmailrc", mode: 0o644, body: rc})
	}
	for _, f := range append(files, s.c.files...) {
		if err := s.put(s.home, f); err != nil {
			return err
		}
	}
	if err := os.Chmod(s.rec, 0o777); err != nil {
		return err
	}
	if err := s.own(); err != nil {
		return err
	}
	return s.fillSystem()
}

// put writes one file below a directory; its directories are made.
func (s *pmSandbox) put(root string, f pmFile) error {
	path := filepath.Join(root, f.path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	// A child that another goroutine is about to start must not hold a script open
	// for writing: the kernel would not run it.
	syscall.ForkLock.RLock()
	err := os.WriteFile(path, []byte(s.sub(f.body)), 0o600)
	syscall.ForkLock.RUnlock()
	if err != nil {
		return err
	}
	if f.owner != "" {
		if err := s.chown(path, f.owner); err != nil {
			return err
		}
	}
	return os.Chmod(path, f.mode)
}

// own gives the sandbox to the user who runs the case, if that is not us.
func (s *pmSandbox) own() error {
	if !s.p.switches || len(s.c.users) > 0 {
		return nil
	}
	return filepath.WalkDir(s.base, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, s.uid, s.gid)
	})
}

func (s *pmSandbox) sub(text string) string { return s.replace.Replace(text) }

// view is the home directory as it is seen from inside the namespace.
func (s *pmSandbox) view() string {
	if s.holder != nil {
		return s.holder.root() + s.home
	}
	return s.home
}

// remove removes the sandbox, whatever modes the case has given its parts.
func (s *pmSandbox) remove() {
	if s.comsat != nil {
		s.comsat.close()
	}
	filepath.WalkDir(s.base, func(path string, d os.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	os.RemoveAll(s.base)
}
