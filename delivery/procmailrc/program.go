package procmailrc

import (
	"bytes"
	"strconv"
	"strings"
)

// command is a command line.
type command struct {
	shell string   // for a shell, as it was written, if it is for one
	words []string // else the words, as the log shows them
	args  []string // and with the positional arguments in them
	first string   // what messages call it
}

// name is what LASTFOLDER and the log call it.
func (c command) name() string {
	if c.shell != "" {
		return c.shell
	}
	return strings.Join(c.words, " ")
}

// command reads a command line. One with a byte of SHELLMETAS in it is for the
// shell; others we expand and cut into words ourselves. So is the command "test",
// which many systems have only in the shell, and what gets too long.
func (in *interp) command(text string) command {
	if strings.ContainsAny(text, in.shellMetas) {
		return command{shell: text, first: text}
	}
	e, ok := in.expand(&textIn{text: text}, toWords, "", false)
	if !ok || e.words[0] == "test" {
		return command{shell: text, first: text}
	}
	return in.words(e)
}

// words is the command of an expanded text.
func (in *interp) words(e expansion) command {
	return command{words: e.words, args: e.args(in.args), first: e.words[0]}
}

// start returns the program of a command line.
func (in *interp) start(c command, text part) *Program {
	p := &Program{
		Args: c.args, Name: c.first, Input: text, Env: in.vars.environ(),
		Timeout: seconds(in.timeout), TimedOut: func(running bool) { in.timedOut(c.first, running) },
		Retries: in.resRetry, Suspend: seconds(in.suspend),
	}
	if c.shell != "" {
		p.Shell = true
		p.Args = []string{in.vars.get("SHELL"), in.shellFlags, c.shell}
		in.tell("Executing", c.shell)
	} else {
		in.tell("Executing", strings.Join(c.args, ","))
	}
	in.flush()
	return p
}

func (in *interp) timedOut(name string, running bool) {
	what := "Timeout, was waiting for"
	if running {
		what = "Timeout, terminating"
	}
	in.logQuoted(what, name)
}

// waiting is what flags w and W say about an exit status.
type waiting int

const (
	notWaiting waiting = iota
	waitLoud           // w: a failure is logged
	waitQuiet          // W, and what we wait for unasked
)

func (in *interp) waiting(r *recipe) waiting {
	switch {
	case r.flags.has('W'):
		return waitQuiet
	case r.flags.has('w'):
		return waitLoud
	case r.locks:
		return waitQuiet // the lock is to last as long as the program
	}
	return notWaiting
}

// program runs a program over the message: a filter, a capture, or one that takes
// the message.
func (in *interp) program(a *action, c command, text part) {
	r := a.recipe
	if r.locks {
		in.lockProgram(r, c)
	}
	if r.flags.has('c') && (r.flags.has('f') || a.capturing) {
		in.extraneous("copy-flag")
	}
	switch {
	case r.flags.has('f'):
		a.succeeded = in.filter(r, c, text)
	case a.capturing:
		a.succeeded = in.capture(r, c, text, a.capture)
	default:
		a.delivers = true
		a.succeeded = in.pipeTo(r, c, text)
	}
}

// lockProgram makes the local lockfile of a program: without a name, that of the
// file which it appends to with ">>".
func (in *interp) lockProgram(r *recipe, c command) {
	on := ""
	if !r.hasLockFile {
		if _, file, ok := strings.Cut(c.name(), ">>"); ok {
			file = skipSpace(file)
			if end := strings.IndexAny(file, " \t\n#`'\");"); end >= 0 {
				file = file[:end]
			}
			on = file
			if c.shell != "" {
				if e, ok := in.expand(&textIn{text: file}, toWords, "", false); ok {
					on = e.words[0]
				} else {
					on = ""
				}
			}
		}
		if on == "" {
			in.logQuoted("Couldn't determine implicit lockfile from", c.first)
		}
	}
	in.lockFor(r, on)
}

// failed logs the exit status of a program that was waited for and failed, if
// somebody wants to know.
func (in *interp) failed(c command, status int, w waiting) {
	n := strconv.Itoa(status)
	if w == waitLoud {
		in.logQuoted("Program failure ("+n+") of", c.first)
	} else if in.verbose() {
		in.logQuoted("Non-zero exitcode ("+n+") from", c.first)
	}
}

