package agent

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"lastmile/delivery/dsn"
)

// Process is one run of lastmile: its streams, and what surrounds a delivery.
type Process struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	UnderPostfix   bool // Postfix has started us
	InInit         bool // an init function runs it

	report   *report
	heed     []os.Signal          // those that end a delivery; the caller does not want others to
	onSignal func(syscall.Signal) // if not nil, called before a delivery is given up for one
	finish   func()               // what is left to do when the outcome has been reported
	exit     func(status int)     // ends the process, or the goroutine that calls it
}

// New returns a process. exit ends it with a status, whichever goroutine
// calls it, and does not return.
func New(stdin io.Reader, stdout, stderr io.Writer, exit func(status int)) *Process {
	// pipe(8) and local(8) export MAIL_CONFIG to their commands.
	under := os.Getenv("MAIL_CONFIG") != ""
	return &Process{
		Stdin: stdin, Stdout: stdout, Stderr: stderr, UnderPostfix: under,
		report: &report{w: stderr, underPostfix: under}, exit: exit,
	}
}

// Run does what the process is for, reports the outcome and ends the process. For
// alone see [protect].
func (p *Process) Run(alone bool, work func() error) {
	defer func() {
		if v := recover(); v != nil {
			p.exit(p.report.failure(crashed(v)))
		}
	}()
	p.heed = protect(alone)
	p.end(work())
}

// end reports the outcome and ends the process.
func (p *Process) end(err error) {
	status := p.Status(err)
	p.afterwards()
	p.exit(status)
}

// Status reports the outcome of a command and returns the exit status.
func (p *Process) Status(err error) int { return p.report.exit(err) }

// afterwards does what is left when the outcome is settled and said. Not even a
// panic in it changes the outcome: the message would be delivered again.
func (p *Process) afterwards() {
	defer func() { _ = recover() }()
	if p.finish != nil {
		p.finish()
	}
}

// NotUnderPostfix refuses what delivers nothing and exits 0, if Postfix calls
// it: that would be mail lost.
func (p *Process) NotUnderPostfix(what string) error {
	if p.UnderPostfix {
		return dsn.Config(what + " delivers nothing: master.cf or mailbox_command must call lastmile deliver")
	}
	return nil
}

// Called returns the program that lastmile is called as, by the name of the file:
// lastmile itself, or one that it stands for.
func Called(args []string) string {
	if len(args) == 0 {
		return "lastmile"
	}
	switch name := filepath.Base(args[0]); {
	case strings.HasPrefix(name, "procmail"):
		return "procmail"
	case name == "formail" || name == "lockfile":
		return name
	}
	return "lastmile"
}

// Requested returns the program that is wanted, by the name we are called by or
// by the first argument, and its arguments.
func Requested(args []string) (name string, rest []string) {
	if name = Called(args); name == "lastmile" && len(args) > 1 {
		args = AsCommand(args)[1:]
		name = args[0]
	}
	return name, args[min(1, len(args)):]
}

// AsCommand makes commands of the two options that every program has, and of --help
// behind a command, where it must be alone: beside anything else it may be a mistake
// in a set-up, which the command refuses.
func AsCommand(args []string) []string {
	switch {
	case Called(args) != "lastmile" || len(args) < 2:
	case len(args) == 2 && isHelp(args[1]):
		return []string{args[0], "help"}
	case len(args) == 2 && args[1] == "--version":
		return []string{args[0], "version"}
	case len(args) == 3 && wantsHelp(args[1], args[2]):
		return []string{args[0], "help", args[1]}
	}
	return args
}

func isHelp(arg string) bool { return arg == "--help" || arg == "-h" }

// wantsHelp reports whether an argument of a command asks for its help. -h is an
// option of procmail's programs themselves, which print their usage and exit 64.
// Behind deliver it may be a recipient of whoever forgets the -- before it, so there
// must be no message.
func wantsHelp(command, arg string) bool {
	switch command {
	case "":
		return false
	case "procmail", "formail", "lockfile":
		return arg == "--help"
	case "deliver":
		return isHelp(arg) && noMessage()
	}
	return command[0] != '-' && isHelp(arg)
}

// noMessage reports whether standard input is a terminal or the like: callers give
// messages by a pipe or a file.
func noMessage() bool {
	info, err := os.Stdin.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// SeeHelp says where the right usage of a command stands.
func SeeHelp(command string) string {
	if command == "" || command == "lastmile" {
		return " (see lastmile help)"
	}
	return " (see lastmile help " + command + ")"
}
