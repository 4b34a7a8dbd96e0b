package main

import (
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/cmd/lastmile/internal/formail"
	"lastmile/delivery/dsn"
)

// formailCommand is lastmile formail, for the help: run has run it already, before
// anything is set up for a delivery.
func (p *program) formailCommand() *cli.Command {
	c := p.command("formail", "edit, read and split messages, as formail(1) of procmail", "[OPTION...] [-s [PROGRAM [ARGUMENT...]]]", func(c *cli.Context) error {
		return agent.ExitStatus(formailMain(c.Args().Slice(), p.Stdin, p.Stdout, p.Stderr))
	})
	c.SkipFlagParsing = true
	return c
}

// formailMain is all of formail: args are its arguments, without the name. It
// returns the exit status. A write that fails, at the latest when standard
// output is closed, is exit status 74; nothing may be written to it afterwards.
func formailMain(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE, syscall.SIGXFSZ)
	status := formail.Main(args, stdin, stdout, stderr)
	if file, ok := stdout.(*os.File); ok && file.Close() != nil && status == dsn.ExitOK {
		status = exitIOErr
	}
	return status
}

// exitIOErr is EX_IOERR of sysexits.h.
const exitIOErr = 74
