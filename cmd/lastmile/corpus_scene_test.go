package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/cmd/lastmile/internal/lab"
)

// scene is the surroundings of one case of the battery: a directory of its own
// with a Maildir in some state.
type scene struct {
	root    string
	maildir string
	arg     string   // how --maildir names it
	env     []string // the environment of the program
	wrap    string   // a shell command that changes something and execs "$@"
}

// newScene builds the surroundings that a case asks for.
func newScene(t *testing.T, setup string) *scene {
	t.Helper()
	root := t.TempDir()
	s := &scene{root: root, maildir: filepath.Join(root, "Maildir")}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "MAIL_CONFIG=") { // it would mean that Postfix is the caller
			s.env = append(s.env, v)
		}
	}
	build, ok := batterySetups[setup]
	if !ok {
		t.Fatalf("no such setup: %q", setup)
	}
	s.must(t, os.WriteFile(filepath.Join(root, "canary"), []byte("canary\n"), 0o644))
	build(t, s)
	if s.arg == "" {
		s.arg = s.maildir
	}
	return s
}

func (s *scene) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// make makes a Maildir, or parts of one.
func (s *scene) make(t *testing.T, parts ...string) {
	t.Helper()
	for _, part := range parts {
		s.must(t, os.MkdirAll(filepath.Join(s.maildir, part), 0o700))
	}
}

// batterySetups are the states of the Maildir, by the names that the cases use.
var batterySetups = map[string]func(*testing.T, *scene){
	"normal":  func(t *testing.T, s *scene) { s.make(t, "cur", "new", "tmp") },
	"missing": func(*testing.T, *scene) {},
	"notmp":   func(t *testing.T, s *scene) { s.make(t, "cur", "new") },
	"noparent": func(_ *testing.T, s *scene) {
		s.maildir = filepath.Join(s.root, "p", "q", "Maildir")
	},
	"path-dash": func(t *testing.T, s *scene) {
		s.maildir = filepath.Join(s.root, "-x")
		s.make(t, "cur", "new", "tmp")
	},
	"path-slash": func(t *testing.T, s *scene) {
		s.make(t, "cur", "new", "tmp")
		s.arg = s.maildir + "//"
	},
	"path-spaces": func(t *testing.T, s *scene) {
		s.maildir = filepath.Join(s.root, "a b'c\"d日$x;y", "Mail dir")
		s.make(t, "cur", "new", "tmp")
	},
	"long-name": func(_ *testing.T, s *scene) { s.maildir = filepath.Join(s.root, strings.Repeat("x", 300)) },
	"is-fifo":   func(t *testing.T, s *scene) { s.must(t, syscall.Mkfifo(s.maildir, 0o600)) },
	"new-fifo": func(t *testing.T, s *scene) {
		s.make(t, "cur", "tmp")
		s.must(t, syscall.Mkfifo(filepath.Join(s.maildir, "new"), 0o600))
	},
	"symlink-loop": func(t *testing.T, s *scene) { s.must(t, os.Symlink("Maildir", s.maildir)) },
	"tmp-symlink": func(t *testing.T, s *scene) {
		s.make(t, "cur", "new")
		s.must(t, os.Mkdir(filepath.Join(s.root, "outside"), 0o700))
		s.must(t, os.Symlink("../outside", filepath.Join(s.maildir, "tmp")))
	},
	"crossdev": func(t *testing.T, s *scene) {
		lab.Need(t) // mounting is for root
		s.make(t, "cur", "new", "tmp")
		mnt := filepath.Join(s.maildir, "new")
		if err := unix.Mount("tmpfs", mnt, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
			t.Skipf("mount a tmpfs: %v", err)
		}
		t.Cleanup(func() { s.must(t, unix.Unmount(mnt, 0)) })
	},
	"umask-777": func(t *testing.T, s *scene) {
		s.make(t, "cur", "new", "tmp")
		s.wrap = `umask 777; exec "$@"`
	},
	"env-empty": func(t *testing.T, s *scene) {
		s.make(t, "cur", "new", "tmp")
		s.env = []string{}
	},
}

// tree lists what is around the Maildir, with types, modes and contents. The
// Maildir itself, and directories that are made on the way to it, are not in it.
func (s *scene) tree(t *testing.T) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(s.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path == s.maildir {
			if d.IsDir() {
				return filepath.SkipDir
			}
		} else if strings.HasPrefix(s.maildir, path+string(filepath.Separator)) {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data := []byte(nil)
		if info.Mode().IsRegular() {
			data, err = os.ReadFile(path)
		}
		list = append(list, fmt.Sprintf("%s %v %q", path, info.Mode(), data))
		return err
	})
	s.must(t, err)
	return list
}

