// The runtime need not follow the processors that a container is given: no
// delivery lasts that long.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Lastmile takes a mail message over the last step, into the user's mailbox, and
// refuses one that has been there before.
//
// It is started once per message by an MTA, a mail retriever or a person; see
// lastmile(1), beside this file. The decisions are made in package delivery; package
// agent is the process around a delivery; here are the commands that deliver
// nothing.
package main

import (
	"io"
	"os"
	"runtime"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/delivery/message"
)

func main() {
	os.Exit(run(os.Args, message.Input(0), os.Stdout, os.Stderr))
}

// run is the whole program, but for what package early has done already: it returns
// the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) (status int) {
	// These deliver nothing, and umask, limits and signals are the caller's.
	name, rest := agent.Requested(args)
	switch name {
	case "formail":
		return formailMain(rest, stdin, stdout, stderr)
	case "lockfile":
		return lockfileMain(rest, stderr)
	}
	ended := make(chan int, 1)
	p := &program{agent.New(stdin, stdout, stderr, func(status int) {
		ended <- status
		runtime.Goexit()
	})}
	go p.Run(name == "deliver", func() error { return p.main(args) })
	return <-ended
}

// main runs the program that we are called as.
func (p *program) main(args []string) error {
	if agent.Called(args) == "procmail" {
		return p.procmail(args[0], args[1:])
	}
	if name, args := agent.Requested(args); name == "deliver" {
		return p.Deliver(args)
	}
	return p.app().Run(agent.AsCommand(args))
}
