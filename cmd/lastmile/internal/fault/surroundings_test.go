//go:build amd64

package fault

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"lastmile/cmd/lastmile/internal/lab"
)

// surrounding is something about a process or its file system that is not as it
// should be.
type surrounding struct {
	name string
	// shell runs the program with something wrong; "$@" is the program.
	shell string
	// mount is the option for a file system of the delivery's own.
	mount string
	// before is done after everything has been made ready.
	before func(t *testing.T, dir string)
	// stdin, if not nil, is what comes instead of the message.
	stdin io.Reader
	// delivers is set if the message must get through all the same.
	delivers bool
}

func surroundings() []surrounding {
	fill := func(t *testing.T, dir string) {
		f, err := os.Create(dir + "/fill")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for err == nil {
			_, err = f.Write(make([]byte, 4096))
		}
	}
	return []surrounding{
		{name: "disk full", mount: "size=256k,mode=700", before: fill},
		{name: "disk too small", mount: "size=96k,mode=700"},
		{name: "no inodes", mount: "size=1m,nr_inodes=8,mode=700", before: func(t *testing.T, dir string) {
			for i := range 8 {
				os.WriteFile(dir+"/inode"+string(rune('0'+i)), nil, 0o600)
			}
		}},
		{name: "read-only", mount: "size=1m,mode=700", before: func(t *testing.T, dir string) {
			if err := unix.Mount("", filepath.Dir(dir), "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "file size limit", shell: `ulimit -f 8; exec "$@"`},
		{name: "no file at all", shell: `ulimit -f 0; exec "$@"`},
		{name: "10 descriptors", shell: `ulimit -n 10; exec "$@"`},
		{name: "6 descriptors", shell: `ulimit -n 6; exec "$@"`},
		{name: "nothing on stdin", stdin: bytes.NewReader(nil)},
		{name: "stdin closed", shell: `exec "$@" <&-`},
		{name: "stdin a directory", shell: `exec "$@" </`},
		{name: "stdin not for reading", shell: `exec "$@" 0>/dev/null`},
		{name: "stdout and stderr closed", shell: `exec "$@" >&- 2>&-`, delivers: true},
		{name: "stdout and stderr full", shell: `exec "$@" >/dev/full 2>&1`, delivers: true},
		{name: "stdout read by nobody", shell: `{ "$@" 2>&1; echo $? >&3; } 3>status | true; read s <status; exit $s`, delivers: true},
		{name: "signals ignored", shell: `trap '' PIPE HUP INT QUIT XFSZ CHLD; exec "$@"`, delivers: true},
	}
}

// What is wrong around a delivery defers it, and leaves nothing behind, or it makes
// no difference.
func TestSurroundings(t *testing.T) {
	lab.Need(t, "mount")
	for _, way := range ways() {
		for _, around := range surroundings() {
			t.Run(way.name+"/"+around.name, func(t *testing.T) {
				dir := t.TempDir()
				if around.mount != "" {
					if err := unix.Mount("tmpfs", dir, "tmpfs", 0, around.mount); err != nil {
						t.Fatal(err)
					}
					defer unix.Unmount(dir, unix.MNT_DETACH)
				}
				s := way.scene(t, "", dir)
				if around.before != nil {
					around.before(t, s.dir)
				}
				s.survive(t, around)
			})
		}
	}
}

// survive runs a delivery and judges it.
func (s *scene) survive(t *testing.T, around surrounding) {
	shell, args := around.shell, s.cmd.Argv[1:]
	if shell == "" {
		shell = `exec "$@"`
	}
	if s.cmd.Argv[0] == "procmail" { // a shell gives a program its path for a name
		args = s.cmd.Argv
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", shell, "sh", s.cmd.Path}, args...)...)
	cmd.Dir, cmd.Env, cmd.Stdin = s.dir, s.cmd.Env, bytes.NewReader(message)
	if around.stdin != nil {
		cmd.Stdin = around.stdin
	}
	out, _ := cmd.CombinedOutput()
	status := cmd.ProcessState.ExitCode()
	f := s.look(t)
	if len(f.partial)+len(f.litter)+len(f.locks) > 0 {
		t.Errorf("left %q %q %q", f.partial, f.litter, f.locks)
	}
	switch {
	case status == 0 && len(f.whole) == 1:
	case status == 75 && len(f.whole) == 0 && !around.delivers:
	case status == -1 && len(f.whole) == 0 && around.name == "6 descriptors": // the Go runtime gets no poller
	default:
		t.Errorf("exit status %d, %d messages: %q", status, len(f.whole), out)
	}
}
