//go:build amd64

package fault

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Moment is when something happens to a program.
type Moment int

const (
	Before Moment = iota // the call has not been made
	After                // it has
)

// Plan says what is to happen, and when. The zero value lets the program run.
type Plan struct {
	// At is the number of a counted call, from 1. The number of a call may differ by
	// one or two between runs, with the threads that the Go runtime starts.
	At int
	// First, if not empty, is the name of a call, and stands for the number of the
	// first of that name.
	First string
	// Fail is which of its errnos this call fails with, from 1, and if it has not
	// so many, which of them when they are counted again; 0 lets it be. An errno
	// named here might not fit the call that is met.
	Fail int
	// Sticky lets all later calls of the same name fail, too: a disk stays full.
	Sticky bool
	// Signal, if Fail is 0, is sent to the process at this moment.
	Signal unix.Signal
	When   Moment
}

// Call is a counted system call.
type Call struct {
	Name string
	Path string // what it is about, if that has a name
	file inode
	// entry is the name that it makes or removes.
	entry name
	makes bool // a file, which it opens
	// Errnos are those that it can fail with.
	Errnos []unix.Errno
}

// String returns the call as a person would want to see it.
func (c *Call) String() string { return strings.TrimSpace(c.Name + " " + c.Path) }

// Command is a program to run.
type Command struct {
	// Filter is the path of the program of package filter.
	Filter    string
	Path      string
	Argv, Env []string
	Dir       string
	Stdin     []byte
	// Limit is after which time a run is a hang.
	Limit time.Duration
	// Disk, if not nil, is what an earlier run has left.
	Disk *Disk
}

// Result is what came of a run.
type Result struct {
	Status syscall.WaitStatus
	Output string // both streams
	Calls  []*Call
	Hit    *Call // where the plan came true; nil if the run was over before
	Errno  unix.Errno
	Hung   bool
	Disk   *Disk
}

// tracer runs one program.
type tracer struct {
	plan    Plan
	main    int
	started bool // main runs the program
	armed   bool // and has got to where counting begins
	threads map[int]*thread
	result  Result

	mu    sync.Mutex
	tasks map[int]bool // all that may have to be killed
}

// thread is a thread of the program, or of one that it has started.
type thread struct {
	foreign bool  // it runs another program
	call    *Call // under way
	hit     bool  // the plan comes true when it returns
	fails   bool  // with the plan's error, although it was made
}

const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK |
	unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_TRACESECCOMP | unix.PTRACE_O_EXITKILL

// Run runs a program by a plan, until it and all that it has started have ended.
func Run(c Command, plan Plan) (Result, error) {
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	out, err := os.CreateTemp("", "fault-")
	if err != nil {
		return Result{}, err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	stdin, feed, err := os.Pipe()
	if err != nil {
		return Result{}, err
	}
	defer feed.Close()
	argv := append([]string{"filter", numbers(), c.Path}, c.Argv...)
	pid, err := syscall.ForkExec(c.Filter, argv, &syscall.ProcAttr{
		Dir: c.Dir, Env: c.Env, Files: []uintptr{stdin.Fd(), out.Fd(), out.Fd()},
		Sys: &syscall.SysProcAttr{Ptrace: true, Setpgid: true},
	})
	stdin.Close()
	if err != nil {
		return Result{}, err
	}
	go func() {
		feed.Write(c.Stdin) // an error is the program's death
		feed.Close()
	}()
	disk := c.Disk
	if disk == nil {
		disk = newDisk()
	}
	t := &tracer{plan: plan, main: pid, threads: map[int]*thread{pid: {}}, tasks: map[int]bool{pid: true}, result: Result{Disk: disk}}
	limit := time.AfterFunc(c.Limit, t.killAll)
	err = t.loop()
	t.result.Hung = !limit.Stop()
	text, _ := os.ReadFile(out.Name())
	t.result.Output = string(text)
	return t.result, err
}

// killAll ends a run that does not end by itself.
func (t *tracer) killAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for tid := range t.tasks {
		unix.Kill(tid, unix.SIGKILL)
	}
}

func (t *tracer) forget(tid int) {
	delete(t.threads, tid)
	t.mu.Lock()
	delete(t.tasks, tid)
	t.mu.Unlock()
}

// loop follows the program to its end.
func (t *tracer) loop() error {
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(t.main, &status, unix.WALL, nil); err != nil {
		return err
	}
	if err := unix.PtraceSetOptions(t.main, options); err != nil {
		return err
	}
	unix.PtraceCont(t.main, 0)
	for {
		tid, err := syscall.Wait4(-1, &status, unix.WALL|unix.WNOTHREAD, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ECHILD):
			return nil
		case err != nil:
			return err
		}
		if status.Exited() || status.Signaled() {
			if t.forget(tid); tid == t.main {
				t.result.Status = status
			}
			continue
		}
		t.stopped(tid, status)
	}
}

