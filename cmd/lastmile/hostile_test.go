package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/cmd/lastmile/internal/lab"
)

// instead puts something else where a mailbox, or an rcfile, should be. Victim is a
// file or a directory that nothing may happen to.
var instead = map[string]func(path, victim string) error{
	"symbolic link": func(path, victim string) error { return os.Symlink(victim, path) },
	"dangling link": func(path, victim string) error { return os.Symlink(victim+".new", path) },
	"hard link":     func(path, victim string) error { return os.Link(victim, path) },
	"FIFO":          func(path, _ string) error { return unix.Mkfifo(path, 0o600) },
	// zero takes everything, and has no end.
	"device": func(path, _ string) error { return unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(1, 5))) },
	"socket": func(path, _ string) error {
		dir, err := os.Open(filepath.Dir(path))
		if err != nil {
			return err
		}
		defer dir.Close()
		// The path may be longer than the 108 bytes of an address.
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: "/proc/self/fd/" + strconv.Itoa(int(dir.Fd())) + "/" + filepath.Base(path)})
		if err == nil {
			l.SetUnlinkOnClose(false)
			l.Close()
		}
		return err
	},
}

// What stands in place of a mailbox defers the delivery, which neither waits for it
// nor touches what it leads to.
func TestInsteadOfMailbox(t *testing.T) {
	t.Parallel()
	lab.Need(t)
	for place, c := range map[string]struct {
		args []string
		at   string // where it is put
		dirs []string
		dir  bool // it should be a directory
	}{
		"Maildir":     {[]string{"--maildir", "Maildir"}, "Maildir", nil, true},
		"new":         {[]string{"--maildir", "Maildir"}, "Maildir/new", []string{"Maildir", "Maildir/tmp", "Maildir/cur"}, true},
		"tmp":         {[]string{"--maildir", "Maildir"}, "Maildir/tmp", []string{"Maildir", "Maildir/new", "Maildir/cur"}, true},
		"folder":      {[]string{"--maildir", "Maildir", "--folder", "x"}, "Maildir/.x", []string{"Maildir", "Maildir/new", "Maildir/tmp", "Maildir/cur"}, true},
		"template":    {[]string{"--maildir", "{domain}/{user}"}, "example.com", nil, true},
		"mbox":        {[]string{"--mbox", "mbox"}, "mbox", nil, false},
		"mbox of one": {[]string{"--mbox", "{user}"}, "you", nil, false},
		"journal":     {[]string{"--maildir", "Maildir", "--id", "x"}, "Maildir/lastmile-ids", []string{"Maildir", "Maildir/new", "Maildir/tmp", "Maildir/cur"}, false},
	} {
		for what, put := range instead {
			if what == "hard link" && c.dir {
				continue // there are none to directories, but to files
			}
			t.Run(place+"/"+what, func(t *testing.T) {
				dir := t.TempDir()
				victim := dir + "/victim"
				if c.dir && what == "symbolic link" {
					for _, d := range []string{"", "/new", "/tmp", "/cur"} {
						mustDo(t, os.Mkdir(victim+d, 0o700))
					}
				} else {
					mustDo(t, os.WriteFile(victim, []byte("precious"), 0o600))
				}
				for _, d := range c.dirs {
					mustDo(t, os.Mkdir(dir+"/"+d, 0o700))
				}
				mustDo(t, put(dir+"/"+c.at, victim))
				status, out := within(t, dir, nil, append(append([]string{"deliver", "--log", "none"}, c.args...), "--", "you@example.com"))
				if status != 75 || !strings.HasPrefix(out, "4.") {
					t.Errorf("exit status %d, want 75: %q", status, out)
				}
				unharmed(t, victim)
			})
		}
	}
}

