package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/cmd/lastmile/internal/lab"
	"lastmile/delivery"
)

// Exit 0 means that file and directory are on the disk, in this order. What the
// program does is seen from outside. With --id the journal is on it before the name.
func TestDurableOrder(t *testing.T) {
	t.Parallel()
	lab.Need(t, "strace")
	durableOrder(t, "write message, fsync file, link, fsync new/, exit 0")
	durableOrder(t, "write message, fsync file, fsync journal, link, fsync new/, exit 0", "--id", "4cQxyz12")
}

func durableOrder(t *testing.T, want string, options ...string) {
	t.Helper()
	dir := t.TempDir()
	trace := filepath.Join(dir, "trace")
	args := append([]string{"-f", "-y", "-o", trace, "-e", "trace=write,fsync,linkat,exit_group", "lastmile", "deliver", "--maildir", dir + "/Maildir"}, options...)
	cmd := exec.Command("strace", append(args, "--", "you@example.com")...)
	cmd.Stdin = strings.NewReader("Subject: test\n\nbody\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	// The Maildir is new, so its directories are synced before the message.
	_, text, _ = bytes.Cut(text, []byte("write("))
	var got []string
	for _, call := range regexp.MustCompile(`(write|fsync|linkat|exit_group)\(.*`).FindAllString("write("+string(text), -1) {
		switch {
		case strings.HasPrefix(call, "write(") && strings.Contains(call, "Delivered-To: you@example.com"):
			got = append(got, "write message")
		case strings.HasPrefix(call, "fsync(") && strings.Contains(call, "/Maildir/new>"):
			got = append(got, "fsync new/")
		case strings.HasPrefix(call, "fsync(") && strings.Contains(call, "/lastmile-ids>"):
			got = append(got, "fsync journal")
		case strings.HasPrefix(call, "fsync(") && strings.Contains(call, "/Maildir>"):
			// the name of the journal
		case strings.HasPrefix(call, "fsync("):
			got = append(got, "fsync file")
		case strings.HasPrefix(call, "linkat("):
			got = append(got, "link")
		case strings.HasPrefix(call, "exit_group(0)"), strings.HasPrefix(call, "exit_group(0 <unfinished"): // other threads may end first
			got = append(got, "exit 0")
		}
	}
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s\n%s", strings.Join(got, ", "), want, text)
	}
}

// A delivery where the address chooses the mailbox is confined before the message
// gets its name, by the thread that confined itself, and no other delivery is.
func TestConfined(t *testing.T) {
	t.Parallel()
	lab.Need(t, "strace")
	for args, want := range map[string]bool{
		"--maildir Box/{user}":                         true,
		"--mbox {user}.mbox":                           true,
		"--maildir Box --confine always":               true,
		"--maildir Box":                                false,
		"--maildir Box/{user} --confine never":         false,
		"--maildir Box/{user} --rcfile rc":             false,
		"--maildir Box/{user} --dsn report --sender a": false,
	} {
		t.Run(args, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(dir+"/rc", nil, 0o600); err != nil {
				t.Fatal(err)
			}
			want := want && delivery.CanConfine()
			cmd := exec.Command("strace", append(strings.Fields("-f -o trace -e trace=landlock_restrict_self,write,linkat lastmile deliver "+args), "--", "you@example.com")...)
			cmd.Dir, cmd.Stdin = dir, strings.NewReader("Subject: test\n\nbody\n")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			text, err := os.ReadFile(dir + "/trace")
			if err != nil {
				t.Fatal(err)
			}
			confined := regexp.MustCompile(`(?m)^(\d+) +landlock_restrict_self\(.*= 0$`).FindSubmatch(text)
			if want != (confined != nil) {
				t.Fatalf("confined: %v, want %v\n%s", confined != nil, want, text)
			}
			if !want {
				return
			}
			_, after, _ := bytes.Cut(text, confined[0])
			if !regexp.MustCompile(`(?m)^` + string(confined[1]) + ` +write\(\d+, "[^"]*(Delivered-To|From )`).Match(after) {
				t.Errorf("the message was not written under it\n%s", text)
			}
		})
	}
}

