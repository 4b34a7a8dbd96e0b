package procmailrc

import (
	"bytes"
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
	in := &interp{
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
func (in *interp) noteFrom() {
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
func (in *interp) preset(c *Config) {
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
func (in *interp) runAll(c *Config) outcome {
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
func (in *interp) argument(name, value string) {
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
func (in *interp) otherwise(status int) int {
	if in.rules.strict {
		return status
	}
	return exitTempFail
}