// stored returns the messages in new/, after a look at their files, and at tmp/
// and cur/, which must be empty.
func (s *scene) stored(t *testing.T) [][]byte {
	t.Helper()
	for _, sub := range []string{"tmp", "cur"} {
		if left := s.list(t, sub); len(left) > 0 {
			t.Errorf("found in %s/: %q", sub, left)
		}
	}
	var messages [][]byte
	for _, name := range s.list(t, "new") {
		file := filepath.Join(s.maildir, "new", name)
		corpusFile(t, file)
		data, err := os.ReadFile(file)
		s.must(t, err)
		messages = append(messages, data)
	}
	return messages
}

// list returns the names in a part of the Maildir, none if there is no such
// directory.
func (s *scene) list(t *testing.T, sub string) []string {
	t.Helper()
	dir := filepath.Join(s.maildir, sub)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil
	}
	entries, err := os.ReadDir(dir)
	s.must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// command prepares lastmile in the scene.
func (s *scene) command(ctx context.Context, t *testing.T, args []string) *exec.Cmd {
	argv := append([]string{lab.Binary(t)}, args...)
	if s.wrap != "" {
		argv = append([]string{"/bin/sh", "-c", s.wrap, "sh"}, argv...)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = s.root, s.env, time.Second
	return cmd
}

// batteryModes run lastmile, each with something else about its standard streams
// or its end, by the names that the cases use.
var batteryModes = map[string]func(*testing.T, *scene, []byte, []string) corpusResult{
	"file": batteryPlain,
	"no-stdout": func(t *testing.T, s *scene, message []byte, args []string) corpusResult {
		s.wrap = `exec "$@" >&- 2>&-`
		return batteryPlain(t, s, message, args)
	},
	"broken-stdout": func(t *testing.T, s *scene, message []byte, args []string) corpusResult {
		r, w, err := os.Pipe()
		s.must(t, err)
		r.Close()
		defer w.Close()
		return batteryRun(t, s, args, func(cmd *exec.Cmd) {
			cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(message), w, w
		}, nil)
	},
	"sigterm": func(t *testing.T, s *scene, message []byte, args []string) corpusResult {
		return batterySignal(t, s, message, args, syscall.SIGTERM)
	},
	"sigkill": func(t *testing.T, s *scene, message []byte, args []string) corpusResult {
		return batterySignal(t, s, message, args, syscall.SIGKILL)
	},
}

// batteryPlain hands over the message as a file, as Postfix does not (corpusRun
// uses a pipe), and waits.
func batteryPlain(t *testing.T, s *scene, message []byte, args []string) corpusResult {
	t.Helper()
	stdin, err := os.CreateTemp(t.TempDir(), "message")
	s.must(t, err)
	defer stdin.Close()
	_, err = stdin.Write(message)
	s.must(t, err)
	_, err = stdin.Seek(0, io.SeekStart)
	s.must(t, err)
	return batteryRun(t, s, args, func(cmd *exec.Cmd) { cmd.Stdin = stdin }, nil)
}

// batterySignal hands over half of the message, and sends a signal while lastmile
// waits for the rest.
func batterySignal(t *testing.T, s *scene, message []byte, args []string, sig os.Signal) corpusResult {
	t.Helper()
	var stdin io.WriteCloser
	return batteryRun(t, s, args, func(cmd *exec.Cmd) {
		var err error
		stdin, err = cmd.StdinPipe()
		s.must(t, err)
	}, func(cmd *exec.Cmd) {
		_, err := stdin.Write(message[:len(message)/2])
		s.must(t, err)
		time.Sleep(500 * time.Millisecond) // until it has read that
		s.must(t, cmd.Process.Signal(sig))
	})
}

// batteryRun runs lastmile; whatever of its output nobody else takes is in the
// result.
func batteryRun(t *testing.T, s *scene, args []string, prepare, during func(*exec.Cmd)) corpusResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), corpusLimit)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := s.command(ctx, t, args)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	prepare(cmd)
	s.must(t, cmd.Start())
	if during != nil {
		during(cmd)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("lastmile %q: %v, %v", args, err, ctx.Err())
	}
	return corpusResult{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}
