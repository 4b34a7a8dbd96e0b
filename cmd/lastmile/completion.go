package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/cmd/lastmile/internal/doctor"
	"lastmile/delivery/dsn"
)

// Completion is made of the tables that the options are read by, so that it
// cannot lag behind. What comes out is a script that needs no lastmile to run:
// a shell completes also where the binary is another host's.

// choices are the values of the options that have a few.
func choices() map[string][]string {
	return map[string][]string{
		"stamped-by": {"auto", "mta", "none"},
		"match":      {"postfix", "mailbox"},
		"trust":      {"any", "own"},
		"confine":    {"shared", "always", "never"},
		"on-loop":    {"bounce", "defer", "deliver", "quarantine"},
		"ret":        {"full", "hdrs"},
		"log-format": {"text", "json"},
		"recipe":     doctor.Recipes(),
	}
}

// shells are the shells that there is completion for.
var shells = []string{"bash", "zsh", "fish"}

// completed is one option of a command, as a shell wants it.
type completed struct {
	names []string // with their dashes
	usage string   // without the quotes that mark the placeholder
	value string   // the placeholder, or nothing if it takes no value
	words []string // its values, where there are a few
	files bool     // the value is a path
}

// completedCommand is a command, as a shell wants it.
type completedCommand struct {
	name, usage string
	options     []completed
	words       []string // for its operand, where there are a few
	files       bool     // its operands are paths
}

// completionCommand is lastmile completion.
func (p *program) completionCommand() *cli.Command {
	return p.command("completion", "print the completion script of a shell", strings.Join(shells, " | "), p.completion)
}

// completion prints the script.
func (p *program) completion(c *cli.Context) error {
	if err := p.NotUnderPostfix("lastmile completion"); err != nil {
		return err
	}
	write, ok := map[string]func(io.Writer, []completedCommand) error{"bash": writeBash, "zsh": writeZsh, "fish": writeFish}[c.Args().First()]
	if !ok || c.NArg() != 1 {
		return dsn.Config("one of " + strings.Join(shells, ", ") + " wanted" + agent.SeeHelp(commandOf(c)))
	}
	if err := write(p.Stdout, p.completedCommands()); err != nil {
		return &dsn.Error{Status: dsn.TempSystem, Text: "cannot write the completion", Err: err}
	}
	return nil
}

// completedCommands collects what there is to complete.
func (p *program) completedCommands() (all []completedCommand) {
	var names []string
	for _, c := range p.app().Commands {
		names = append(names, c.Name)
	}
	for _, c := range p.app().Commands {
		made := completedCommand{name: c.Name, usage: c.Usage}
		switch c.Name {
		case "help":
			made.words = names
		case "completion":
			made.words = shells
		case "key", "procmail", "formail", "lockfile":
			made.files = true
		}
		for _, f := range c.Flags {
			made.options = append(made.options, completedFlag(f))
		}
		all = append(all, made)
	}
	return all
}

// completedFlag reads one of the library's flags.
func completedFlag(f cli.Flag) (o completed) {
	for _, name := range f.Names() {
		if len(name) == 1 {
			o.names = append(o.names, "-"+name)
		} else {
			o.names = append(o.names, "--"+name)
		}
	}
	o.usage = f.(cli.DocGenerationFlag).GetUsage()
	if parts := strings.Split(o.usage, "`"); len(parts) == 3 { // the word for the value is between
		o.value, o.usage = parts[1], strings.Join(parts, "")
	}
	o.words = choices()[f.Names()[0]]
	switch o.value {
	case "FILE", "DIR", "TEMPLATE", "TARGET":
		o.files = true
	}
	return o
}

// writeBash writes for bash(1).
func writeBash(w io.Writer, commands []completedCommand) error {
	var names []string
	var values, options strings.Builder
	for _, c := range commands {
		names = append(names, c.name)
		var all []string
		for _, o := range c.options {
			all = append(all, o.names...)
			if o.value == "" {
				continue
			}
			does := "return ;;"
			switch {
			case len(o.words) > 0:
				does = "words='" + strings.Join(o.words, " ") + "' ;;"
			case o.files:
				does = "files=yes ;;"
			}
			fmt.Fprintf(&values, "\t%s,%s) %s\n", c.name, strings.Join(o.names, "|"+c.name+","), does)
		}
		all = append(all, c.words...)
		switch {
		case c.files:
			fmt.Fprintf(&options, "\t\t%s) files=yes ;;\n", c.name)
		case len(all) > 0:
			fmt.Fprintf(&options, "\t\t%s) words='%s' ;;\n", c.name, strings.Join(all, " "))
		}
	}
	_, err := fmt.Fprintf(w, bashScript, strings.Join(names, " "), values.String(), options.String())
	return err
}

