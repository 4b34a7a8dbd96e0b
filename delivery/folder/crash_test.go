package folder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

var testContext = context.Background()

// message is one whose From_ line and body name who has sent it.
func message(sender, n int) string {
	body := strings.Repeat(fmt.Sprintf("%d.%d is the body\nFrom which %d.%d comes\n", sender, n, sender, n), 300)
	return fmt.Sprintf("From %d.%d  Thu Jan  4 10:11:12 2024\nSubject: %d.%d\n\n%s\n", sender, n, sender, n, body)
}

// need skips the test without a program.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if os.Getenv("REQUIRE_PEERS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return path
}

// run waits for processes that were started together.
func run(t *testing.T, cmds []*exec.Cmd) {
	t.Helper()
	outs := make([]strings.Builder, len(cmds))
	for i, cmd := range cmds {
		cmd.Stdout, cmd.Stderr = &outs[i], &outs[i]
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for i, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", cmd.Args, err, outs[i].String())
		}
	}
}

// Eight writers, four of them procmail, put messages into one folder at the same
// time: nothing is lost, and nothing is mixed.
func TestWithProcmail(t *testing.T) {
	procmail := need(t, "procmail")
	const writers, each = 4, 6
	for kind, folder := range map[string]string{"mbox": "box", "mh": "mh/.", "maildir": "md/"} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, strings.TrimRight(folder, "/."))
			rc := dir + "/rc"
			// One recipe with a lock file and one without: the lock on the file must do.
			if err := os.WriteFile(rc, []byte("MAILDIR="+dir+"\nLOCKSLEEP=1\nSHELL=/bin/sh\n:0$LOCK\n"+folder+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var cmds []*exec.Cmd
			var want []string
			for w := range writers {
				cmds = append(cmds, job(t, fmt.Sprintf("%s %s %d", kind, path, each)))
				lock := []string{"LOCK=", "LOCK=:"}[w%2]
				script := fmt.Sprintf(`i=0; while [ $i -lt %d ]; do "$1" "$2" "$3" <"$4.$i" || exit; i=$((i+1)); done`, each)
				text := fmt.Sprintf("%s/message.%d", dir, w)
				for i := range each {
					if err := os.WriteFile(fmt.Sprintf("%s.%d", text, i), []byte(message(w, i)), 0o600); err != nil {
						t.Fatal(err)
					}
					want = append(want, fmt.Sprintf("%d.%d", w, i))
				}
				cmds = append(cmds, exec.Command("/bin/sh", "-c", script, "sh", procmail, lock, rc, text))
			}
			run(t, cmds)
			for w := range writers {
				for i := range each {
					want = append(want, fmt.Sprintf("%d.%d", cmds[2*w].Process.Pid, i))
				}
			}
			checkMessages(t, readFolder(t, kind, path), want)
		})
	}
}

// readFolder returns the messages of a folder as a mail reader sees them.
func readFolder(t *testing.T, kind, path string) (messages []string) {
	t.Helper()
	if kind == "mbox" {
		parts := regexp.MustCompile(`(?m)^From `).Split(content(t, path), -1)
		if parts[0] != "" {
			t.Errorf("before the first message: %q", parts[0])
		}
		for _, part := range parts[1:] {
			messages = append(messages, strings.ReplaceAll("From "+part, "\n>From ", "\nFrom "))
		}
		return messages
	}
	if kind == "maildir" {
		if left := names(t, path+"/tmp"); left != "" {
			t.Errorf("in tmp/: %s", left)
		}
		for _, name := range strings.Fields(names(t, path+"/new")) {
			messages = append(messages, content(t, path+"/new/"+name))
		}
		return messages
	}
	for _, name := range strings.Fields(names(t, path)) {
		if !regexp.MustCompile(`^[1-9][0-9]*$`).MatchString(name) {
			t.Errorf("there is %s", name)
		}
		messages = append(messages, content(t, path+"/"+name))
	}
	return messages
}

// checkMessages compares messages with those that were sent.
func checkMessages(t *testing.T, got, want []string) {
	t.Helper()
	missing := map[string]bool{}
	for _, id := range want {
		missing[id] = true
	}
	for _, m := range got {
		var sender, n int
		// procmail takes the From_ line off for a Maildir.
		_, subject, _ := strings.Cut(m, "Subject: ")
		fmt.Sscanf(subject, "%d.%d", &sender, &n)
		id := fmt.Sprintf("%d.%d", sender, n)
		if !missing[id] {
			t.Errorf("%s is there twice, or was not sent", id)
		}
		delete(missing, id)
		if want := message(sender, n); m != want && m != want[strings.IndexByte(want, '\n')+1:] {
			t.Errorf("%s is not as it was sent: %d bytes, %d were sent", id, len(m), len(message(sender, n)))
		}
	}
	for id := range missing {
		t.Errorf("%s is lost", id)
	}
}

