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
	p := &program{
		stdin:        stdin,
		stdout:       stdout,
		report:       &report{w: stderr, underPostfix: underPostfix()},
		underPostfix: underPostfix(),
	}
	defer func() {
		if v := recover(); v != nil {
			status = p.report.failure(crashed(v))
		}
	}()
	p.umask = protect()
	status = p.report.exit(p.app().Run(asCommand(args)))
	p.afterwards()
	return status
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
