// Package child runs a command that takes a message.
//
// The child gets a session and process group of its own, the message on
// descriptor 0, one pipe as 1 and 2, and nothing else: every other descriptor
// is closed, the environment is what the caller gives. It is killed when we
// are. Of its output at most 4096 bytes are kept, as in Postfix's
// pipe_command.c; the rest is read and dropped, so that it never blocks.
package child

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// maxOutput is how much of the output is kept: Postfix's VSTREAM_BUFSIZE,
	// beyond which it closes the pipe.
	maxOutput = 4096

	// outputGrace is how long output is waited for after the child has failed:
	// something it left behind may hold the pipe open for ever.
	outputGrace = 2 * time.Second
)

// Path is the search path for commands, and the child's PATH.
const Path = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"

// Child is a command that runs.
type Child struct {
	cmd    *exec.Cmd
	output chan []byte
	pipe   *os.File
	mu     sync.Mutex
	waited bool
}

// Result says how a command has ended.
type Result struct {
	Exit   int            // exit status, if Signal is 0
	Signal syscall.Signal // what killed it, or 0
	Output []byte         // the first 4096 bytes of its output; after exit status 0, what was read by then
}

// Start starts a command. The first element of argv is searched in [Path]
// unless it has a slash. The calling goroutine must be locked to its thread
// until [Child.Wait] returns (runtime.LockOSThread): the kernel kills the child
// when the thread that started it ends.
func Start(argv, env []string, stdin *os.File) (*Child, error) {
	path, err := lookPath(argv[0])
	if err != nil {
		return nil, err
	}
	if err := KeepDescriptors(); err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for the output: %w", err)
	}
	defer w.Close()
	c := &Child{pipe: r, output: make(chan []byte, 1)}
	c.cmd = &exec.Cmd{
		Path: path, Args: argv, Env: env, Stdin: stdin, Stdout: w, Stderr: w,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL},
	}
	if err := c.cmd.Start(); err != nil {
		r.Close()
		return nil, err
	}
	go func() { c.output <- readOutput(r) }()
	return c, nil
}

// Run starts a command, calls started with it, and waits for its end.
func Run(argv, env []string, stdin *os.File, started func(*Child) error) (Result, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c, err := Start(argv, env, stdin)
	if err != nil {
		return Result{}, err
	}
	if err := started(c); err != nil {
		c.Kill()
		c.Wait()
		return Result{}, err
	}
	return c.Wait()
}

// Wait waits for the end of the command, and a moment longer for its output.
func (c *Child) Wait() (Result, error) {
	err := c.cmd.Wait()
	c.mu.Lock()
	c.waited = true
	c.mu.Unlock()
	grace := outputGrace
	if err == nil {
		grace = 0 // it has taken the message, and nobody asks what it said
	}
	c.pipe.SetReadDeadline(time.Now().Add(grace))
	r := Result{Output: <-c.output}
	c.pipe.Close()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return r, err
	}
	status := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		r.Signal = status.Signal()
	} else {
		r.Exit = status.ExitStatus()
	}
	return r, nil
}

// Kill ends the command's whole process group at once, as Postfix does at its
// time limit. It may be called from any goroutine.
func (c *Child) Kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.waited { // afterwards the number may be another's
		unix.Kill(-c.cmd.Process.Pid, unix.SIGKILL)
	}
}

// KeepDescriptors sees to it that the child does not get what our own caller has
// left open.
func KeepDescriptors() error {
	if unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC) == nil {
		return nil
	}
	// Before Linux 5.11, one by one.
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("keep descriptors from the child: %w", err)
	}
	for _, e := range open {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// readOutput reads to the end and returns the beginning.
func readOutput(r io.Reader) []byte {
	out, err := io.ReadAll(io.LimitReader(r, maxOutput))
	if err == nil {
		io.Copy(io.Discard, r)
	}
	return out
}

// lookPath finds a command in Path, not in our own PATH.
func lookPath(name string) (string, error) {
	if name == "" {
		return "", errors.New("the command has no name")
	}
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, dir := range strings.Split(Path, ":") {
		path := dir + "/" + name
		if unix.Access(path, unix.X_OK) == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s: not found in %s", name, Path)
}
