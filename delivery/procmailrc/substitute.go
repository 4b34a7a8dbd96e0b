package procmailrc

import (
	"strconv"
	"strings"
)

// dollar expands what follows a "$".
func (e *expander) dollar() (done bool) {
	if e.state == singleQuoted {
		e.put()
		return false
	}
	switch c := e.read(); {
	case c == eof:
		e.out, e.state = append(e.out, '$'), plainText
		return true
	case c == '@':
		if e.state == doubleQuoted {
			if !e.isSkipping() {
				e.all = len(e.out)
			}
			return false
		}
		e.begin()
		e.again = true // without quotes, the "$" is lost
	case c == '{':
		e.braced()
	case c == '$':
		e.insertWhole(strconv.Itoa(e.in.host.PID()))
	case c == '?':
		e.insertWhole(strconv.Itoa(e.in.lastStatus))
	case c == '#':
		e.insertWhole(strconv.Itoa(len(e.in.args)))
	case c == '=':
		e.insertWhole(strconv.Itoa(e.in.lastScore))
	case c == '_':
		e.insert(e.in.rcName())
	case c == '-':
		e.insert(e.in.vars.get("LASTFOLDER"))
	case isDigit(c):
		e.insert(e.value(string(rune(c))))
	default:
		return e.named()
	}
	return false
}

// begin says that a word has begun.
func (e *expander) begin() {
	if e.state <= betweenWords {
		e.state = plainText
	}
}

// lookup returns a variable or a positional argument; nothing while skipping.
func (e *expander) lookup(name string) (string, bool) {
	if e.isSkipping() {
		return "", false
	}
	if name != "" && isDigit(int(name[0])) {
		return e.in.positional(int(name[0] - '0'))
	}
	value, set := e.in.vars.lookup(name)
	if e.in.trace.Lookup != nil {
		e.in.trace.Lookup(name, set)
	}
	return value, set
}

func (e *expander) value(name string) string {
	v, _ := e.lookup(name)
	return v
}

// name reads a variable's name and leaves the byte behind it in e.c.
func (e *expander) name() string {
	var b strings.Builder
	for c := e.c; isNameStart(c) || isDigit(c); c = e.read() {
		b.WriteByte(byte(c))
	}
	return b.String()
}

// named expands $name and $\name; a "$" before anything else is one.
func (e *expander) named() (done bool) {
	quoted := e.c == '\\'
	if quoted {
		e.read()
	}
	if !isNameStart(e.c) {
		e.out = append(e.out, '$')
		e.begin()
		if quoted {
			return e.escaped()
		}
		e.again = true
		return false
	}
	value := e.value(e.name())
	e.again = e.c != eof
	if !quoted {
		e.insert(value)
		return false
	}
	e.out = append(e.out, '(', ')')
	e.begin()
	for i := 0; i < len(value); i++ {
		if strings.IndexByte(`(|)*?+.^$[\`, value[i]) >= 0 {
			e.out = append(e.out, '\\')
		}
		e.out = append(e.out, value[i])
	}
	e.check()
	return false
}

// braced expands ${name}, ${name-text}, ${name:-text}, ${name+text} and
// ${name:+text}. Of a text that is used the rest of the expander takes care; of
// one that is not it finds the end, and closeBrace puts the value in.
func (e *expander) braced() {
	e.read()
	name := e.name()
	if len(name) > 1 && isDigit(int(name[0])) {
		e.badSubstitution(name)
		return
	}
	value, set := e.lookup(name)
	c := e.c
	if c == ':' {
		set = value != ""
		if c = e.read(); c == '}' {
			c = ':' // no operator
		}
	}
	switch c {
	case '}':
		e.insert(value)
	case '-':
		e.alternative(!set, value)
	case '+':
		e.alternative(set, value)
	default:
		e.badSubstitution(name)
	}
}

// alternative begins the text of a braced substitution. If it is not used the
// value is put in instead, which for ${name+text} is none.
func (e *expander) alternative(used bool, value string) {
	if !used && !e.isSkipping() {
		e.unused = unused{active: true, at: len(e.out), braces: e.braces, value: value, state: e.state}
	}
	e.braces++
}

func (e *expander) badSubstitution(name string) {
	e.in.logQuoted("Bad substitution of", name)
}

// backquote runs the command between backquotes and puts in what it prints. A
// command that lost its closing quote to a double quote ends there, too.
func (e *expander) backquote() {
	if e.state == singleQuoted {
		e.put()
		return
	}
	from := len(e.out)
	command := e.command()
	e.out = e.out[:from]
	output := ""
	if !e.isSkipping() {
		output = e.in.backquote(command, e.limit-from)
	}
	if e.state != doubleQuoted {
		e.insert(output)
		return
	}
	if e.c == '"' {
		e.state = plainText
	}
	e.out = append(e.out, output...)
	e.check()
}

// command reads up to the closing backquote.
func (e *expander) command() string {
	from := len(e.out)
	for {
		switch c := e.read(); c {
		case eof, '`':
			return string(e.out[from:])
		case '"':
			if e.state == doubleQuoted {
				return string(e.out[from:])
			}
		case '\\':
			switch c := e.read(); {
			case c == eof:
				e.in.log("Unexpected EOL\n")
				return string(e.out[from:])
			case c == '\n':
				continue
			case c == '"' && e.state == doubleQuoted, c == '\\', c == '$', c == '`':
			default:
				e.out = append(e.out, '\\')
			}
		}
		e.check()
		e.out = append(e.out, byte(e.c))
	}
}
