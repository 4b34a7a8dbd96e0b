package delivery

import (
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"lastmile/delivery/dsn"
	"lastmile/delivery/internal/child"
	"lastmile/delivery/message"
)

// Command hands messages to a command on its standard input.
//
// The message is read to its end and spooled first: a command must never take
// the beginning of a message for the whole of it.
type Command struct {
	argv []string
}

// NewCommand returns the destination of a command line. Without a shell it is
// cut into words at blanks, where quotes and backslashes keep a word together;
// what only a shell could understand is refused, not passed on.
func NewCommand(line string, shell bool) (*Command, error) {
	if strings.TrimSpace(line) == "" {
		return nil, dsn.Config("the command is empty")
	}
	if shell {
		return &Command{argv: []string{"/bin/sh", "-c", line}}, nil
	}
	argv, err := splitWords(line)
	if err != nil {
		return nil, err
	}
	return &Command{argv: argv}, nil
}

// Plan implements [Destination].
func (c *Command) Plan(*Envelope) (string, error) { return "command " + strings.Join(c.argv, " "), nil }

// Deliver implements [Destination]. The command has taken the message if it
// exits 0.
func (c *Command) Deliver(gate *Gate, env *Envelope, m *message.Message) (string, error) {
	m.Prepend(m.From()) // as local(8) hands it over: From_ line, trace fields, message
	stdin, _, err := m.Spool()
	if err != nil {
		if m.ReadFailed() {
			return "", ReadFailed(err)
		}
		return "", &dsn.Error{Status: dsn.TempSystem, Text: "cannot spool the message", Err: err}
	}
	defer stdin.Close()
	if err := gate.OnAbort(func() {}); err != nil { // given up while the message came: nothing is started
		return "", err
	}
	r, err := child.Run(c.argv, environment(env), stdin, func(running *child.Child) error {
		return gate.OnAbort(running.Kill)
	})
	if err != nil {
		return "", &dsn.Error{Status: dsn.TempSystem, Text: "cannot run the command", Err: err}
	}
	if err := c.judge(r); err != nil {
		return "", err
	}
	where, _ := c.Plan(env)
	return where, gate.Pass(func() error { return nil })
}

// judge reads exit status and output as Postfix reads ours (pipe_command.c): a
// signal defers, then a status code at the beginning of the output decides, then
// sysexits.h. Where Postfix bounces on any other status, we defer: a command
// that ends with 1 or 127 has failed, which is no verdict about the message.
func (c *Command) judge(r child.Result) error {
	cause := fmt.Errorf("command %s", c.argv[0])
	output := printable(r.Output)
	if r.Signal != 0 {
		return &dsn.Error{Status: dsn.TempSystem, Text: withOutput(fmt.Sprintf("command died with signal %d", r.Signal), output), Err: cause}
	}
	if r.Exit == 0 {
		return nil
	}
	if status, text, ok := dsn.Parse(output); ok && status.Class() != 2 {
		return &dsn.Error{Status: status, Text: text, Err: cause}
	}
	if status, text, ok := dsn.Sysexit(r.Exit); ok {
		return &dsn.Error{Status: status, Text: withOutput(text, output), Err: cause}
	}
	return &dsn.Error{Status: dsn.TempSystem, Text: withOutput(fmt.Sprintf("command died with status %d", r.Exit), output), Err: cause}
}

// withOutput adds what the command said, in Postfix's words.
func withOutput(text, output string) string {
	if output == "" {
		return text
	}
	return text + ". Command output: " + output
}

// printable makes one line of a command's output, as Postfix does: cut at a NUL,
// blanks for tabs and line ends, "_" for every other byte that does not print.
func printable(output []byte) string {
	var b strings.Builder
	for len(output) > 0 && output[0] != 0 {
		r, n := utf8.DecodeRune(output)
		switch {
		case r == '\t' || r == '\n':
			b.WriteByte(' ')
		case r == utf8.RuneError && n == 1 || !unicode.IsPrint(r):
			b.WriteByte('_')
		default:
			b.WriteRune(r)
		}
		output = output[n:]
	}
	return strings.TrimRight(b.String(), " ")
}

// environment returns the environment of the command: what local(8) gives its
// commands, from the envelope and the account that we run as. Nothing is taken
// over from our own but the time zone and the language.
func environment(env *Envelope) []string {
	a := OwnAccount()
	vars := []string{"HOME=" + a.Home, "LOGNAME=" + a.Name, "SHELL=" + a.Shell, "PATH=" + child.Path}
	for _, v := range variables(env) {
		vars = append(vars, v[0]+"="+v[1])
	}
	for _, name := range []string{"TZ", "LANG"} {
		if value, ok := os.LookupEnv(name); ok {
			vars = append(vars, name+"="+value)
		}
	}
	return vars
}
