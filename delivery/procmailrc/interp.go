package procmailrc

import (
	"sync/atomic"
	"time"
)

// Defaults of the special variables (procmailrc(5)).
const (
	defaultLineBuf     = 2048
	minLineBuf         = 128
	defaultLockSleep   = 8
	defaultLockTimeout = 1024
	defaultSuspend     = 16
	defaultNoResRetry  = 4
	defaultTimeout     = 960
	defaultShellMetas  = "&|<>~;?*["
	defaultLockExt     = ".lock"
	defaultMsgPrefix   = "msg."
	defaultShellFlags  = "-c"
	defaultSendmail    = "/usr/sbin/sendmail"
	defaultFlags       = "-oi"
)

// interp runs rcfiles over one message.
type interp struct {
	host  Host
	mail  *Mail
	umask uint32
	vars  *vars
	args  []string // $1 …
	name  string   // $0

	src    source
	blocks []chain // those of the blocks that are open
	depth  int     // how many of them the current rcfile may not close
	chain  chain

	settings
	rules   rules
	control *Control

	pending    string // of the log: a line that has not ended
	logOpened  bool
	lastLogged time.Time
	lastStatus int // $?
	lastScore  int // $=
	folderLock string
	globalLock string
	chdirDone  bool
	hostGone   bool // HOST did not match
	clone      bool
	claimed    bool // DELIVERED was set
	exitSet    bool // EXITCODE was set
	chosen     bool // the exit status was
	failure    int  // the exit status of a message that is not delivered
	comsat     comsat
	trace      Trace
	walking    bool // every recipe is taken, nothing is done (Walk)
	walked     *walker

	systemMailbox string

	fallback func(mail, from []byte, final bool) error
	literal  func(name, value string) bool
	err      error // of Ending
}

// Control is what may be changed and looked at from outside while rcfiles run.
type Control struct {
	verbose atomic.Bool
	written atomic.Int64 // bytes of the last delivery, for the abstract
	alarm   atomic.Pointer[func()]
	bounced atomic.Bool
	from    atomic.Pointer[string] // the From_ line, with its newline, for the abstract
	// switches counts SWITCHRC, also that of copies of the message.
	switches atomic.Int64
	// includes and clones count INCLUDERC, and copies of the message.
	includes, clones atomic.Int64
}

func (c *Control) switched() int64 { return c.switches.Add(1) }

// Bounce makes the log say that a message whose delivery is given up bounces.
func (c *Control) Bounce() { c.bounced.Store(true) }

// Alarm ends the program that is waited for, as at the end of its time; procmail
// does so at SIGALRM.
func (c *Control) Alarm() {
	if f := c.alarm.Load(); f != nil && *f != nil {
		(*f)()
	}
}

// OnAlarm says what Alarm does, nil for nothing: the Host's to say, while a program
// runs.
func (c *Control) OnAlarm(f func()) { c.alarm.Store(&f) }

// SetVerbose turns VERBOSE on or off, as the signals SIGUSR2 and SIGUSR1 do.
func (c *Control) SetVerbose(on bool) { c.verbose.Store(on) }

// verbose reports whether VERBOSE is on.
func (in *interp) verbose() bool { return in.control.verbose.Load() }

// wrote notes how many bytes went, or are going, to a folder or program.
func (in *interp) wrote(n int64) { in.control.written.Store(n) }

// chain is what the flags A, a, E and e look back on: the outcome of the
// conditions of earlier recipes on this level. Whether the last action succeeded
// is known beside it, across levels.
type chain struct {
	last bool // of the last recipe without A or a
	prev bool // of the last recipe that could be an else of
}

// rules are where we do otherwise than procmail, as long as nobody wants it to
// the letter.
type rules struct {
	// strict is set by PROCMAIL_STRICT.
	strict bool
	// sender, if hasSender is set, is what "!" gives to sendmail as the envelope
	// sender.
	sender    string
	hasSender bool
}

// settings are the special variables that are read more often than set.
type settings struct {
	lineBuf                                   int
	lockSleep, lockTimeout, suspend, resRetry int // LOCKSLEEP, LOCKTIMEOUT, SUSPEND: seconds; NORESRETRY
	timeout                                   int // seconds
	logAbstract                               int
	shellMetas, lockExt, msgPrefix, trap      string
	shellFlags, defaultFolder                 string
	sendmail, sendmailFlags                   string
}

