package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// described is one option of a command, as help and shells want it.
type described struct {
	names  []string // with their dashes, the shortest first
	value  string   // the placeholder, or nothing if it takes no value
	usage  string   // without the quotes that mark the placeholder
	preset string   // its default, as it would be given
	words  []string // its values, where there are a few
	files  bool     // the value is, or may be, a path
	again  bool     // it may be given several times
}

// describe reads the library's flags.
func describe(flags []cli.Flag) (options []described) {
	for _, f := range flags {
		o := described{usage: f.(cli.DocGenerationFlag).GetUsage(), preset: presetOf(f), words: choices()[f.Names()[0]]}
		for _, name := range f.Names() {
			if len(name) == 1 {
				o.names = append([]string{"-" + name}, o.names...)
			} else {
				o.names = append(o.names, "--"+name)
			}
		}
		if parts := strings.Split(o.usage, "`"); len(parts) == 3 { // the word for the value is between
			o.value, o.usage = parts[1], strings.Join(parts, "")
		}
		if _, o.again = f.(*cli.StringSliceFlag); o.again {
			o.usage += "; may be repeated"
		}
		o.files = slices.Contains([]string{"FILE", "DIR", "TEMPLATE", "TARGET"}, o.value)
		options = append(options, o)
	}
	return options
}

// presetOf returns the default of an option.
func presetOf(f cli.Flag) string {
	switch f := f.(type) {
	case *cli.StringFlag:
		return f.Value
	case *cli.IntFlag:
		return fmt.Sprint(f.Value)
	case *cli.DurationFlag:
		return shortly(f.Value)
	}
	return ""
}

// shortly writes a time without the units of which there are none.
func shortly(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// procmailOptions describes the arguments of procmail, which has its own parser.
func procmailOptions() []described {
	return []described{
		{names: []string{"-a"}, value: "ARGUMENT", usage: "set $1; again, $2 and so on", again: true},
		{names: []string{"-d"}, value: "RECIPIENT...", usage: "deliver to local users, as those users"},
		{names: []string{"-f", "-r"}, value: "SENDER", usage: "the envelope sender, for the From_ line; - renews its date"},
		{names: []string{"-h"}, usage: "print the usage, and exit 64, as -? does"},
		{names: []string{"-m"}, usage: "run one rcfile as a general filter, with arguments $1 ..."},
		{names: []string{"-o"}, usage: "no effect"},
		{names: []string{"-p"}, usage: "keep the environment, and do not run /etc/procmailrc"},
		{names: []string{"-t"}, usage: "no effect but with PROCMAIL_STRICT: failures are tried again"},
		{names: []string{"-v"}, usage: "print the version"},
		{names: []string{"-Y", "-y"}, usage: "do not believe Content-Length"},
		{names: []string{"NAME=VALUE"}, usage: "set a variable before the rcfile"},
		{names: []string{"RCFILE"}, usage: "run this, not /etc/procmailrc and ~/.procmailrc"},
		{names: []string{"--lint"}, usage: "say what is wrong in an rcfile, and deliver nothing"},
		{names: []string{"--explain"}, usage: "say what an rcfile does with a message, and deliver nothing"},
		{names: []string{"--json"}, usage: "with these two: print a JSON object"},
		{names: []string{"--ascii"}, usage: "with --explain: draw with ASCII characters only"},
		{names: []string{"--run-programs"}, usage: "with --explain: run programs whose outcome decides"},
	}
}

// optionHelp lists options in two columns, as wide as a terminal that nobody has
// widened; the library does not break its lines.
func optionHelp(options []described) string {
	if len(options) == 0 {
		return ""
	}
	left, most := make([]string, len(options)), 0
	for i, o := range options {
		left[i] = strings.TrimRight(strings.Join(o.names, ", ")+" "+o.value, " ")
		most = max(most, len(left[i]))
	}
	lines := []string{"options:"}
	for i, o := range options {
		if o.preset != "" {
			o.usage += " (default: " + o.preset + ")"
		}
		lines = append(lines, wrap(fmt.Sprintf("   %-*s  %s", most, left[i], o.usage), strings.Repeat(" ", most+5))...)
	}
	return strings.Join(lines, "\n")
}
