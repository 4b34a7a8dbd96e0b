package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

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
	switch a := parseProcmail(argv); {
	case a.version:
		return p.procmailVersion()
	case a.help:
		if err := p.notUnderPostfix("procmail -h"); err != nil {
			return err
		}
		io.WriteString(p.stderr, procmailUsage+procmailHelp+"\n")
		return exitStatus(exitUsage)
	default:
		return p.deliverProcmail(name, a)
	}
}

// procmailVersion is procmail -v. The version is of the procmail whose language
// this is.
func (p *program) procmailVersion() error {
	if err := p.notUnderPostfix("procmail -v"); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.stderr, "procmail v%s, as lastmile has it\n\nLocking strategies:\tdotlocking, fcntl()\nDefault rcfile:\t\t$HOME/.procmailrc\n\tIt may be writable by your primary group\n", procmailrc.Version)
	return err
}