func newSettings() settings {
	return settings{
		lineBuf:   defaultLineBuf,
		lockSleep: defaultLockSleep, lockTimeout: defaultLockTimeout, suspend: defaultSuspend, resRetry: defaultNoResRetry,
		timeout: defaultTimeout, logAbstract: -1,
		shellMetas: defaultShellMetas, lockExt: defaultLockExt, msgPrefix: defaultMsgPrefix, shellFlags: defaultShellFlags,
		sendmail: defaultSendmail, sendmailFlags: defaultFlags,
	}
}

// outcome is how an rcfile ended.
type outcome int

const (
	ended        outcome = iota // at its end, undelivered
	delivered                   // by a recipe
	hostMismatch                // HOST sent us away
	unusable                    // there was nothing to run, or nowhere to run it
)

// run reads rcfiles until all of them have ended, or the message is delivered.
// lastSucceeded is what the flags a and e ask for: whether the last action did.
func (in *interp) run(lastSucceeded bool) outcome {
	skip := 0 // counts the blocks that are passed over
	for {
		in.unlock(&in.folderLock)
		if in.host.Ended() {
			return ended
		}
		in.skipComments()
		switch {
		case in.src.take(':'):
			switch in.recipe(&skip, &lastSucceeded) {
			case recipeDelivered:
				return delivered
			case recipeOverflow:
				return ended
			}
		case in.src.take('}'):
			in.closeBlock(&skip)
		default:
			if in.assignment(skip > 0) {
				return ended // a name as long as LINEBUF
			}
		}
		if in.hostGone {
			return hostMismatch
		}
		if in.src.open() && in.src.peek() == eof {
			skip = 0
			if !in.endFile() {
				return ended
			}
		}
	}
}

// skipComments passes over blanks, empty lines and comments.
func (in *interp) skipComments() {
	for {
		in.src.skipBlanks()
		for in.src.take('\n') {
			in.src.skipBlanks()
		}
		if !in.src.take('#') {
			return
		}
		in.src.skipLine()
	}
}

// closeBlock ends a block.
func (in *interp) closeBlock(skip *int) {
	switch {
	case *skip > 0:
		*skip--
		in.traceClose()
	case len(in.blocks) > in.depth:
		in.chain = in.blocks[len(in.blocks)-1]
		in.blocks = in.blocks[:len(in.blocks)-1]
		in.traceClose()
	default:
		in.log("Closing brace unexpected\n")
	}
}

// endFile goes back to the rcfile that included this one, and reports whether
// there is any. Blocks left open are closed.
func (in *interp) endFile() bool {
	if len(in.blocks) > in.depth {
		in.blocks = in.blocks[:in.depth]
		in.log("Missing closing brace\n")
	}
	in.depth = in.src.top().depth
	return in.src.pop()
}

// assignment reads NAME=value, or a name alone, which removes the variable. It
// reports true if it is not possible to go on.
func (in *interp) assignment(skip bool) (giveUp bool) {
	from := in.offset()
	name, ok, overflow := in.src.name(in.lineBuf)
	if overflow {
		in.overflow()
		return true
	}
	if !ok {
		if name == "" {
			name = in.src.line()
		}
		in.skipped(name)
		return false
	}
	in.src.skipBlanks()
	if !in.src.take('=') {
		in.traceAssignment(from, from, AssignmentLine{Name: name, Unset: true, Skipped: skip})
		if !skip {
			in.unset(name)
		}
		return false
	}
	valueFrom := in.offset()
	value, ok := in.expand(&in.src, toValue, name+"=", skip) // LINEBUF counts the name, too
	if ok {
		in.traceAssignment(from, valueFrom, AssignmentLine{Name: name, Value: value.String()[len(name)+1:], Skipped: skip})
	}
	if ok && !skip {
		in.assign(name, value.String()[len(name)+1:])
	}
	return false
}

// positional returns $0 to $9.
func (in *interp) positional(n int) (string, bool) {
	switch {
	case n == 0:
		return in.name, true
	case n <= len(in.args):
		return in.args[n-1], true
	}
	return "", false
}

// rcName is the name of the rcfile that is being read.
func (in *interp) rcName() string {
	if !in.src.open() {
		return ""
	}
	return in.src.top().name
}

// overflow says that something got longer than LINEBUF.
func (in *interp) overflow() {
	in.log("Exceeded LINEBUF\n")
	in.noteOverflow()
}

// noteOverflow lets the rcfile know of it.
func (in *interp) noteOverflow() { in.set("PROCMAIL_OVERFLOW", "yes") }

// seconds makes a time of a variable.
func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
