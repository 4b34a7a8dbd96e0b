package procmailrc

import "strings"

// rcKind says how carefully an rcfile is looked at before it is run.
type rcKind int

const (
	rcAbsolute rcKind = iota // named with its path, or in HOME
	rcCurrent                // named as in the current directory: it is the invoker's choice
	rcDefault                // $HOME/.procmailrc: nobody has named it
)

// runNamed runs the first of the rcfiles that can be read, and the next if HOST
// sends it away.
func (in *interp) runNamed(names []string, c *Config) outcome {
	warn := true // of the first that is missing, not of those after it
	for i, name := range names {
		kind, path := rcAbsolute, name
		switch {
		case strings.HasPrefix(name, "/"):
		case c.Mode == Filter, strings.HasPrefix(name, "./"):
			kind = rcCurrent
		default:
			home := in.vars.get("HOME")
			if !strings.HasPrefix(home, "/") {
				in.log("MAILDIR is not an absolute path\n")
				return ended
			}
			path = home + "/" + name
		}
		o, ok := in.tryRC(path, kind, c, warn)
		if !ok {
			warn = false
			if o == unusable {
				return o
			}
			continue
		}
		if o != hostMismatch || i == len(names)-1 {
			return o
		}
		in.hostGone = false
	}
	if c.Required {
		in.err = ErrRC
		return unusable
	}
	return ended
}

// runDefault runs $HOME/.procmailrc, if there is one.
func (in *interp) runDefault(c *Config) outcome {
	home := in.vars.get("HOME")
	if !strings.HasPrefix(home, "/") {
		in.log("default rcfile is not an absolute path\n")
		return ended
	}
	o, _ := in.tryRC(home+"/.procmailrc", rcDefault, c, false)
	return o
}

// runSystem runs the rcfile of the whole system. It is run as the recipient, not
// as root: DROPPRIVS has come first.
func (in *interp) runSystem(path string) outcome {
	text, err := in.host.ReadFile(path)
	if err != nil {
		return ended
	}
	in.tell("Rcfile:", path)
	in.vars.set("PATH", "/usr/local/bin:/usr/bin:/bin")
	in.src.push(rcfile{name: path, text: text})
	in.traceRcfile(*in.src.top())
	if o := in.run(false); o == delivered {
		return o
	}
	in.hostGone = false
	in.src.files = nil
	in.vars.set("PATH", in.vars.get("HOME")+"/bin:/usr/local/bin:/usr/bin:/bin")
	return ended
}

// tryRC runs an rcfile. It reports false if it is not to be read.
func (in *interp) tryRC(path string, kind rcKind, c *Config, warn bool) (outcome, bool) {
	text, err := in.host.ReadFile(path)
	if err != nil {
		if warn {
			in.logQuoted("Couldn't read", path)
		}
		return ended, false
	}
	if kind == rcCurrent {
		if !in.chdirDone {
			in.setMaildir(".")
		}
	} else if !in.safe(path, kind, c) {
		in.logQuoted("Suspicious rcfile", path)
		if warn || kind == rcDefault {
			in.logQuoted("Couldn't read", path)
		}
		return ended, false
	}
	in.tell("Rcfile:", path)
	if !in.chdirDone && !in.enterHome() {
		return unusable, false
	}
	in.src.push(rcfile{name: in.fullName(path), text: text})
	in.traceRcfile(*in.src.top())
	in.blocks, in.depth, in.chain = nil, 0, chain{}
	return in.run(false), true
}

// safe reports whether nobody but the recipient and root can have written an
// rcfile, or put another in its place.
func (in *interp) safe(path string, kind rcKind, c *Config) bool {
	if path == "/dev/null" {
		return true
	}
	const (
		groupWrite, groupEnter = 0o020, 0o030
		otherWrite, otherEnter = 0o002, 0o003
		sticky                 = 0o1000
	)
	f, err := in.host.Stat(path)
	if err != nil || f.UID != c.Account.UID && f.UID != 0 || f.Mode&otherWrite != 0 {
		return false
	}
	if kind == rcDefault && f.Mode&groupWrite != 0 && f.GID != c.Account.GID {
		return false
	}
	dir := "./"
	if slash := strings.LastIndexByte(path, '/'); slash >= 0 {
		dir = path[:slash+1]
	}
	d, err := in.host.Stat(dir)
	switch {
	case err != nil:
		return false
	case d.Mode&sticky != 0:
		return true
	case d.Mode&otherEnter == otherEnter:
		return false
	}
	return kind != rcDefault || d.Mode&groupEnter != groupEnter || d.GID == c.Account.GID
}

// enterHome makes HOME the first MAILDIR.
func (in *interp) enterHome() bool {
	home := in.vars.get("HOME")
	if !strings.HasPrefix(home, "/") {
		in.log("MAILDIR is not an absolute path\n")
		in.failure = in.otherwise(exitOSErr)
		return false
	}
	if in.host.Chdir(home) != nil {
		in.logQuoted("Couldn't chdir to", home)
		in.logQuoted("Couldn't chdir to", home)
		home = "."
	}
	in.setMaildir(home)
	return true
}

func (in *interp) setMaildir(dir string) {
	in.chdirDone = true
	in.set("MAILDIR", dir)
}
