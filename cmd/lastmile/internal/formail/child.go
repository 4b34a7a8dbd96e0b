package formail

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// shell runs what the kernel cannot: scripts without "#!".
const shell = "/bin/sh"

// defaultPath is where commands are looked for without PATH, as by execvp(3).
const defaultPath = "/bin:/usr/bin"

// children are the programs that take messages.
type children struct {
	last    *exec.Cmd // not waited for yet; nil with -n
	running int       // with -n
	ended   chan int  // their exit statuses
}

// start makes the output ready for the next message: a child, standard output,
// or nowhere if the message is to be skipped.
func (j *job) start() error {
	o := j.opt
	if o.skip > 0 {
		o.skip--
		j.out = nowhere()
		return nil
	}
	if o.total > 0 {
		o.total--
	}
	if len(o.command) == 0 {
		j.out = j.newOutput(j.stdout, nil)
		return nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		j.say("File table full")
		return exit(exitOS)
	}
	defer r.Close()
	if o.maxChildren > 0 {
		for j.children.running >= o.maxChildren {
			j.waitOne()
		}
	}
	cmd, err := j.startChild(r)
	for err != nil && j.children.running > 0 {
		j.waitOne() // as long as the system has no room for one more
		cmd, err = j.startChild(r)
	}
	if err != nil {
		w.Close()
		j.say("Can't fork")
		return exit(exitOS)
	}
	j.out = j.newOutput(w, w.Close)
	if !o.parallel {
		j.children.last = cmd
		return nil
	}
	if j.children.ended == nil {
		j.children.ended = make(chan int)
	}
	j.children.running++
	go func() { j.children.ended <- exitStatus(cmd) }()
	return nil
}

// startChild starts the command with its message on standard input. What cannot
// be run as a program is given to the shell as a script, which then complains.
func (j *job) startChild(stdin *os.File) (*exec.Cmd, error) {
	command := j.opt.command
	try := func(path string, argv []string) (*exec.Cmd, error) {
		cmd := &exec.Cmd{Path: path, Args: argv, Env: j.environment(), Stdin: stdin, Stdout: j.stdout, Stderr: j.stderr}
		return cmd, cmd.Start()
	}
	for _, path := range candidates(command[0]) {
		cmd, err := try(path, command)
		switch {
		case err == nil:
			j.counted()
			return cmd, nil
		case errors.Is(err, syscall.ENOEXEC):
			command = append([]string{path}, command[1:]...)
		case errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOMEM):
			return nil, err
		default:
			continue
		}
		break
	}
	cmd, err := try(shell, append([]string{shell}, command...))
	if err == nil {
		j.counted()
	}
	return cmd, err
}

// candidates returns the files that a command can be.
func candidates(name string) []string {
	if strings.Contains(name, "/") {
		return []string{name}
	}
	path, ok := os.LookupEnv("PATH")
	if !ok {
		path = defaultPath
	}
	var files []string
	for _, dir := range filepath.SplitList(path) {
		if name == "" {
			break
		}
		if dir == "" {
			dir = "."
		}
		file := dir + "/" + name
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			files = append(files, file)
		}
	}
	return files
}

// exitStatus waits for a child; for one that a signal has ended it returns the
// number below zero.
func exitStatus(cmd *exec.Cmd) int {
	cmd.Wait()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return -int(status.Signal())
	}
	return cmd.ProcessState.ExitCode()
}

// waitSerial waits for the child of the message before, unless they run side by
// side.
func (j *job) waitSerial() {
	if cmd := j.children.last; cmd != nil {
		j.children.last = nil
		j.childEnded(exitStatus(cmd))
	}
}

// waitOne waits until one of several children has ended.
func (j *job) waitOne() {
	j.childEnded(<-j.children.ended)
	j.children.running--
}

// waitAll waits for all children.
func (j *job) waitAll() {
	j.waitSerial()
	for j.children.running > 0 {
		j.waitOne()
	}
}

// childEnded keeps the first exit status that is not 0.
func (j *job) childEnded(status int) {
	if j.status == exitOK {
		j.status = status
	}
}
