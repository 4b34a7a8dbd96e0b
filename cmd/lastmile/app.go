package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/delivery/dsn"
)

// program is one run of lastmile, with the commands that deliver nothing.
type program struct{ *agent.Process }

// app returns the command line. The library's defaults lose mail and are turned
// off: a recipient "h" or "help" would print help and exit 0, which is a
// delivery to every caller; mistakes would exit 1 or 3, which bounce; usage
// would be printed before the status code.
func (p *program) app() *cli.App {
	return &cli.App{
		Name:                  "lastmile",
		Usage:                 "deliver a mail message, unless it loops",
		HideHelp:              true,
		HideHelpCommand:       true,
		HideVersion:           true,
		CustomAppHelpTemplate: appHelp,
		Writer:                p.Stdout,
		ErrWriter:             io.Discard,
		ExitErrHandler:        func(*cli.Context, error) {},
		OnUsageError:          usageError,
		Action:                p.root,
		Commands: []*cli.Command{
			p.deliverCommand(),
			p.checkCommand(),
			p.explainCommand(),
			p.doctorCommand(),
			p.keyCommand(),
			p.procmailCommand(),
			p.formailCommand(),
			p.lockfileCommand(),
			p.completionCommand(),
			p.versionCommand(),
			p.command("help", "show help, on a command too", "[COMMAND]", p.help),
		},
	}
}

// deliverCommand is lastmile deliver for help and completion: the library does not
// run it.
func (p *program) deliverCommand() *cli.Command {
	return p.command("deliver", "deliver the message on standard input", "-- RECIPIENT", nil, flags(agent.DeliverOptions())...)
}

// command returns a command that the library's own help is kept out of.
func (p *program) command(name, usage, args string, action cli.ActionFunc, flags ...cli.Flag) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage, ArgsUsage: args, Action: action, Flags: flags,
		HideHelp: true, HideHelpCommand: true, OnUsageError: usageError,
		CustomHelpTemplate: commandHelp,
	}
}

// usageError makes a deferral of a mistake in the command line: the mail waits
// until the admin has mended it.
func usageError(c *cli.Context, err error, _ bool) error {
	return dsn.Config(err.Error() + agent.SeeHelp(commandOf(c)))
}

// commandOf returns the name of the command that runs, if one does.
func commandOf(c *cli.Context) string {
	if c.Command == nil {
		return ""
	}
	return c.Command.Name
}

// root is what runs without a command, or with one that does not exist.
func (p *program) root(c *cli.Context) error {
	if c.Args().Present() {
		return dsn.Config(fmt.Sprintf("%q is no command of lastmile", c.Args().First()) + agent.SeeHelp(commandOf(c)))
	}
	return dsn.Config("no command given" + agent.SeeHelp(commandOf(c)))
}

// help prints the usage of lastmile or of a command.
func (p *program) help(c *cli.Context) error {
	if err := p.NotUnderPostfix("lastmile help"); err != nil {
		return err
	}
	if c.NArg() > 1 {
		return dsn.Config("help takes one command" + agent.SeeHelp(""))
	}
	if name := c.Args().First(); name != "" && name != "help" {
		command := c.App.Command(name)
		if command == nil {
			return dsn.Config(fmt.Sprintf("%q is no command of lastmile (see lastmile help)", name))
		}
		command.Description = strings.TrimPrefix(optionHelp(describe(command.Flags))+"\n\n"+moreHelp(name), "\n\n")
		return cli.ShowCommandHelp(c, name)
	}
	return cli.ShowAppHelp(c)
}

const appHelp = `lastmile - {{.Usage}}

usage:
   lastmile COMMAND [OPTION...] [--] [RECIPIENT] < message

commands:{{range .VisibleCommands}}
   {{.Name}}{{"\t"}}{{.Usage}}{{end}}

lastmile help COMMAND, or lastmile COMMAND --help, lists the options of a
command; lastmile(1) has it all.
`

const commandHelp = `lastmile {{.Name}} - {{.Usage}}

usage:
   lastmile {{.Name}}{{if .VisibleFlags}} [OPTION...]{{end}}{{if .ArgsUsage}} {{.ArgsUsage}}{{end}}

{{.Description}}
`