// theCalls are the system calls of a small delivery into a Maildir that is there,
// from the first of ours on, and what each is for.
var theCalls = []struct {
	name  string
	times int
	why   string
}{
	{"umask", 1, "what is created is for its owner alone"},
	{"faccessat", 1, "is there a /dev/log to write the log line to?"},
	{"read", 2, "the message, and its end"},
	{"openat", 3, "the Maildir, not through a link; new/, to sync it; the file, without a name"},
	{"fstat", 1, "whose Maildir is it?"},
	{"geteuid", 1, "is that us?"},
	{"write", 1, "the message with our fields above it"},
	{"fsync", 2, "the file, then new/"},
	{"getpid", 1, "a part of the name"},
	{"uname", 1, "another: the host"},
	{"linkat", 1, "the name, which makes it a message"},
	{"close", 3, "the file, whose close may fail (NFS); new/; the Maildir"},
}

// ofTheRuntime are those that the Go runtime makes for its threads and memory, and
// for the timer that begins to watch a delivery which takes a while.
var ofTheRuntime = []string{"futex", "nanosleep", "clone", "clone3", "mmap", "munmap", "madvise", "mprotect", "prctl", "gettid", "getpid", "tgkill", "sigaltstack",
	"exit_group", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "restart_syscall", "sched_yield", "epoll_create1", "eventfd2", "epoll_ctl", "epoll_pwait"}

