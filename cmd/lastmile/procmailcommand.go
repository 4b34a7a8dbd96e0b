package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/delivery/procmailrc"
)

// exitUsage is EX_USAGE of sysexits.h, as procmail has it.
const exitUsage = 64

// procmailCommand is lastmile procmail.
func (p *program) procmailCommand() *cli.Command {
	c := p.command("procmail", "deliver the message on standard input as procmail does", "[procmail's arguments] | --lint RCFILE | --explain RCFILE", func(c *cli.Context) error {
		return p.procmail("procmail", c.Args().Slice())
	})
	c.SkipFlagParsing = true
	return c
}

// procmail is the program procmail, called by some name.
func (p *program) procmail(name string, argv []string) error {
	if s, ok := studies(argv); ok {
		return p.studyRC(s)
	}
	switch a := agent.ParseProcmail(argv); {
	case a.Version:
		return p.procmailVersion()
	case a.Help:
		if err := p.NotUnderPostfix("procmail -h"); err != nil {
			return err
		}
		io.WriteString(p.Stderr, agent.ProcmailUsage+procmailHelp()+"\n")
		return agent.ExitStatus(exitUsage)
	default:
		return p.DeliverProcmail(name, a)
	}
}

// procmailVersion is procmail -v. The version is of the procmail whose language
// this is.
func (p *program) procmailVersion() error {
	if err := p.NotUnderPostfix("procmail -v"); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.Stderr, "procmail v%s, as lastmile has it\n\nLocking strategies:\tdotlocking, fcntl()\nDefault rcfile:\t\t$HOME/.procmailrc\n\tIt may be writable by your primary group\n", procmailrc.Version)
	return err
}
