package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// kind says what the value of an option is.
type kind int

const (
	wantsText    kind = iota
	wantsNothing      // set by being there; --name=false takes it back
	wantsNumber       // an int
	wantsTime         // a time.Duration
)

// option is one option of a command. The tables of them are the one place where
// options are defined. cli/v2 gets its flags from there ([flags]), for help and
// for reading the arguments of all commands but one: those of deliver are read
// by [parse], since cli/v2 takes longer to set itself up than a message takes to
// be delivered. A test holds the two to the same.
type option struct {
	name  string
	short string // one letter, or empty
	kind  kind
	text  string // the default of a text
	n     int64  // the default of a number, or of a span in ns
	usage string
}

// value is what was given for an option, or its default.
type value struct {
	long, short bool // given by its name, by its letter
	text        string
	n           int64 // 1 for yes
}

// arguments are the arguments of one command.
type arguments struct {
	command  string
	options  []option
	values   []value // of the options
	operands []string
}

// noArguments are those of a command before any are read.
func noArguments(command string, options []option) *arguments {
	a := &arguments{command: command, options: options, values: make([]value, len(options))}
	for i := range options {
		a.values[i] = value{text: options[i].text, n: options[i].n}
	}
	return a
}

// of returns the value of an option.
func (a *arguments) of(name string) value {
	if i, _ := find(a.options, name); i >= 0 {
		return a.values[i]
	}
	return value{}
}

// isSet reports whether an option was given.
func (a *arguments) isSet(name string) bool {
	v := a.of(name)
	return v.long || v.short
}

func (a *arguments) text(name string) string        { return a.of(name).text }
func (a *arguments) yes(name string) bool           { return a.of(name).n != 0 }
func (a *arguments) number(name string) int         { return int(a.of(name).n) }
func (a *arguments) span(name string) time.Duration { return time.Duration(a.of(name).n) }

// first returns the first operand, or nothing.
func (a *arguments) first() string {
	if len(a.operands) == 0 {
		return ""
	}
	return a.operands[0]
}

// find returns the place of an option in a table, or -1, and whether the name is
// the letter.
func find(options []option, name string) (i int, letter bool) {
	for i := range options {
		switch name {
		case options[i].name:
			return i, false
		case options[i].short:
			return i, true // no name is empty, so an option without a letter is not meant
		}
	}
	return -1, false
}

// parse reads the arguments of a command as cli/v2 and package flag do: an option
// begins with one dash or two, its value may follow a "=", and the first
// argument that is none, or "--", ends them. The errors have no status yet.
func parse(command string, options []option, argv []string) (*arguments, error) {
	a := noArguments(command, options)
	for len(argv) > 0 && len(argv[0]) > 1 && argv[0][0] == '-' {
		arg := argv[0]
		if arg == "--" {
			argv = argv[1:]
			break
		}
		name := strings.TrimPrefix(arg[1:], "-")
		if name == "" || name[0] == '-' || name[0] == '=' {
			return nil, errors.New("bad flag syntax: " + arg)
		}
		name, given, inside := strings.Cut(name, "=")
		i, letter := find(options, name)
		if i < 0 {
			return nil, unknown(name)
		}
		switch argv = argv[1:]; {
		case inside:
		case options[i].kind == wantsNothing:
			given = "true"
		case len(argv) == 0:
			return nil, errors.New("flag needs an argument: -" + name)
		default:
			given, argv = argv[0], argv[1:]
		}
		if err := a.values[i].read(options[i].kind, name, given); err != nil {
			return nil, err
		}
		if letter {
			a.values[i].short = true
		} else {
			a.values[i].long = true
		}
	}
	for i := range a.values {
		if a.values[i].short && a.values[i].long {
			return nil, errors.New("Cannot use two forms of the same flag: " + options[i].short + " " + options[i].name)
		}
	}
	a.operands = argv
	return a, nil
}

// unknown refuses an option that there is not.
func unknown(name string) error {
	if name == "help" || name == "h" {
		return errors.New("flag: help requested")
	}
	return errors.New("flag provided but not defined: -" + name)
}

// read takes the text given for an option, which name is how it was called. The
// words of its errors are those of package flag.
func (v *value) read(k kind, name, given string) error {
	var err error
	switch k {
	case wantsText:
		v.text = given
	case wantsNothing:
		var on bool
		if on, err = strconv.ParseBool(given); err != nil {
			return fmt.Errorf("invalid boolean value %q for -%s: parse error", given, name)
		}
		if v.n = 0; on {
			v.n = 1
		}
	case wantsNumber:
		v.n, err = strconv.ParseInt(given, 0, strconv.IntSize)
	case wantsTime:
		var d time.Duration
		d, err = time.ParseDuration(given)
		v.n = int64(d)
	}
	switch {
	case errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("invalid value %q for flag -%s: value out of range", given, name)
	case err != nil:
		return fmt.Errorf("invalid value %q for flag -%s: parse error", given, name)
	}
	return nil
}
