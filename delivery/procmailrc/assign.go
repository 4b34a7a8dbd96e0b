package procmailrc

import (
	"strconv"
	"strings"
)

// set gives a variable a value, without what that may mean.
func (in *interp) set(name, value string) {
	in.tell("Assigning", name+"="+value)
	in.vars.set(name, value)
	in.traceSet(name, value)
}

// unset removes a variable. What it meant is then as if it were empty.
func (in *interp) unset(name string) {
	in.tell("Assigning", name)
	in.vars.unset(name)
	in.act(name, "")
}

// assign gives a variable a value, and does what that means for a special one.
func (in *interp) assign(name, value string) {
	in.set(name, value)
	in.act(name, value)
}

// act does what the assignment to a special variable means (procmailrc(5)).
func (in *interp) act(name, value string) {
	if in.walking && !walks(name) {
		return
	}
	if in.setNumber(name, value) || in.setText(name, value) {
		return
	}
	switch name {
	case "LINEBUF":
		in.lineBuf = max(minLineBuf, Number(value, 0))
	case "MAILDIR":
		in.chdir(value)
	case "LOGFILE":
		in.openLog(value)
	case "LOG":
		in.write(value)
	case "EXITCODE":
		in.exitSet = true
	case "LASTFOLDER":
		in.setComsatFolder(value)
	case "COMSAT":
		if !in.comsat.configure(value) {
			in.set("COMSAT", "no")
		}
	case "SHIFT":
		in.args = in.args[min(len(in.args), max(0, Number(value, 0))):]
	case "DELIVERED":
		in.claimed = in.claimed || Number(value, 0) != 0
	case "DROPPRIVS": // we never have more than the recipient's
		if Number(value, 0) != 0 && in.verbose() {
			in.log("Assuming identity of the recipient, VERBOSE=off\n")
		}
	case "LOCKFILE":
		if !in.lock(value, &in.globalLock) {
			in.unset(name)
		}
	case "UMASK":
		in.umask = octal(value)
		in.host.Umask(in.umask)
	case "INCLUDERC":
		in.include(value)
	case "SWITCHRC":
		in.switchTo(value)
	case "HOST":
		in.checkHost(value)
	}
}

// setNumber sets a setting that is a number, and reports whether it is one.
func (in *interp) setNumber(name, value string) bool {
	for _, n := range [...]struct {
		name string
		at   *int
	}{
		{"LOCKSLEEP", &in.lockSleep}, {"LOCKTIMEOUT", &in.lockTimeout}, {"SUSPEND", &in.suspend},
		{"NORESRETRY", &in.resRetry}, {"TIMEOUT", &in.timeout}, {"LOGABSTRACT", &in.logAbstract},
	} {
		if n.name == name {
			*n.at = Number(value, *n.at)
			return true
		}
	}
	if name != "VERBOSE" {
		return false
	}
	was := 0
	if in.verbose() {
		was = 1
	}
	in.control.SetVerbose(Number(value, was) != 0 && in.trace.Complaint == nil)
	return true
}

// setText sets a setting that is a text, and reports whether it is one.
func (in *interp) setText(name, value string) bool {
	for _, t := range [...]struct {
		name string
		at   *string
	}{
		{"SHELLMETAS", &in.shellMetas}, {"LOCKEXT", &in.lockExt}, {"MSGPREFIX", &in.msgPrefix}, {"TRAP", &in.trap},
		{"SHELLFLAGS", &in.shellFlags}, {"DEFAULT", &in.defaultFolder}, {"SENDMAIL", &in.sendmail}, {"SENDMAILFLAGS", &in.sendmailFlags},
	} {
		if t.name == name {
			*t.at = value
			return true
		}
	}
	return false
}

// chdir is what MAILDIR means. A directory that cannot be entered leaves us where
// we are, and MAILDIR says so.
func (in *interp) chdir(dir string) {
	in.chdirDone = true
	if in.host.Chdir(dir) == nil {
		return
	}
	in.logQuoted("Couldn't chdir to", dir)
	in.set("MAILDIR", ".")
}

// openLog is what LOGFILE means. One that cannot be opened leaves the log where
// it is.
func (in *interp) openLog(name string) {
	in.flush()
	if name == "" {
		name = "/dev/null"
	}
	in.tell("Opening", name)
	if in.host.OpenLog(name) != nil {
		in.logQuoted("Error while writing to", name)
		return
	}
	in.logOpened = true
}

// octal reads an octal number up to the first byte that is none.
func octal(value string) uint32 {
	s := strings.TrimLeft(value, " \t\n\v\f\r")
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '7' {
		end++
	}
	n, _ := strconv.ParseUint(s[:end], 8, 32)
	return uint32(n) & 0o777
}

// checkHost is what HOST means: on another host than the named one the rcfile is
// left.
func (in *interp) checkHost(name string) {
	here := in.host.HostName()
	if name == here {
		return
	}
	in.tell("HOST mismatched", here)
	in.hostGone = true
	in.src.files, in.blocks, in.depth = nil, nil, 0
}
