package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	pmLimit      = 90 * time.Second // for one message
	pmStragglers = 8 * time.Second  // for programs that procmail did not wait for
	pmMailGroup  = 8                // on Debian
)

// pmDefaults are the usual assignments on the command line of a case.
var pmDefaults = []string{"HOME=@HOME@", "PATH=@PATH@", "SHELL=/bin/sh", "LOGNAME=tester",
	"SENDMAIL=@HOME@/bin/sendmail", "ORGMAIL=@HOME@/orgmail",
	"DEFAULT=@HOME@/inbox", "COMSAT=no", "LOGFILE=@HOME@/log"}

// run runs a case and returns its snapshot.
func (p pmProgram) run(c *pmCase) (snapshot []byte, err error) {
	s := &pmSandbox{c: c, p: p, user: p.user, uid: p.uid, gid: p.gid}
	// The length of the path shows in the log, where procmail aligns what follows a
	// name: the recorded cases had one of 17 bytes.
	if s.base, err = pmTempDir(); err != nil {
		return nil, err
	}
	defer s.remove()
	if err := s.fill(); err != nil {
		return nil, err
	}
	if c.isolated() {
		if s.holder, err = s.isolate(); err != nil {
			return nil, err
		}
		defer s.holder.close()
	}
	if script, ok := c.sections["setup"]; ok {
		if out, err := s.shell("umask 022\n" + s.sub(script)).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("setup: %v: %s", err, out)
		}
	}
	before := scanPM(s.view(), s.uid)
	var runs []pmRun
	for _, i := range c.numbers() {
		r, err := s.deliver(c.messages[i])
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	after := scanPM(s.view(), s.uid)
	var post *string
	if script, ok := c.sections["post"]; ok {
		out, _ := s.shell(s.sub(script)).CombinedOutput()
		text := string(out)
		post = &text
	}
	return s.snapshot(runs, before, after, post), nil
}

// environ is that of every program of the case.
func (s *pmSandbox) environ() []string {
	logname := "tester"
	if len(s.c.users) > 0 {
		logname = s.user
	}
	env := []string{"PATH=" + s.path, "HOME=" + s.home, "TZ=UTC0", "LOGNAME=" + logname, "USER=" + logname}
	for line := range strings.Lines(s.sub(s.c.sections["env"])) {
		if line = strings.TrimSuffix(line, "\n"); strings.Contains(line, "=") {
			env = append(env, line)
		}
	}
	return env
}

// shell is a script of the case, run in its home directory: by root, if the case
// has accounts of its own.
func (s *pmSandbox) shell(script string) *exec.Cmd {
	uid, gid := s.uid, s.gid
	if len(s.c.users) > 0 {
		uid, gid = 0, 0
	}
	return s.command(s.home, uid, gid, "/bin/sh", "-c", script)
}

// command is a program in the namespace of the case, as a user. It leads a session.
func (s *pmSandbox) command(dir string, uid, gid int, argv ...string) *exec.Cmd {
	attr := &syscall.SysProcAttr{Setsid: true}
	if s.holder != nil {
		enter := s.holder.enter(dir)
		if uid != 0 {
			enter = append(enter, "setpriv", "--reuid="+strconv.Itoa(uid), "--regid="+strconv.Itoa(gid), "--clear-groups", "--")
		}
		argv = append(enter, argv...)
		dir = "/"
	} else if s.p.switches {
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, s.environ(), attr
	return cmd
}

// arguments are those of the program.
func (s *pmSandbox) arguments() []string {
	section, ok := s.c.sections["args"]
	if !ok {
		section = "@DEFAULTS@\n"
	}
	var args []string
	for line := range strings.Lines(section) {
		switch line = strings.TrimSuffix(line, "\n"); line {
		case "":
		case "@DEFAULTS@":
			for _, a := range pmDefaults {
				args = append(args, s.sub(a))
			}
		case "@EMPTY@":
			args = append(args, "")
		default:
			args = append(args, s.sub(line))
		}
	}
	return args
}

// deliver hands one message to the program and waits for it and for whatever it
// started.
func (s *pmSandbox) deliver(message string) (pmRun, error) {
	var files [3]*os.File
	for i, name := range []string{"in", "out", "err"} {
		f, err := os.Create(filepath.Join(s.base, name))
		if err != nil {
			return pmRun{}, err
		}
		defer f.Close()
		f.Chmod(0o666)
		files[i] = f
	}
	if _, err := files[0].WriteString(s.sub(message)); err != nil {
		return pmRun{}, err
	}
	stdin, err := os.Open(files[0].Name())
	if err != nil {
		return pmRun{}, err
	}
	defer stdin.Close()
	argv := append([]string{s.program()}, s.arguments()...)
	if redirection, ok := s.c.sections["stdin"]; ok {
		argv = append([]string{"/bin/sh", "-c", `exec "$0" "$@" ` + s.sub(strings.TrimSpace(redirection))}, argv...)
	}
	if wrap := strings.TrimSpace(s.c.sections["wrap"]); wrap != "" {
		argv = append([]string{filepath.Join(s.home, "bin", wrap)}, argv...)
	}
	cmd := s.command(filepath.Join(s.home, strings.TrimSpace(s.c.sections["cwd"])), s.uid, s.gid, argv...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, files[1], files[2]
	if err := cmd.Start(); err != nil {
		return pmRun{}, err
	}
	stop := s.sendSignals(cmd.Process.Pid)
	limit := time.AfterFunc(cmp.Or(s.p.limit, pmLimit), func() { unix.Kill(-cmd.Process.Pid, unix.SIGKILL) })
	cmd.Wait()
	stop()
	r := pmRun{exit: pmExit(cmd.ProcessState.Sys().(syscall.WaitStatus))}
	if !limit.Stop() {
		r.exit = "timeout"
	}
	endSession(cmd.Process.Pid)
	stdout, err1 := os.ReadFile(files[1].Name())
	stderr, err2 := os.ReadFile(files[2].Name())
	r.stdout, r.stderr = string(stdout), string(stderr)
	if s.p.ours && r.exit == "75" {
		// The one thing that we say beyond procmail, wherever the mail is deferred.
		r.stderr = pmStatusLine.ReplaceAllString(r.stderr, "")
	}
	return r, errors.Join(err1, err2)
}

// program is the one that the case is run with.
func (s *pmSandbox) program() string {
	if len(s.c.users) > 0 && strings.TrimSpace(s.c.sections["program"]) != "plain" {
		return s.p.whole
	}
	return s.p.plain
}

func pmExit(status syscall.WaitStatus) string {
	if status.Signaled() {
		return strconv.Itoa(-int(status.Signal()))
	}
	return strconv.Itoa(status.ExitStatus())
}
