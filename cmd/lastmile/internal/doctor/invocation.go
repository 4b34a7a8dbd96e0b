package doctor

import (
	"path"
	"slices"
	"strings"
	"time"
)

// invocation is lastmile's command line, read as lastmile itself reads it.
type invocation struct {
	subcommand string
	options    []option
	unknown    []string
	dashes     bool     // "--" stands before the arguments
	args       []string // what is left
}

type option struct{ name, value string }

// parseInvocation reads the words after the program.
func parseInvocation(words []string, known func(string) (takesValue, known bool)) invocation {
	var v invocation
	if len(words) == 0 {
		return v
	}
	v.subcommand = words[0]
	for words = words[1:]; len(words) > 0; words = words[1:] {
		word := words[0]
		if word == "--" {
			v.dashes, v.args = true, words[1:]
			return v
		}
		if len(word) < 2 || word[0] != '-' {
			v.args = words
			return v
		}
		name, value, has := strings.Cut(strings.TrimPrefix(word[1:], "-"), "=")
		takes, ok := known(name)
		if !ok {
			v.unknown = append(v.unknown, word)
			continue
		}
		if takes && !has && len(words) > 1 {
			words = words[1:]
			value = words[0]
		}
		v.options = append(v.options, option{name, value})
	}
	return v
}

// value returns the last value of an option.
func (v invocation) value(name string) (string, bool) {
	for _, o := range slices.Backward(v.options) {
		if o.name == name {
			return o.value, true
		}
	}
	return "", false
}

// timeout is lastmile's own limit; its default is 15 minutes (lastmile(1)).
func (v invocation) timeout() time.Duration {
	if text, ok := v.value("timeout"); ok {
		if d, err := time.ParseDuration(text); err == nil {
			return d
		}
	}
	return 15 * time.Minute
}

// command is one way in which Postfix starts a program.
type command struct {
	where   string
	line    string // the line of the file, as it stands or as it would
	text    string // the part of it that is the command
	route   string // pipe, mailbox, alias or forward
	service *service
	shellLine
	user *account   // whose rights it has, if that is one user
	call invocation // of lastmile
}

// The routes of mail to a command.
const (
	viaPipe    = "pipe"
	viaMailbox = "mailbox_command"
	viaAlias   = "alias"
	viaForward = "forward"
)

// isLastmile reports whether the command starts lastmile.
func (c *command) isLastmile() bool { return len(c.words) > 0 && path.Base(c.words[0]) == "lastmile" }

// deliver reports whether the command is lastmile deliver, whose options can be
// judged.
func (c *command) deliver() bool { return c.isLastmile() && c.call.subcommand == "deliver" }

// replace returns the line with a part of the command replaced.
func (c *command) replace(old, new string) string {
	if c.route == viaForward || c.route == viaAlias {
		old, new = quoteInner(old), quoteInner(new)
	}
	// The name of a service or an alias may be the program's, too.
	start := max(0, strings.Index(c.line, map[string]string{viaPipe: "argv=", viaAlias: "|", viaForward: "|", viaMailbox: "="}[c.route]))
	return c.line[:start] + strings.Replace(c.line[start:], old, new, 1)
}

// quoteInner writes a text as it stands between the quotes of aliases(5).
func quoteInner(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
}

// with returns the line with another command.
func (c *command) with(text string) string { return c.replace(c.text, text) }

// stamped reports whether Postfix itself checks Delivered-To and writes it on
// top of what this command gets: pipe(8) with flags=D; local(8) as
// prepend_delivered_header says, "command" for mailbox_command and for
// commands in aliases and .forward alike (Postfix local/command.c).
func (c *command) stamped(h *host) bool {
	if c.service != nil {
		return c.service.flag("D")
	}
	return oneOf(h.main.get("prepend_delivered_header"), "command")
}
