package agent

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kind says what the value of an option is.
type Kind int

const (
	WantsText    Kind = iota
	WantsNothing      // set by being there; --name=false takes it back
	WantsNumber       // an int
	WantsTime         // a time.Duration
)

// Option is one option of a command. The tables of them are the one place where
// options are defined. cli/v2 gets its flags from there, for help and for reading
// the arguments of all commands but one: those of deliver are read by [Parse],
// since cli/v2 takes longer to set itself up than a message takes to be
// delivered. A test holds the two to the same.
type Option struct {
	Name  string
	Short string // one letter, or empty
	Kind  Kind
	Text  string // the default of a text
	N     int64  // the default of a number, or of a span in ns
	Usage string
}

// Value is what was given for an option, or its default.
type Value struct {
	Long, Short bool // given by its name, by its letter
	Text        string
	N           int64 // 1 for yes
}

// Arguments are the arguments of one command.
type Arguments struct {
	Values   []Value // of the options, in the order of their table
	Operands []string

	command string
	options []Option
}

// NoArguments are those of a command before any are read.
func NoArguments(command string, options []Option) *Arguments {
	a := &Arguments{command: command, options: options, Values: make([]Value, len(options))}
	for i := range options {
		a.Values[i] = Value{Text: options[i].Text, N: options[i].N}
	}
	return a
}

// of returns the value of an option.
func (a *Arguments) of(name string) Value {
	if i, _ := find(a.options, name); i >= 0 {
		return a.Values[i]
	}
	return Value{}
}

// IsSet reports whether an option was given.
func (a *Arguments) IsSet(name string) bool {
	v := a.of(name)
	return v.Long || v.Short
}

// Text, Yes, Number and Span return the value of an option of that kind, or its
// default.
func (a *Arguments) Text(name string) string        { return a.of(name).Text }
func (a *Arguments) Yes(name string) bool           { return a.of(name).N != 0 }
func (a *Arguments) Number(name string) int         { return int(a.of(name).N) }
func (a *Arguments) Span(name string) time.Duration { return time.Duration(a.of(name).N) }

// First returns the first operand, or nothing.
func (a *Arguments) First() string {
	if len(a.Operands) == 0 {
		return ""
	}
	return a.Operands[0]
}

// find returns the place of an option in a table, or -1, and whether the name is
// the letter.
func find(options []Option, name string) (i int, letter bool) {
	for i := range options {
		switch name {
		case options[i].Name:
			return i, false
		case options[i].Short:
			return i, true // no name is empty, so an option without a letter is not meant
		}
	}
	return -1, false
}

// Parse reads the arguments of a command as cli/v2 and package flag do: an option
// begins with one dash or two, its value may follow a "=", and the first
// argument that is none, or "--", ends them. The errors have no status yet.
func Parse(command string, options []Option, argv []string) (*Arguments, error) {
	a := NoArguments(command, options)
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
		case options[i].Kind == WantsNothing:
			given = "true"
		case len(argv) == 0:
			return nil, errors.New("flag needs an argument: -" + name)
		default:
			given, argv = argv[0], argv[1:]
		}
		if err := a.Values[i].read(options[i].Kind, name, given); err != nil {
			return nil, err
		}
		if letter {
			a.Values[i].Short = true
		} else {
			a.Values[i].Long = true
		}
	}
	for i := range a.Values {
		if a.Values[i].Short && a.Values[i].Long {
			return nil, errors.New("Cannot use two forms of the same flag: " + options[i].Short + " " + options[i].Name)
		}
	}
	a.Operands = argv
	return a, nil
}

// errHelp is for --help and -h among the arguments; the words are those of package
// flag.
var errHelp = errors.New("flag: help requested")

// unknown refuses an option that there is not.
func unknown(name string) error {
	if name == "help" || name == "h" {
		return errHelp
	}
	return errors.New("flag provided but not defined: -" + name)
}

// read takes the text given for an option, which name is how it was called. The
// words of its errors are those of package flag.
func (v *Value) read(k Kind, name, given string) error {
	var err error
	switch k {
	case WantsText:
		v.Text = given
	case WantsNothing:
		var on bool
		if on, err = strconv.ParseBool(given); err != nil {
			return fmt.Errorf("invalid boolean value %q for -%s: parse error", given, name)
		}
		if v.N = 0; on {
			v.N = 1
		}
	case WantsNumber:
		v.N, err = strconv.ParseInt(given, 0, strconv.IntSize)
	case WantsTime:
		var d time.Duration
		d, err = time.ParseDuration(given)
		v.N = int64(d)
	}
	switch {
	case errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("invalid value %q for flag -%s: value out of range", given, name)
	case err != nil:
		return fmt.Errorf("invalid value %q for flag -%s: parse error", given, name)
	}
	return nil
}
