package procmailrc

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// Exit statuses of procmail (sysexits.h).
const (
	exitOK      = 0
	exitNoInput = 66
	// exitUnavailable is that of the process between, if its time is up.
	exitUnavailable = 69
	exitOSErr       = 71
	exitCantCreate  = 73
	exitTempFail    = 75
)

// Mode is which of procmail's forms is run.
type Mode int

const (
	Plain   Mode = iota // rcfiles of the user who runs it
	Deliver             // -d: for a recipient, whose identity has been taken
	Filter              // -m: one rcfile, and no mailbox to fall back on
)

// Account is whose rcfiles are run.
type Account struct {
	Name, Home, Shell string
	UID, GID          int
}

// Config says what to run.
type Config struct {
	Mode Mode
	// Name is $0.
	Name string
	// Args are $1 and so on, of the option -a.
	Args []string
	// Words are the further arguments: assignments, and rcfiles.
	Words []string
	// Preserve keeps the environment (-p).
	Preserve bool
	Environ  []string
	Account  Account
	// OrgMail is the system mailbox, empty if there is none to be used.
	OrgMail string
	// SystemMailbox is its name even if it cannot be used.
	SystemMailbox string
	// Default is what DEFAULT says if it is not SystemMailbox. Fallback, if not
	// nil, is what delivers there, the message without its From_ line, as long as
	// no rcfile sets DEFAULT to something else. The message is delivered then if
	// final is set; otherwise it was a copy.
	Default  string
	Fallback func(mail, from []byte, final bool) error
	// Required is set if the rcfile must be run: without it nothing is delivered.
	Required bool
	// Vars are variables with a value that comes from outside and is taken as it
	// is.
	Vars [][2]string
	// Literal tells for an assignment of Words that its value is taken as it is,
	// too, because it may come from outside: nothing in it is expanded or run.
	Literal func(name, value string) bool
	// SystemRC is the rcfile that is run before the user's, if none is named.
	SystemRC string
	// TempFail makes a failure one to try again (-t). We do so anyway unless
	// Strict is set.
	TempFail bool
	// Strict makes us do as procmail does even where that loses mail.
	Strict bool
	// Sender, if HasSender is set, is the envelope sender, which forwarded
	// messages keep.
	Sender    string
	HasSender bool
	Trace     Trace
	// Control, if not nil, lets the outside take part.
	Control *Control
}

// Version is what PROCMAIL_VERSION says: the procmail whose language this is.
const Version = "3.23pre"

// Ending is how the rcfiles have ended.
type Ending struct {
	// Status is procmail's exit status: 0 if the message has been delivered, or
	// an rcfile wanted it gone.
	Status int
	// Chosen is set if an rcfile has chosen the status (EXITCODE, TRAP).
	Chosen bool
	// Folder is where the message went last: LASTFOLDER.
	Folder string
	// Err is why Fallback failed; or ErrRC.
	Err error
}

// ErrRC says that an rcfile that is required was not run: the log says why.
var ErrRC = errors.New("the rcfile is missing, or somebody else could have written it")

// Requeued is the abstract of a message whose delivery is given up. It may be
// asked for while the rcfiles run.
func Requeued(c *Control) string {
	from := ""
	if line := c.from.Load(); line != nil {
		from = *line
	}
	folder := "**Requeued**"
	if c.bounced.Load() {
		folder = "**Bounced**"
	}
	return "procmail: Terminating prematurely\n" + from + folderLine(folder, c.written.Load())
}

// Run runs the rcfiles over a message, and delivers it to DEFAULT if no recipe has
// delivered it.
func Run(host Host, mail *Mail, c Config) Ending {
	in := &Interp{
		host: host, mail: mail, args: c.Args, name: c.Name, umask: 0o077, settings: newSettings(), trace: c.Trace, control: c.Control,
		rules: rules{strict: c.Strict, sender: c.Sender, hasSender: c.HasSender},
	}
	if in.control == nil {
		in.control = new(Control)
	}
	in.noteFrom()
	host.Umask(in.umask)
	in.failure = exitTempFail
	if c.Strict && !c.TempFail {
		in.failure = exitCantCreate
	}
	in.preset(&c)
	status := in.finish(in.runAll(&c))
	return Ending{Status: status, Chosen: in.chosen, Folder: in.vars.get("LASTFOLDER"), Err: in.err}
}