// A small delivery makes the system calls that it needs, and no others.
func TestSystemCalls(t *testing.T) {
	t.Parallel()
	lab.Need(t, "strace")
	dir := t.TempDir()
	for _, sub := range []string{"", "/tmp", "/new", "/cur"} {
		if err := os.Mkdir(dir+"/Maildir"+sub, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("strace", "-f", "-o", dir+"/trace", lab.Binary(t), "deliver", "--log", "none", "--maildir", dir+"/Maildir", "--", "you@example.com")
	cmd.Stdin = strings.NewReader("Subject: test\n\n" + strings.Repeat("body\n", 800))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	trace, err := os.ReadFile(dir + "/trace")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(trace, []byte("EOPNOTSUPP")) {
		t.Skip("there are more where the file system has no O_TMPFILE")
	}
	_, ours, _ := bytes.Cut(trace, []byte("umask("))
	made := make(map[string]int)
	for _, m := range regexp.MustCompile(`(?m)^\d+ +(\w+)\(`).FindAllSubmatch(append([]byte("1 umask("), ours...), -1) {
		made[string(m[1])]++
	}
	for _, c := range theCalls {
		if made[c.name] != c.times && !slices.Contains(ofTheRuntime, c.name) {
			t.Errorf("%s: %d times, want %d (%s)", c.name, made[c.name], c.times, c.why)
		}
		delete(made, c.name)
	}
	for name, times := range made {
		if !slices.Contains(ofTheRuntime, name) {
			t.Errorf("%s: %d times, want none", name, times)
		}
	}
	if t.Failed() {
		t.Logf("%s", ours)
	}
}

// A signal that comes while nothing watches for one changes nothing; one that comes
// later, on a machine that is slow, gives the delivery up, unless its final step has
// begun.
func TestSignalAtOnce(t *testing.T) {
	t.Parallel()
	lab.Need(t, "strace")
	for _, call := range []string{
		"fsync:signal=TERM:when=1", "fsync:signal=INT:when=1", "fsync:signal=HUP:when=1", "fsync:signal=QUIT:when=1",
		"linkat:signal=TERM", "linkat:signal=INT", "linkat:signal=HUP", "linkat:signal=QUIT",
		"fsync:signal=TERM:when=2", // that of the directory
		"exit_group:signal=TERM",
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, sub := range []string{"", "/tmp", "/new", "/cur"} { // so that the first fsync is that of the message
				if err := os.Mkdir(dir+"/Maildir"+sub, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("strace", "-f", "-o", "/dev/null", "-e", "inject="+call, "lastmile", "deliver", "--maildir", dir+"/Maildir", "--", "you@example.com")
			cmd.Stdin = strings.NewReader("Subject: test\n\nbody\n")
			start := time.Now()
			out, err := cmd.CombinedOutput()
			watched := time.Since(start) > agent.Unwatched // perhaps
			stored, _ := filepath.Glob(dir + "/Maildir/*/*")
			deferred := watched && cmd.ProcessState.ExitCode() == 75 && len(stored) == 0 && bytes.HasPrefix(out, []byte("4.3.0 ended by signal "))
			if !deferred && (err != nil || len(stored) != 1 || len(out) != 0) {
				t.Errorf("%v: %s; stored %q, want one message", err, out, stored)
			}
		})
	}
}

// A signal that the caller ignores is no signal, from the beginning to the end.
func TestIgnoredAtOnce(t *testing.T) {
	t.Parallel()
	lab.Need(t, "strace")
	for _, signal := range []string{"HUP", "INT"} { // of the others the Go runtime does not tell
		dir := t.TempDir()
		cmd := exec.Command("sh", "-c", `trap '' "$1"; shift; exec "$@"`, "sh", signal,
			"strace", "-f", "-o", "/dev/null", "-e", "inject=umask,fsync,linkat:signal="+signal, "lastmile", "deliver", "--maildir", dir+"/Maildir", "--", "you@example.com")
		cmd.Stdin = strings.NewReader("Subject: test\n\nbody\n")
		out, err := cmd.CombinedOutput()
		if stored, _ := filepath.Glob(dir + "/Maildir/new/*"); err != nil || len(stored) != 1 {
			t.Errorf("SIG%s: %v: %s; stored %q, want one message", signal, err, out, stored)
		}
	}
}

// Memory does not grow with the message, whatever its shape.
func TestMemory(t *testing.T) {
	t.Parallel()
	const size, limit = 50 << 20, 10 << 10 // bytes, KiB
	binary := lab.Binary(t)
	shapes := map[string]func(*bytes.Buffer){
		"body": func(b *bytes.Buffer) {
			b.WriteString("Subject: test\n\n")
			b.Write(bytes.Repeat([]byte(strings.Repeat("x", 76)+"\n"), size/77))
		},
		"header fields": func(b *bytes.Buffer) {
			b.Write(bytes.Repeat([]byte("X-Field: "+strings.Repeat("x", 67)+"\n"), size/77))
		},
		"header line": func(b *bytes.Buffer) { b.WriteString("X-Field: "); b.Write(bytes.Repeat([]byte("x"), size)) },
		"one line":    func(b *bytes.Buffer) { b.Write(bytes.Repeat([]byte("x"), size)) },
		"From_ lines": func(b *bytes.Buffer) { b.Write(bytes.Repeat([]byte("From a\n"), size/7)) },
		"continuation": func(b *bytes.Buffer) {
			b.WriteString("Delivered-To: a\n")
			b.Write(bytes.Repeat([]byte(" x\n"), size/3))
		},
		"stamps": func(b *bytes.Buffer) {
			for i := 0; b.Len() < size; i++ {
				fmt.Fprintf(b, "Delivered-To: %0900d@example.com\n", i)
			}
		},
	}
	for name, write := range shapes {
		t.Run(name, func(t *testing.T) { // not in parallel: each holds 50 MB here
			var message bytes.Buffer
			write(&message)
			if peak := peakMemory(t, binary, message.Bytes()); peak >= limit {
				t.Errorf("%d KiB at the peak, want less than %d", peak, limit)
			}
		})
	}
}

// peakMemory delivers a message and returns the peak of the process's resident
// memory in KiB. It is asked for while the process waits for the end of the
// message: what wait4 tells would begin with this test's own size.
func peakMemory(t *testing.T, binary string, message []byte) int {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(binary, "deliver", "--maildir", dir+"/Maildir", "--", "you@example.com")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = r
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.Write(message); err != nil {
		t.Fatal(err)
	}
	for unread := 1; unread > 0; {
		if unread, err = unix.IoctlGetInt(int(r.Fd()), unix.TIOCINQ); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(dir + "/Maildir/new/*,S=*")
	if err != nil || len(files) != 1 {
		t.Fatalf("stored %q (%v), want one message", files, err)
	}
	if got, err := os.ReadFile(files[0]); err != nil || !bytes.HasSuffix(got, message) {
		t.Errorf("the message was not stored as it came (%v)", err)
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	peak, _ := strconv.Atoi(string(m[1]))
	t.Logf("%d KiB for %d bytes", peak, len(message))
	return peak
}
