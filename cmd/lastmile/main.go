// The runtime need not follow the processors that a container is given: no
// delivery lasts that long.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Lastmile takes a mail message over the last step, into the user's mailbox, and
// refuses one that has been there before.
//
// It is started once per message by an MTA, a mail retriever or a person; see
// lastmile(1), beside this file. The decisions are made in package delivery;
// here are the command line, what surrounds one process, and the one place that
// writes to the caller.
package main

import (
	"io"
	"os"

	"lastmile/delivery/message"
)

func main() {
	os.Exit(run(os.Args, message.Input(0), os.Stdout, os.Stderr))
}

// run is the whole program: it returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) (status int) {
	// These deliver nothing, and umask, limits and signals are the caller's.
	switch name, args := requested(args); name {
	case "formail":
		return formailMain(args, stdin, stdout, stderr)
	case "lockfile":
		return lockfileMain(args, stderr)
	}
	p := &program{
		stdin:        stdin,
		stdout:       stdout,
		stderr:       stderr,
		report:       &report{w: stderr, underPostfix: underPostfix()},
		underPostfix: underPostfix(),
	}
	defer func() {
		if v := recover(); v != nil {
			status = p.report.failure(crashed(v))
		}
	}()
	p.heed = protect(isDeliver(args))
	status = p.report.exit(p.main(args))
	p.afterwards()
	return status
}

// requested returns the program that is wanted, by the name we are called by or
// by the first argument, and its arguments.
func requested(args []string) (name string, rest []string) {
	if name = called(args); name == "lastmile" && len(args) > 1 {
		name, args = args[1], args[1:]
	}
	return name, args[min(1, len(args)):]
}

// main runs the program that we are called as.
func (p *program) main(args []string) error {
	if called(args) == "procmail" {
		return p.procmail(args[0], args[1:])
	}
	if name, args := requested(args); name == "deliver" {
		return p.deliverArgs(args)
	}
	return p.app().Run(asCommand(args))
}

// isDeliver tells whether we are called as lastmile deliver.
func isDeliver(args []string) bool {
	name, _ := requested(args)
	return name == "deliver"
}

// afterwards does what is left when the outcome is settled and said. Not even a
// panic in it changes the outcome: the message would be delivered again.
func (p *program) afterwards() {
	defer func() { _ = recover() }()
	if p.finish != nil {
		p.finish()
	}
}

// underPostfix reports whether Postfix has started us: pipe(8) and local(8)
// export MAIL_CONFIG to their commands.
func underPostfix() bool { return os.Getenv("MAIL_CONFIG") != "" }