// A file that cannot grow has its former size again.
func TestFull(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 10_000} {
		dir := t.TempDir()
		before := strings.Repeat("b", size)
		if err := os.WriteFile(dir+"/box", []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := job(t, "full "+dir+"/box 50000").CombinedOutput(); err != nil {
			t.Errorf("%v, want EFBIG\n%s", err, out)
		}
		if content(t, dir+"/box") != before || names(t, dir) != "box" {
			t.Errorf("%d bytes, want %d; there are %s", len(content(t, dir+"/box")), size, names(t, dir))
		}
	}
}

// The same on a full file system.
func TestNoSpace(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=256k,mode=700"); err != nil {
		t.Skip("cannot mount a small file system: ", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	before := strings.Repeat("b", 10_000)
	if err := os.WriteFile(dir+"/box", []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	large := strings.Repeat("x", 1<<20)
	if err := deliverOne("mbox", dir+"/box", large); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("mbox: %v, want ENOSPC", err)
	}
	if content(t, dir+"/box") != before {
		t.Errorf("%d bytes, want %d", len(content(t, dir+"/box")), len(before))
	}
	if err := deliverOne("mh", dir+"/mh", large); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("MH: %v, want ENOSPC", err)
	}
	if got := names(t, dir+"/mh"); got != "" {
		t.Errorf("in the MH folder: %s", got)
	}
	if err := deliverOne("mbox", dir+"/box", "small"); err != nil {
		t.Error(err)
	}
}

// Death at any moment leaves nothing in a directory, and in an mbox at most the
// beginning of a message, from which the next is kept apart.
func TestKilled(t *testing.T) {
	t.Parallel()
	const steps = 5
	for _, kind := range []string{"mbox", "mh", "msg"} {
		for step := range steps {
			dir := t.TempDir()
			cmd := job(t, fmt.Sprintf("kill-%s %s/folder %d", kind, dir, step))
			if err := cmd.Run(); err == nil || err.Error() != "signal: killed" {
				t.Fatalf("%s, step %d: %v, want a death", kind, step, err)
			}
			if kind != "mbox" {
				if _, err := os.Stat(dir + "/folder"); err == nil && names(t, dir+"/folder") != "" {
					t.Errorf("%s, step %d: left %s", kind, step, names(t, dir+"/folder"))
				}
				continue
			}
			os.Remove(dir + "/folder.lock") // what a stale lock comes to
			put(t, dir+"/folder", "From b\n\nmessage\n\n", Options{Separate: true})
			if got := content(t, dir+"/folder"); !strings.HasPrefix(got, "From b\n") && !strings.HasSuffix(got, "\n\nFrom b\n\nmessage\n\n") {
				t.Errorf("step %d: %q", step, got)
			}
		}
	}
}

// What is done in which order is seen from outside.
func TestOrder(t *testing.T) {
	t.Parallel()
	strace := need(t, "strace")
	for kind, want := range map[string]string{
		"mbox": "link lock, open, write message, fsync file, fsync directory, unlink lock",
		"mh":   "fsync directory above, write message, fsync file, link, fsync directory",
	} {
		dir := t.TempDir()
		trace := dir + "/trace"
		cmd := job(t, kind+" "+dir+"/folder 1")
		cmd.Args = append([]string{"strace", "-f", "-y", "-o", trace, "-e", "trace=openat,write,fsync,linkat,unlinkat"}, cmd.Path)
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Path, cmd.Args[len(cmd.Args)-1] = strace, self
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if got := strings.Join(calls(t, trace, dir), ", "); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s\n%s", kind, got, want, content(t, trace))
		}
	}
}

// calls names the system calls that matter.
func calls(t *testing.T, trace, dir string) (done []string) {
	t.Helper()
	text := content(t, trace)
	table := []struct{ pattern, name string }{
		{`linkat\(.*"folder.lock"`, "link lock"},
		{`openat\(.*"folder", O_RDWR.*O_EXCL`, "open"},
		{`write\(.*"From `, "write message"},
		{`fsync\(\d+<` + regexp.QuoteMeta(dir) + `/folder>\).*`, "fsync file"},
		{`fsync\(\d+<` + regexp.QuoteMeta(dir) + `>\)`, "fsync directory"},
		{`unlinkat\(.*"folder.lock"`, "unlink lock"},
		{`linkat\(AT_FDCWD`, "link"},
		{`fsync\(\d+<.*deleted`, "fsync file"},
	}
	mh := strings.Contains(text, "O_TMPFILE")
	for line := range strings.Lines(text) {
		for _, row := range table {
			if !regexp.MustCompile(`^\d+ +` + row.pattern).MatchString(line) {
				continue
			}
			name := row.name
			if mh && name == "fsync directory" {
				name = "fsync directory above"
			}
			if mh && name == "fsync file" && strings.Contains(line, "/folder>") {
				name = "fsync directory"
			}
			done = append(done, name)
			break
		}
	}
	return done
}