// noteFrom notes the From_ line for [Requeued]. That of a copy is no matter: it is
// the message that is given up.
func (in *Interp) noteFrom() {
	if in.clone {
		return
	}
	from := ""
	if bytes.HasPrefix(in.mail.data, fromLine) {
		line, _, _ := bytes.Cut(in.mail.data, []byte("\n"))
		from = string(line) + "\n"
	}
	in.control.from.Store(&from)
}

// preset sets the variables that an rcfile can rely on (procmailrc(5)).
func (in *Interp) preset(c *Config) {
	in.comsat.configure("")
	environ := c.Environ
	if !c.Preserve {
		environ = nil
		for _, entry := range c.Environ {
			if strings.HasPrefix(entry, "TZ=") {
				environ = append(environ, entry)
			}
		}
	}
	in.vars = newVars(environ)
	v := in.vars
	v.set("LINEBUF", strconv.Itoa(defaultLineBuf))
	v.set("LOGNAME", c.Account.Name)
	v.set("SHELL", c.Account.Shell)
	v.set("HOME", c.Account.Home)
	v.set("ORGMAIL", c.SystemMailbox)
	if !c.Preserve || c.Mode != Filter {
		for _, preset := range [...][2]string{
			{"PROCMAIL_VERSION", Version}, {"SENDMAILFLAGS", defaultFlags}, {"SENDMAIL", defaultSendmail}, {"DEFAULT", c.SystemMailbox},
			{"SHELLFLAGS", defaultShellFlags}, {"MSGPREFIX", defaultMsgPrefix}, {"LOCKEXT", defaultLockExt}, {"SHELLMETAS", defaultShellMetas},
			{"HOST", in.host.HostName()},
		} {
			v.set(preset[0], preset[1])
		}
		for _, name := range [...]string{"LASTFOLDER", "EXITCODE", "IFS", "ENV", "PWD"} {
			v.unset(name)
		}
		v.set("PATH", c.Account.Home+"/bin:/usr/local/bin:/usr/bin:/bin")
	}
	if in.defaultFolder = c.OrgMail; c.Mode == Filter || c.OrgMail == "" {
		in.defaultFolder = ""
		v.unset("ORGMAIL")
	}
	if c.Default != "" {
		v.set("DEFAULT", c.Default)
	}
	for _, pair := range c.Vars {
		v.set(pair[0], pair[1])
	}
	in.fallback, in.literal, in.systemMailbox = c.Fallback, c.Literal, c.SystemMailbox
}

// runAll does what the arguments say.
func (in *Interp) runAll(c *Config) outcome {
	var rcfiles []string
	for i, word := range c.Words {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			rcfiles = append(rcfiles, word)
			if c.Mode == Filter {
				in.args = c.Words[i+1:]
				break
			}
			continue
		}
		in.argument(name, value)
		if in.hostGone {
			return delivered
		}
	}
	named := len(rcfiles) > 0
	if named {
		in.comsat.address = ""
		if !c.Preserve {
			in.vars.set("COMSAT", "no")
		}
	}
	switch {
	case c.Mode == Filter && !named:
		in.log("Missing rcfile\n")
		in.failure = in.otherwise(exitNoInput)
		return unusable
	case named:
		return in.runNamed(rcfiles, c)
	}
	if c.SystemRC != "" && !c.Preserve {
		if o := in.runSystem(c.SystemRC); o == delivered {
			return o
		}
	}
	return in.runDefault(c)
}

