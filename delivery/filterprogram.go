package delivery

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/delivery/procmailrc"
)

const (
	// outputAfter is how long output is waited for after SIGKILL: something the
	// program left behind may hold the pipe open for ever.
	outputAfter = 2 * time.Second
	// notWaited is how long a program that takes the message is watched although
	// the recipe does not say to wait for it (flag w), so that one which does
	// not exist, which its shell finds out, does not swallow the message.
	notWaited = 30 * time.Second
	// notExecuted and notFound are a shell's exit statuses for a command that it
	// could not run.
	notExecuted, notFound = 126, 127
	// filterRoom and filterGrowth are how much a filter may print, in bytes and in
	// times its input, before it is ended: we hold it all. One that encodes makes
	// four thirds of its input.
	filterRoom   = 64 << 20
	filterGrowth = 4
	// pipeSize is how much a pipe holds: what is written into it before the
	// program starts cannot fail because the program does not read it.
	pipeSize = 64 << 10
)

// running is a program that runs.
type running struct {
	h       *filterHost
	p       *procmailrc.Program
	proc    *os.Process
	missing bool
	ended   chan *os.ProcessState // gets one
	settled chan struct{}         // closed when it is fed or abandoned
	gone    chan struct{}         // closed when it has ended after that
	output  *os.File              // our end, if it is captured
	timer   *time.Timer

	mu        sync.Mutex
	fed       bool // it has all of its input
	abandoned bool // before that
	reaped    bool // it has ended
	released  bool // its time is its own: nobody waits for it
	timedOut  bool
}

// Run implements [procmailrc.Host].
func (h *filterHost) Run(p *procmailrc.Program) (result procmailrc.Result) {
	if h.Ended() {
		return procmailrc.Result{Status: -int(unix.SIGTERM), Missing: true}
	}
	stdin, feed, err := os.Pipe()
	if err != nil {
		return h.notRun(p, err)
	}
	text := &feeder{w: feed}
	if p.Input.Len() <= pipeSize {
		feed.SetWriteDeadline(time.Now().Add(outputAfter)) // a pipe may be smaller, by a limit on its user
		p.Input.WriteTo(text)
		feed.SetWriteDeadline(time.Time{})
	}
	r, err := h.start(p, stdin)
	stdin.Close()
	if err != nil {
		feed.Close()
		return h.notRun(p, err)
	}
	defer r.release()
	captured := make(chan procmailrc.Result, 1)
	if r.output != nil {
		go func() { captured <- r.capture() }()
	}
	if !text.whole(p.Input.Len()) {
		text.skip, text.done = text.done, 0
		_, err := p.Input.WriteTo(text)
		if result.Unread = err != nil; errors.Is(err, unix.EFAULT) { // the message itself cannot be read
			r.abandon()
			h.giveUp(err)
		}
	}
	r.isFed()
	feed.Close()
	if r.output != nil {
		got := <-captured
		result.Output, result.Excess = got.Output, got.Excess
	}
	if !p.Wait {
		r.release() // TIMEOUT is for what is waited for
	}
	r.wait(&result)
	if p.Final && (result.Status == 0 || !p.Wait && !result.Missing) && !(result.Unread && !p.IgnoreWriteErrors) {
		if h.gate.Pass(func() error { return nil }) != nil {
			result.Status, result.Missing = -int(unix.SIGTERM), true
		}
	}
	return result
}

// notRun is what has become of a program that could not be started. If there is no
// such program the rcfile decides what follows. If the system is short of something
// that is no answer: a condition with an exclamation mark in front would take it for
// one, and throw the message away. So nothing further is done, and the message waits.
func (h *filterHost) notRun(p *procmailrc.Program, err error) procmailrc.Result {
	if !h.strict && shortage(err) {
		h.giveUp(fmt.Errorf("start %s: %w", p.Args[0], err))
	}
	return procmailrc.Result{Status: notFound, Missing: true}
}