// A journal that somebody keeps locked defers the delivery, which its time limit ends.
func TestJournalLocked(t *testing.T) {
	t.Parallel()
	lab.Need(t)
	dir := t.TempDir()
	args := []string{"deliver", "--log", "none", "--id", "x", "--timeout", "300ms", "--maildir", dir + "/Maildir", "--", "you@example.com"}
	mustDo(t, os.MkdirAll(dir+"/Maildir", 0o700))
	journal, err := os.OpenFile(dir+"/Maildir/lastmile-ids", os.O_RDWR|os.O_CREATE, 0o600)
	mustDo(t, err)
	defer journal.Close()
	mustDo(t, unix.FcntlFlock(journal.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}))
	status, out := within(t, dir, nil, args)
	if status != 75 || !strings.HasPrefix(out, "4.3.0 time limit") {
		t.Errorf("exit status %d, %q; want 75 and the time limit", status, out)
	}
	for _, sub := range []string{"new", "tmp"} {
		if left, _ := os.ReadDir(dir + "/Maildir/" + sub); len(left) > 0 {
			t.Errorf("%s has %v", sub, left)
		}
	}
}

// What stands in place of an rcfile is not run, and not waited for.
func TestInsteadOfRcfile(t *testing.T) {
	t.Parallel()
	lab.Need(t)
	for what, put := range instead {
		if what == "symbolic link" || what == "hard link" {
			continue // the user's own, to whatever the user can read
		}
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			mustDo(t, os.WriteFile(dir+"/victim", []byte("precious"), 0o600))
			mustDo(t, put(dir+"/rc", dir+"/victim"))
			status, out := within(t, dir, nil, []string{"procmail", "DEFAULT=" + dir + "/default", dir + "/rc"})
			if data, _ := os.ReadFile(dir + "/default"); status != 0 || !strings.Contains(string(data), "body") {
				t.Errorf("exit status %d, %q in DEFAULT: %q", status, data, out)
			}
			unharmed(t, dir+"/victim")
		})
	}
}

// An rcfile that others could have written is not run.
func TestOpenRcfile(t *testing.T) {
	t.Parallel()
	lab.Need(t)
	for name, spoil := range map[string]func(rc, home string) error{
		"others may write it":         func(rc, home string) error { return os.Chmod(rc, 0o602) },
		"others may write to home":    func(rc, home string) error { return os.Chmod(home, 0o703) },
		"it belongs to somebody else": func(rc, home string) error { return os.Chown(rc, 12345, 12345) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			home := dir + "/home"
			mustDo(t, os.Mkdir(home, 0o700))
			rc := home + "/rc"
			mustDo(t, os.WriteFile(rc, []byte(":0\n"+home+"/stolen\n"), 0o600))
			mustDo(t, spoil(rc, home))
			status, out := within(t, dir, nil, []string{"procmail", "DEFAULT=" + dir + "/default", rc})
			if _, err := os.Stat(home + "/stolen"); err == nil {
				t.Error("it was run")
			}
			if data, _ := os.ReadFile(dir + "/default"); status != 0 || !strings.Contains(string(data), "body") || !strings.Contains(out, "Suspicious rcfile") {
				t.Errorf("exit status %d, %q in DEFAULT: %q", status, data, out)
			}
		})
	}
}