const bashScript = `# bash completion for lastmile; made by: lastmile completion bash
_lastmile() {
	local current=$2 previous=$3 words= files= i
	COMPREPLY=()
	[[ $previous == [\<\>]* ]] && return # a file name, by bash itself
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W '%s' -- "$current")
		return
	fi
	for ((i = 2; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] && return # an address follows
	done
	# bash makes three words of --name=value.
	if [[ $current == = ]]; then
		current=
	elif [[ $previous == = ]]; then
		previous=${COMP_WORDS[COMP_CWORD-2]}
	fi
	case ${COMP_WORDS[1]},$previous in
%s	*)
		case ${COMP_WORDS[1]} in
%s		esac
		;;
	esac
	if [[ $files ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
	else
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	fi
}
complete -o bashdefault -o default -F _lastmile lastmile
`

// writeZsh writes for zshcompsys(1).
func writeZsh(w io.Writer, commands []completedCommand) error {
	var names, cases strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&names, "\t\t%s\n", single(c.name+":"+c.usage))
		var specs []string
		for _, o := range c.options {
			spec := "[" + zshText(o.usage) + "]"
			switch {
			case len(o.words) > 0:
				spec += ":" + o.value + ":(" + strings.Join(o.words, " ") + ")"
			case o.files:
				spec += ":" + o.value + ":_files"
			case o.value != "":
				spec += ":" + o.value + ": "
			}
			for _, name := range o.names {
				others := ""
				if len(o.names) > 1 {
					others = "(" + strings.Join(o.names, " ") + ")"
				}
				if o.value != "" && strings.HasPrefix(name, "--") {
					name += "="
				}
				specs = append(specs, single(others+name+spec))
			}
		}
		switch {
		case len(c.words) > 0:
			specs = append(specs, single("1:word:("+strings.Join(c.words, " ")+")"))
		case c.files:
			specs = append(specs, single("*:file:_files"))
		case len(specs) > 0:
			specs = append(specs, single("1:recipient: "))
		default:
			continue
		}
		fmt.Fprintf(&cases, "\t%s) _arguments -S %s ;;\n", c.name, strings.Join(specs, " \\\n\t\t"))
	}
	_, err := fmt.Fprintf(w, zshScript, names.String(), cases.String())
	return err
}

const zshScript = `#compdef lastmile
# zsh completion for lastmile; made by: lastmile completion zsh
_lastmile() {
	local -a commands
	commands=(
%s	)
	if ((CURRENT == 2)); then
		_describe command commands
		return
	fi
	shift words
	((CURRENT--))
	case $words[1] in
%s	esac
}
if [[ $funcstack[1] == _lastmile ]]; then
	_lastmile "$@"
else
	compdef _lastmile lastmile
fi
`

// zshText quotes what means something in a description of _arguments.
func zshText(s string) string {
	return strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`).Replace(s)
}

// writeFish writes for fish(1).
func writeFish(w io.Writer, commands []completedCommand) error {
	var b strings.Builder
	b.WriteString("# fish completion for lastmile; made by: lastmile completion fish\ncomplete -c lastmile -f\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "complete -c lastmile -n __fish_use_subcommand -a %s -d %s\n", c.name, single(c.usage))
		of := "complete -c lastmile -n " + single("__fish_seen_subcommand_from "+c.name)
		for _, o := range c.options {
			line := of
			for _, name := range o.names {
				if long, ok := strings.CutPrefix(name, "--"); ok {
					line += " -l " + long
				} else {
					line += " -s " + name[1:]
				}
			}
			switch {
			case len(o.words) > 0:
				line += " -x -a " + single(strings.Join(o.words, " "))
			case o.files:
				line += " -r -F"
			case o.value != "":
				line += " -x"
			}
			fmt.Fprintf(&b, "%s -d %s\n", line, single(o.usage))
		}
		switch {
		case len(c.words) > 0:
			fmt.Fprintf(&b, "%s -a %s\n", of, single(strings.Join(c.words, " ")))
		case c.files:
			fmt.Fprintf(&b, "%s -F\n", of)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// single quotes a word for all three shells.
func single(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