// shortage reports whether an error says that there is too little of something at
// the moment, and nothing about the program.
func shortage(err error) bool {
	for _, errno := range [...]syscall.Errno{unix.EAGAIN, unix.ENOMEM, unix.EMFILE, unix.ENFILE, unix.EIO, unix.ENOSPC} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// feeder writes to a pipe and knows how much of a text it has taken, so that the
// text can be written from the beginning again.
type feeder struct {
	w    *os.File
	skip int64 // bytes of the text that the pipe has already
	done int64
}

func (f *feeder) whole(size int64) bool { return f.done == size && f.skip == 0 }

func (f *feeder) Write(b []byte) (int, error) {
	pass := min(f.skip, int64(len(b)))
	f.skip -= pass
	n, err := f.w.Write(b[pass:])
	f.done += int64(n)
	return int(pass) + n, err
}

// start starts a program, or if there is none of its name a shell with that name
// as its script, as execvp(3) and procmail do.
func (h *filterHost) start(p *procmailrc.Program, stdin *os.File) (*running, error) {
	r := &running{h: h, p: p, ended: make(chan *os.ProcessState, 1), settled: make(chan struct{}), gone: make(chan struct{})}
	stdout, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer stdout.Close()
	files := []*os.File{stdin, stdout, h.log}
	switch p.Output {
	case procmailrc.ToLog:
		files[1] = h.log
	case procmailrc.Capture:
		var w *os.File
		if r.output, w, err = os.Pipe(); err != nil {
			return nil, err
		}
		defer w.Close()
		files[1] = w
	}
	path, args := lookUp(p), p.Args
	if r.missing = path == ""; r.missing {
		path, args = "/bin/sh", append([]string{"/bin/sh"}, p.Args...)
	}
	attr := &os.ProcAttr{Env: p.Env, Files: files, Sys: &syscall.SysProcAttr{Setpgid: true}}
	for try := 0; ; try++ {
		r.proc, err = os.StartProcess(path, args, attr)
		switch {
		case errors.Is(err, unix.ENOEXEC) && path != "/bin/sh":
			path, args = "/bin/sh", append([]string{"/bin/sh", path}, p.Args[1:]...)
			continue
		case errors.Is(err, unix.EAGAIN) && (p.Retries < 0 || try < p.Retries) && !h.Ended():
			h.sleep(p.Suspend)
			continue
		case err != nil:
			if r.output != nil {
				r.output.Close()
			}
			return nil, err
		}
		break
	}
	go r.reap()
	r.watch()
	return r, nil
}

// lookUp finds a program in its own PATH; none if there is none.
func lookUp(p *procmailrc.Program) string {
	name := p.Args[0]
	if strings.Contains(name, "/") {
		if executable(name) {
			return name
		}
		return ""
	}
	path := "/bin:/usr/bin"
	for _, entry := range p.Env {
		if value, ok := strings.CutPrefix(entry, "PATH="); ok {
			path = value
		}
	}
	for dir := range strings.SplitSeq(path, ":") {
		file := orDefault(dir, ".") + "/" + name
		if name != "" && executable(file) {
			return file
		}
	}
	return ""
}

func executable(path string) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && unix.Access(path, unix.X_OK) == nil
}

// capture reads what the program prints.
func (r *running) capture() (result procmailrc.Result) {
	defer r.output.Close()
	if r.p.Limit == 0 {
		room := filterRoom + filterGrowth*r.p.Input.Len()
		result.Output, _ = io.ReadAll(io.LimitReader(r.output, room+1))
		if int64(len(result.Output)) > room {
			r.end()
			result.Output, result.Excess = nil, true
		}
		return result
	}
	result.Output, _ = io.ReadAll(io.LimitReader(r.output, int64(r.p.Limit)+1))
	result.Excess = len(result.Output) > r.p.Limit
	return result
}

// wait waits for the end of the program, if that matters. Where nobody has said
// so it matters only for one that may be missing.
func (r *running) wait(result *procmailrc.Result) {
	var patience <-chan time.Time
	if !r.p.Wait {
		if !r.p.Final && r.p.Output != procmailrc.Capture && !r.missing {
			return
		}
		patience = time.After(notWaited)
	}
	select {
	case state := <-r.ended:
		result.Status = exitStatus(state)
	case <-patience:
		return
	}
	r.h.begin(nil)
	r.mu.Lock()
	result.TimedOut = r.timedOut
	r.mu.Unlock()
	if !r.p.Wait {
		result.Missing = result.TimedOut || r.missing && result.Status != 0 || r.p.Shell && (result.Status == notFound || result.Status == notExecuted)
		if !result.Missing {
			result.Status = 0
		}
	}
}

// exitStatus returns the exit status of a program, or the negative number of the
// signal that ended it.
func exitStatus(state *os.ProcessState) int {
	if state == nil {
		return notFound
	}
	if status := state.Sys().(syscall.WaitStatus); status.Signaled() {
		return -int(status.Signal())
	}
	return state.ExitCode()
}
