package agent

import (
	"io"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/delivery/message"
)

// invitation is said where a command would seem to hang.
const invitation = "lastmile: reading a message from standard input; Ctrl-D ends it\n"

// wondering is how long nobody wonders what a delivery waits for. Nearly all are over
// by then: to look for a terminal in each of them would be a system call too many.
const wondering = 200 * time.Millisecond

// Invite tells a person who has given no message that one is waited for. Who reads
// a status code at the first byte of standard error is a program, and has its end
// of a pipe there, or of a file: so it is said only if standard input and standard
// error are both terminals, and never under Postfix.
func (p *Process) Invite() {
	in, ok := p.Stdin.(message.Input)
	if !ok || p.UnderPostfix || !IsTerminal(p.Stderr) {
		return
	}
	if _, err := unix.IoctlGetTermios(int(in), unix.TCGETS); err == nil {
		io.WriteString(p.Stderr, invitation)
	}
}
