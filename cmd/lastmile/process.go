package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"lastmile/delivery/dsn"
)

// process is one run of lastmile: its streams, and what surrounds a delivery.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	underPostfix   bool // Postfix has started us

	report   *report
	heed     []os.Signal          // those that end a delivery; the caller does not want others to
	onSignal func(syscall.Signal) // if not nil, called before a delivery is given up for one
	finish   func()               // what is left to do when the outcome has been reported
	exit     func(status int)     // ends the process, or the goroutine that calls it
}

// newProcess returns a process. exit ends it with a status, whichever goroutine
// calls it, and does not return.
func newProcess(stdin io.Reader, stdout, stderr io.Writer, exit func(status int)) *process {
	// pipe(8) and local(8) export MAIL_CONFIG to their commands.
	under := os.Getenv("MAIL_CONFIG") != ""
	return &process{
		stdin: stdin, stdout: stdout, stderr: stderr, underPostfix: under,
		report: &report{w: stderr, underPostfix: under}, exit: exit,
	}
}

// run does what the process is for, reports the outcome and ends the process. For
// alone see [protect].
func (p *process) run(alone bool, work func() error) {
	defer func() {
		if v := recover(); v != nil {
			p.exit(p.report.failure(crashed(v)))
		}
	}()
	p.heed = protect(alone)
	p.end(work())
}

// end reports the outcome and ends the process.
func (p *process) end(err error) {
	status := p.status(err)
	p.afterwards()
	p.exit(status)
}

// status reports the outcome of a command and returns the exit status.
func (p *process) status(err error) int { return p.report.exit(err) }

// afterwards does what is left when the outcome is settled and said. Not even a
// panic in it changes the outcome: the message would be delivered again.
func (p *process) afterwards() {
	defer func() { _ = recover() }()
	if p.finish != nil {
		p.finish()
	}
}

// notUnderPostfix refuses what delivers nothing and exits 0, if Postfix calls
// it: that would be mail lost.
func (p *process) notUnderPostfix(what string) error {
	if p.underPostfix {
		return dsn.Config(what + " delivers nothing: master.cf or mailbox_command must call lastmile deliver")
	}
	return nil
}

// called returns the program that lastmile is called as, by the name of the file:
// lastmile itself, or one that it stands for.
func called(args []string) string {
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

// requested returns the program that is wanted, by the name we are called by or
// by the first argument, and its arguments.
func requested(args []string) (name string, rest []string) {
	if name = called(args); name == "lastmile" && len(args) > 1 {
		name, args = args[1], args[1:]
	}
	return name, args[min(1, len(args)):]
}

// seeHelp says where the right usage of a command stands.
func seeHelp(command string) string {
	if command == "" || command == "lastmile" {
		return " (see lastmile help)"
	}
	return " (see lastmile help " + command + ")"
}
