package main

import (
	"fmt"
	"io"
	"slices"
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
		"log":        {"syslog", "stderr", "none"}, // or a file
		"dsn":        {"sendmail"},                 // or a file
		"recipe":     doctor.Recipes(),
	}
}

// shells are the shells that there is completion for.
var shells = []string{"bash", "zsh", "fish"}

// completedCommand is a command, as a shell wants it.
type completedCommand struct {
	name, usage string
	options     []described
	words       []string // for its operand, where there are a few
	files       bool     // its operands are paths
	recipient   bool     // its operand is an address
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
		made := completedCommand{name: c.Name, usage: c.Usage, options: describe(c.Flags), recipient: strings.Contains(c.ArgsUsage, "RECIPIENT")}
		switch c.Name {
		case "help":
			made.words = names
		case "completion":
			made.words = shells
		case "key", "procmail", "formail", "lockfile":
			made.files = true
		}
		if c.Name == "procmail" {
			made.options = slices.DeleteFunc(procmailOptions(), func(o described) bool { return o.names[0][0] != '-' })
		}
		all = append(all, made)
	}
	return all
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
			does := "return"
			if len(o.words) > 0 || o.files {
				does = bashOffers(o.words, o.files)
			}
			fmt.Fprintf(&values, "\t%s,%s) %s ;;\n", c.name, strings.Join(o.names, "|"+c.name+","), does)
		}
		if all = append(all, c.words...); len(all) > 0 || c.files {
			fmt.Fprintf(&options, "\t\t%s) %s ;;\n", c.name, bashOffers(all, c.files))
		}
	}
	_, err := fmt.Fprintf(w, bashScript, strings.Join(names, " "), values.String(), options.String())
	return err
}

// bashOffers sets the variables of the script.
func bashOffers(words []string, files bool) string {
	var set []string
	if len(words) > 0 {
		set = append(set, "words="+single(strings.Join(words, " ")))
	}
	if files {
		set = append(set, "files=yes")
	}
	return strings.Join(set, " ")
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
	if [[ $files && $words == -* && $current != -* ]]; then
		words= # options only when they are begun, where files are meant as well
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	if [[ $files ]]; then
		compopt -o filenames
		mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$current")
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
			case len(o.words) > 0 && o.files:
				spec += ":" + o.value + ": _lastmile_or_file " + strings.Join(o.words, " ")
			case len(o.words) > 0:
				spec += ":" + o.value + ":(" + strings.Join(o.words, " ") + ")"
			case o.files:
				spec += ":" + o.value + ":_files"
			case o.value != "":
				spec += ":" + o.value + ": "
			}
			for _, name := range o.names {
				others := ""
				switch {
				case o.again:
					others = "*"
				case len(o.names) > 1:
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
		case c.recipient:
			specs = append(specs, single("1:recipient: "))
		case len(specs) == 0:
			continue
		}
		fmt.Fprintf(&cases, "\t%s) _arguments -S %s ;;\n", c.name, strings.Join(specs, " \\\n\t\t"))
	}
	_, err := fmt.Fprintf(w, zshScript, names.String(), cases.String())
	return err
}

const zshScript = `#compdef lastmile
# zsh completion for lastmile; made by: lastmile completion zsh
_lastmile_or_file() {
	_alternative "words:word:($*)" 'files:file:_files'
}
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
	b.WriteString(fishScript)
	for _, c := range commands {
		fmt.Fprintf(&b, "complete -c lastmile -n __fish_use_subcommand -a %s -d %s\n", c.name, single(c.usage))
		of := "complete -c lastmile -n " + single("__lastmile_runs "+c.name)
		for _, o := range c.options {
			line := of
			for _, name := range o.names {
				if long, ok := strings.CutPrefix(name, "--"); ok {
					line += " -l " + long
				} else {
					line += " -s " + name[1:]
				}
			}
			if len(o.words) > 0 {
				line += " -a " + single(strings.Join(o.words, " "))
			}
			switch {
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

const fishScript = `# fish completion for lastmile; made by: lastmile completion fish
function __lastmile_runs
	set -l words (commandline -opc)
	test "$words[2]" = $argv[1]
end
complete -c lastmile -f
`

// single quotes a word for all three shells.
func single(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