// stopped lets a thread go on that has stopped. That it is gone is no error: the
// next wait says so.
func (t *tracer) stopped(tid int, status syscall.WaitStatus) {
	th := t.threads[tid]
	isNew := th == nil
	if isNew {
		th = t.newTask(tid)
		t.threads[tid] = th
		t.mu.Lock()
		t.tasks[tid] = true
		t.mu.Unlock()
	}
	signal := 0
	switch stop := status.StopSignal(); {
	case stop == unix.SIGTRAP|0x80:
		t.leave(tid, th)
	case stop == unix.SIGTRAP && status.TrapCause() == unix.PTRACE_EVENT_SECCOMP:
		if t.started && !th.foreign && t.enter(tid, th) {
			unix.PtraceSyscall(tid, 0) // to its end
			return
		}
	case stop == unix.SIGTRAP && status.TrapCause() == unix.PTRACE_EVENT_EXEC:
		if t.started = true; tid != t.main {
			th.foreign = true
		}
	case stop == unix.SIGTRAP && status.TrapCause() > 0:
	case stop == unix.SIGSTOP && isNew:
	default:
		signal = int(stop)
	}
	unix.PtraceCont(tid, signal)
}

// newTask finds out what a new task is: a thread of the program, a process that it
// has forked, or something of another program's.
func (t *tracer) newTask(tid int) *thread {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(tid) + "/status")
	if err != nil {
		return &thread{foreign: true} // it is gone
	}
	field := func(name string) int {
		_, rest, _ := strings.Cut(string(text), "\n"+name+":\t")
		value, _, _ := strings.Cut(rest, "\n")
		n, _ := strconv.Atoi(value)
		return n
	}
	switch group := field("Tgid"); {
	case group == t.main:
		return &thread{}
	case group != tid:
		return &thread{foreign: true} // no fork has threads before it runs another program
	}
	return &thread{foreign: field("PPid") != t.main}
}

// enter counts a call that a thread is about to make, and lets it fail if that is
// the plan. It reports whether its end is of interest.
func (t *tracer) enter(tid int, th *thread) bool {
	var regs unix.PtraceRegs
	if unix.PtraceGetRegs(tid, &regs) != nil {
		return false
	}
	if !t.armed {
		t.armed = regs.Orig_rax == start
		return false
	}
	args := [6]uint64{regs.Rdi, regs.Rsi, regs.Rdx, regs.R10, regs.R8, regs.R9}
	what, counted := describe(regs.Orig_rax, args)
	if !counted {
		return false
	}
	c := &Call{Name: what.name, Errnos: what.errnos}
	t.look(c, tid, regs.Orig_rax, args)
	if strings.HasPrefix(c.Path, "pipe:") || strings.HasPrefix(c.Path, "anon_inode:") {
		c.Errnos = []unix.Errno{unix.EINTR} // there is no disk behind it
	}
	t.result.Calls = append(t.result.Calls, c)
	now := len(t.result.Calls) == t.plan.At || t.result.Hit == nil && c.Name == t.plan.First
	again := t.plan.Sticky && t.result.Hit != nil && t.result.Hit.Name == c.Name && lasts(t.result.Errno)
	if now {
		t.result.Hit = c
	}
	switch {
	case !now && !again:
	case t.plan.Fail != 0:
		if now {
			t.result.Errno = c.Errnos[(t.plan.Fail-1)%len(c.Errnos)]
		}
		if c.Name == "close" { // which closes, whatever it says
			th.fails = true
			break
		}
		regs.Orig_rax, regs.Rax = ^uint64(0), uint64(-int64(t.result.Errno))
		unix.PtraceSetRegs(tid, &regs)
		t.result.Disk.note(c, t.result.Errno)
		return false
	case t.plan.When == Before:
		unix.Kill(t.main, t.plan.Signal)
	default:
		th.hit = true
	}
	th.call = c
	return true
}

// lasts tells whether a reason to fail may still be there at the next call.
func lasts(errno unix.Errno) bool { return errno != unix.EINTR && errno != unix.EEXIST }

// leave takes the outcome of a call.
func (t *tracer) leave(tid int, th *thread) {
	var regs unix.PtraceRegs
	if th.call == nil || unix.PtraceGetRegs(tid, &regs) != nil {
		return
	}
	if th.fails {
		regs.Rax = uint64(-int64(t.result.Errno))
		unix.PtraceSetRegs(tid, &regs)
	}
	errno := unix.Errno(0)
	if n := int64(regs.Rax); n < 0 && n > -4096 {
		errno = unix.Errno(-n)
	}
	if th.call.makes && errno == 0 {
		if file, err := inodeOf(fmt.Sprintf("/proc/%d/fd/%d", tid, regs.Rax)); err == nil {
			t.result.Disk.made(file)
		}
	}
	t.result.Disk.note(th.call, errno)
	if th.hit {
		unix.Kill(t.main, t.plan.Signal)
	}
	th.call, th.hit, th.fails = nil, false, false
}