// argument does an assignment of the command line. Its value is expanded like
// that of an rcfile, but blanks do not end it.
func (in *Interp) argument(name, value string) {
	if in.literal != nil && in.literal(name, value) {
		in.assign(name, value)
		return
	}
	if e, ok := in.expand(&textIn{text: value}, toText, name+"=", false); ok {
		in.assign(name, e.String()[len(name)+1:])
	}
}

// otherwise is an exit status of procmail's that makes an MTA bounce, where the
// trouble is the admin's: it waits until it is mended.
func (in *Interp) otherwise(status int) int {
	if in.rules.strict {
		return status
	}
	return exitTempFail
}

// finish delivers to DEFAULT what is not delivered yet, and does what is left.
func (in *Interp) finish(o outcome) (status int) {
	in.flush()
	if o == ended && !in.host.Ended() && in.deliverDefault() {
		o = delivered
	}
	if in.host.Ended() {
		return exitTempFail
	}
	in.unlock(&in.folderLock)
	if status = in.failure; o == delivered || o == hostMismatch {
		status = exitOK
	}
	folder := in.vars.get("LASTFOLDER")
	switch {
	case status == exitOK:
		in.notify("")
	case in.claimed && in.rules.strict:
		folder = "**Lost**"
	case status == exitTempFail:
		folder = "**Requeued**"
	default:
		folder = "**Bounced**"
	}
	if status != exitOK {
		in.notify(folder)
	}
	in.abstract(folder)
	if in.claimed && (status == exitOK || in.rules.strict) {
		in.runTrap(status)
		status = exitOK
	} else {
		status = in.runTrap(status)
	}
	in.unlock(&in.globalLock)
	in.flush()
	return status & 0xff
}

// deliverDefault delivers to DEFAULT, and to ORGMAIL if that fails.
func (in *Interp) deliverDefault() bool {
	in.mail.fold(false)
	all := part{m: in.mail, to: in.mail.len(), close: true}
	r := &recipe{}
	first, last := in.defaultFolder, in.vars.get("ORGMAIL")
	if first == "" && in.fallback != nil {
		return in.fallBack()
	}
	try := func(name string, lock bool) bool {
		ok := in.deliver([]string{name}, all, r, lock)
		in.traceDelivered(Delivered{Words: []string{name}, Default: true, OK: ok})
		return ok
	}
	return first != "" && try(first, true) || last != "" && last != first && try(last, false)
}

// fallBack delivers to where a message goes that is left to us.
func (in *Interp) fallBack() bool {
	in.unlock(&in.folderLock)
	in.unlock(&in.globalLock)
	in.flush()
	at := in.mail.afterFrom()
	in.wrote(int64(in.mail.len() - at))
	if in.err = in.fallback(in.mail.data[at:], in.mail.data[:at], !in.clone); in.err != nil {
		return false
	}
	in.setLastFolder(in.vars.get("DEFAULT"))
	return true
}

// runTrap runs TRAP, and returns the exit status that EXITCODE or TRAP choose.
func (in *Interp) runTrap(status int) int {
	fromTrap := false
	if code, ok := in.vars.lookup("EXITCODE"); ok && in.exitSet {
		const none = -2
		n := int(int32(Number(code, none))) // procmail's is an int: too large a number is -1
		if n >= 0 {
			status, in.chosen = n, true
		}
		fromTrap = n == none
	} else if in.trap != "" {
		in.set("EXITCODE", strconv.Itoa(status))
	}
	if in.trap == "" {
		return status
	}
	in.mail.fold(false)
	p := in.start(in.command(in.trap), part{m: in.mail, to: in.mail.len(), close: true})
	p.Output, p.Wait, p.IgnoreWriteErrors = ToLog, true, true
	result := in.host.Run(p)
	byItself := result.Status > 0 && !result.Missing && !result.TimedOut // one that was ended has not chosen
	if fromTrap && (byItself || in.rules.strict && result.Status != 0) {
		status, in.chosen = result.Status, true
	}
	return status
}
