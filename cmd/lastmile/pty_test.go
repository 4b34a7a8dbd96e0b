package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/cmd/lastmile/internal/lab"
)

// terminal is a terminal: what a person types into it, and sees.
type terminal struct {
	t      *testing.T
	person *os.File // the side of the person
	screen strings.Builder
}

// newTerminal opens a pseudo-terminal (pty(7)) and returns the side of the program
// as well.
func newTerminal(t *testing.T) (*terminal, *os.File) {
	t.Helper()
	lab.NeedTerminals(t)
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	control, err := person.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	control.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return &terminal{t: t, person: person}, program
}

// start starts a program that has a terminal where it has no other stream, and
// ends it with the test.
func start(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	term, program := newTerminal(t)
	term.run(program, cmd)
	return term
}

// run is start for a terminal that is there.
func (term *terminal) run(program *os.File, cmd *exec.Cmd) {
	term.t.Helper()
	if cmd.Stdin == nil {
		cmd.Stdin = program
	}
	if cmd.Stdout == nil {
		cmd.Stdout = program
	}
	if cmd.Stderr == nil {
		cmd.Stderr = program
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if cmd.Stdin == program {
		cmd.SysProcAttr.Setctty = true // of descriptor 0
	}
	if err := cmd.Start(); err != nil {
		term.t.Fatal(err)
	}
	term.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}

// input types.
func (term *terminal) input(keys string) {
	term.t.Helper()
	if _, err := term.person.WriteString(keys); err != nil {
		term.t.Fatal(err)
	}
}

// await returns what is on the screen when a text has come, from the last call on.
func (term *terminal) await(text string) string {
	term.t.Helper()
	term.person.SetReadDeadline(time.Now().Add(20 * time.Second))
	buffer := make([]byte, 4096)
	for {
		if before, after, ok := strings.Cut(term.screen.String(), text); ok {
			term.screen.Reset()
			term.screen.WriteString(after)
			return before
		}
		n, err := term.person.Read(buffer)
		term.screen.Write(buffer[:n])
		if err != nil {
			term.t.Fatalf("waiting for %q: %v; there is %q", text, err, term.screen.String())
		}
	}
}