// procmail -d of root becomes the recipient, with all the recipient's groups and none
// of root's, before it runs anything of the recipient's.
func TestBecome(t *testing.T) {
	t.Parallel()
	lab.Need(t, "mount", "unshare", "setpriv")
	lab.NeedMounts(t)
	dir, err := os.MkdirTemp("", "become")
	mustDo(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	mustDo(t, os.Chmod(dir, 0o755))
	for name, text := range map[string]string{
		"passwd":           "root:x:0:0::/root:/bin/sh\nyou:x:54321:54322::" + dir + "/home:/bin/sh\n",
		"group":            "root:x:0:\nyou:x:54322:\none:x:54323:you\nother:x:54324:root\ntwo:x:54325:root,you\n",
		"home/rights":      "",
		"home/.procmailrc": ":0 w\n| (cat >message; id -u; id -g; id -G; grep -c '^Cap\\(Eff\\|Prm\\):.0*$' /proc/self/status) >rights\n",
	} {
		mustDo(t, os.MkdirAll(dir+"/home", 0o755))
		mustDo(t, os.WriteFile(dir+"/"+name, []byte(text), 0o644))
		if strings.HasPrefix(name, "home/") {
			mustDo(t, os.Chown(dir+"/"+name, 54321, 54322))
		}
	}
	mustDo(t, os.Chown(dir+"/home", 54321, 54322))
	mustDo(t, os.Mkdir(dir+"/spool", 0o755))
	const own = `mount --bind $1/passwd /etc/passwd && mount --bind $1/group /etc/group && mount --bind $1/spool /var/mail && exec setpriv --groups 0,54324 "$2" procmail -d you`
	cmd := exec.Command("unshare", "-m", "sh", "-c", own, "sh", dir, lab.Binary(t))
	cmd.Stdin = strings.NewReader("Subject: test\n\nbody\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got, _ := os.ReadFile(dir + "/home/rights")
	if want := "54321\n54322\n54322 54323 54325\n2\n"; string(got) != want {
		t.Errorf("it ran as %q, want %q", got, want)
	}
	if info, err := os.Stat(dir + "/home/message"); err != nil {
		t.Error(err)
	} else if uid := info.Sys().(*syscall.Stat_t).Uid; uid != 54321 {
		t.Errorf("a file of uid %d was made", uid)
	}
}

// A command has descriptors 0 to 2, a known environment, and its addresses there
// alone.
func TestCommandSurroundings(t *testing.T) {
	t.Parallel()
	lab.Need(t)
	dir := t.TempDir()
	left, err := os.Open("/")
	mustDo(t, err)
	defer left.Close()
	script := `ls /proc/self/fd >fds; env | cut -d= -f1 | sort | tr '\n' ' ' >env; printf %s "$RECIPIENT" >recipient; cat >/dev/null`
	env := []string{"LD_PRELOAD=/nonexistent.so", "BASH_ENV=/nonexistent", "IFS=x", "SECRET=s", "TZ=UTC", "PATH=/nonexistent"}
	status, out := within(t, dir, env, []string{"deliver", "--log", "none", "--shell", "--command", script, "--", "$(touch pwned)`touch pwned`;touch${IFS}pwned@example.com"}, left, left)
	if status != 0 {
		t.Fatalf("exit status %d: %q", status, out)
	}
	for file, want := range map[string]string{
		"env":       "DOMAIN EXTENSION HOME LOCAL LOGNAME ORIGINAL_RECIPIENT PATH PWD RECIPIENT SENDER SHELL TZ USER ",
		"fds":       "0\n1\n2\n3\n", // 3 is ls's own
		"recipient": "$(touch pwned)`touch pwned`;touch${IFS}pwned@example.com",
	} {
		got, _ := os.ReadFile(dir + "/" + file)
		if text := strings.Replace(string(got), "PWD ", "", 1); text != strings.Replace(want, "PWD ", "", 1) {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
	if _, err := os.Stat(dir + "/pwned"); !errors.Is(err, os.ErrNotExist) {
		t.Error("the address was run")
	}
}

// within runs the program over a small message, for ten seconds at most.
func within(t *testing.T, dir string, env, args []string, left ...*os.File) (status int, output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, lab.Binary(t), args...)
	cmd.Dir, cmd.Stdin, cmd.ExtraFiles = dir, strings.NewReader("Subject: test\n\nbody\n"), left
	cmd.Env = append([]string{"PATH=/usr/bin:/bin", "HOME=" + dir}, env...)
	out, _ := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("hangs: %q", out)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// unharmed asserts that the victim is as it was.
func unharmed(t *testing.T, victim string) {
	t.Helper()
	if _, err := os.Lstat(victim + ".new"); err == nil {
		t.Error("a file was made where the link leads to")
	}
	info, err := os.Stat(victim)
	mustDo(t, err)
	if !info.IsDir() {
		if data, _ := os.ReadFile(victim); string(data) != "precious" {
			t.Errorf("the victim holds %q", data)
		}
		return
	}
	for _, sub := range []string{"new", "tmp", "cur"} {
		if entries, _ := os.ReadDir(victim + "/" + sub); len(entries) > 0 {
			t.Errorf("the victim has %v in %s", entries, sub)
		}
	}
}