// pipeTo gives the message to a program.
func (in *interp) pipeTo(r *recipe, c command, text part) bool {
	w := in.waiting(r)
	p := in.start(c, text)
	p.Wait = w != notWaiting
	p.Delivers = true
	p.Final = !r.flags.has('c') && !in.clone
	p.IgnoreWriteErrors = r.flags.has('i')
	result := in.give(p)
	ok := true
	if result.Unread && !r.flags.has('i') {
		in.logQuoted("Error while writing to", c.first)
		ok = false
	}
	switch {
	case p.Wait:
		if in.lastStatus = result.Status; result.Status != 0 {
			in.failed(c, result.Status, w)
			ok = false
		}
	case result.Missing && !in.rules.strict:
		// procmail would not have noticed, and the message be gone.
		in.failed(c, result.Status, waitLoud)
		ok = false
	}
	in.setLastFolder(c.name())
	in.traceDelivered(Delivered{Words: []string{c.name()}, Program: true, Copy: r.flags.has('c'), OK: ok})
	return ok
}

// give runs a program and notes how much it was given. Of one that does not read
// it all procmail counts what was there for it, without a newline of its own.
func (in *interp) give(p *Program) Result {
	in.wrote(p.Input.Len())
	r := in.host.Run(p)
	if text, ok := p.Input.(part); ok && r.Unread {
		text.close = false
		in.wrote(text.Len())
	}
	return r
}

// test runs the program of a condition over what is searched.
func (in *interp) test(c command, text Text) (status int) {
	p := in.start(c, part{})
	p.Input, p.Wait, p.IgnoreWriteErrors = text, true, true
	result := in.give(p)
	if in.lastStatus = result.Status; result.Status != 0 {
		in.failed(c, result.Status, waitQuiet)
	}
	return result.Status
}

// filter replaces a part of the message by what a program makes of it. With flag
// w or W a program that fails has changed nothing.
func (in *interp) filter(r *recipe, c command, text part) bool {
	output, ok := in.filtered(r, c, text, true, "")
	if !ok {
		return false
	}
	switch {
	case text.from == 0 && text.to != in.mail.len():
		in.mail.replaceHeader(output)
	default:
		in.mail.replaceFrom(text.from, output)
	}
	in.noteFrom()
	return true
}

// capture puts what a program prints into a variable.
func (in *interp) capture(r *recipe, c command, text part, name string) bool {
	_, rescue := in.vars.lookup(name)
	output, ok := in.filtered(r, c, text, rescue, name)
	if !ok {
		return false
	}
	if name != "" {
		value := strings.TrimSuffix(string(output), "\n")
		if end := strings.IndexByte(value, 0); end >= 0 {
			value = value[:end]
		}
		in.vars.set(name, value)
		in.traceSet(name, value)
		in.act(name, value)
	}
	return true
}

// filtered runs a program over a part of the message and returns what it prints.
// Rescue is set if there is something that a failure leaves as it was; variable is
// what the output is for, if it is for one.
func (in *interp) filtered(r *recipe, c command, text part, rescue bool, variable string) (output []byte, ok bool) {
	w := in.waiting(r)
	p := in.start(c, text)
	p.Output, p.Wait = Capture, w != notWaiting
	p.IgnoreWriteErrors = r.flags.has('i')
	if variable != "" {
		in.tell("Assigning", variable+"=")
		in.flush()
	}
	result := in.host.Run(p)
	if result.NotRun && r.flags.has('f') {
		return bytes.Clone(in.mail.data[text.from:text.to]), true
	}
	loud := w != waitQuiet || in.verbose()
	switch {
	case result.TimedOut:
		result.Status = exitUnavailable
	case result.Excess:
		in.logQuoted("Excessive output quenched from", c.first)
		loud = true
	case result.Unread && !r.flags.has('i'):
		in.logQuoted("Error while writing to", c.first)
		loud = true
	case p.Wait && result.Status != 0:
		in.failed(c, result.Status, w)
	case result.Missing && !in.rules.strict:
		in.failed(c, result.Status, waitLoud)
	default:
		if p.Wait {
			in.lastStatus = 0
		}
		return result.Output, true
	}
	if in.lastStatus = result.Status & 0xff; loud && rescue { // as the exit status of a process between
		in.log("Rescue of unfiltered data succeeded\n")
	}
	return nil, false
}

// backquote runs the command between backquotes over the whole message and
// returns what it prints, without the newlines at its end. Over room bytes it is
// cut.
func (in *interp) backquote(text string, room int) string {
	c := in.command(text)
	in.mail.fold(false)
	p := in.start(c, part{m: in.mail, to: in.mail.len(), close: true})
	p.Output, p.Wait, p.Limit, p.IgnoreWriteErrors = Capture, true, max(0, room-3), true
	result := in.host.Run(p)
	if in.lastStatus = result.Status & 0xff; result.TimedOut {
		in.lastStatus = exitUnavailable
	}
	output := string(result.Output)
	if result.Excess {
		in.logQuoted("Excessive output quenched from", c.name())
		in.noteOverflow()
	} else {
		output = strings.TrimRight(output, "\n")
	}
	if end := strings.IndexByte(output, 0); end >= 0 {
		output = output[:end]
	}
	return output
}
