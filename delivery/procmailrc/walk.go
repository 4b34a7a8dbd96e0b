package procmailrc

import (
	"path"
	"strings"

	"lastmile/delivery/procmailrc/pattern"
)

// Unknown stands in a variable for what only a message, or a program that is not
// run, could say. No rcfile has this byte in it.
const Unknown = "\x01"

// walker is what Walk remembers.
type walker struct {
	files []string
}

// Walk reads an rcfile as Run does, for what c.Trace is told, but takes every
// recipe whatever its conditions say, enters every block, and goes on behind what
// delivers. Rcfiles that are included are read once, as far as their names are
// known. The only meaning of a variable that counts is one for the reading.
//
// What the host is asked to do should have no effect; its programs print
// [Unknown].
func Walk(host Host, rc string, c Config) {
	in := &interp{host: host, mail: NewMail(nil, true), name: c.Name, settings: newSettings(), trace: c.Trace, walking: true, walked: &walker{}, control: new(Control)}
	in.preset(&c)
	for len(in.args) < 9 {
		in.args = append(in.args, Unknown)
	}
	for _, word := range c.Words {
		if name, value, ok := strings.Cut(word, "="); ok {
			in.argument(name, value)
		}
	}
	text, err := host.ReadFile(rc)
	if err != nil {
		in.logQuoted("Couldn't read", rc)
		return
	}
	in.src.push(rcfile{name: rc, text: text})
	in.traceRcfile(*in.src.top())
	kind := rcAbsolute
	if path.Base(rc) == ".procmailrc" {
		kind = rcDefault
	}
	if !in.safe(rc, kind, &c) {
		in.logQuoted("Suspicious rcfile", rc)
	}
	if home := in.vars.get("HOME"); !in.chdirDone && host.Chdir(home) == nil {
		in.vars.set("MAILDIR", home)
	}
	in.run(false)
}

// walks tells whether an assignment to a variable means something to a walk.
func walks(name string) bool {
	switch name {
	case "INCLUDERC", "SWITCHRC", "MAILDIR", "SHELLMETAS", "LOCKEXT", "LINEBUF", "DEFAULT", "SENDMAIL", "SENDMAILFLAGS", "MSGPREFIX":
		return true
	}
	return false
}

// hasWalked reports whether a file has been read before, or has no name that is
// known, and remembers it.
func (in *interp) hasWalked(name string) bool {
	name = path.Clean(in.fullName(name))
	if strings.Contains(name, Unknown) {
		return true
	}
	for _, f := range append(in.walked.files, in.src.files[0].name) {
		if f == name {
			return true
		}
	}
	in.walked.files = append(in.walked.files, name)
	return false
}

// walkedMatch lets MATCH be unknown once an expression may have set it.
func (in *interp) walkedMatch(p *pattern.Pattern) {
	if in.walking && p.Extracts() {
		in.vars.set("MATCH", Unknown)
	}
}
