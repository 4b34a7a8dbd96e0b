package procmailrc

import "strings"

const (
	// maxNesting is how deep rcfiles may include each other: procmail is stopped by
	// its descriptors, at 1024 as a rule, when a file includes itself. Nobody nests
	// ten.
	maxNesting = 200

	// maxSwitches is how often SWITCHRC may be set for one message. procmail goes
	// on for ever with a file that switches to itself.
	maxSwitches = 10_000

	// maxIncludes is how many rcfiles are included for one message, by its copies
	// too: a file that includes itself twice would double at each level.
	maxIncludes = 10_000

	// maxClones is how many copies of the message go their own ways (a block with
	// flag c). Each runs all the rest of the rcfile, so that they double at each
	// block; procmail makes as many processes of them.
	maxClones = 1024

	// maxPastEnd is how many conditions a recipe may still have coming when the
	// rcfile has ended. Each is empty, and holds; but ":$$$$" wants 10^20 of them.
	maxPastEnd = 100
)

// include is what INCLUDERC means, inside an rcfile: the file is read here, and
// then this one goes on, on the same line if need be.
func (in *interp) include(name string) {
	if !in.src.open() || name == "" || name == "/dev/null" {
		return
	}
	if len(in.src.files) >= maxNesting || in.control.includes.Add(1) > maxIncludes {
		in.logQuoted("Couldn't read", name)
		return
	}
	f, ok := in.readRC(name)
	if !ok || len(f.text) == 0 {
		return
	}
	f.depth, in.depth = in.depth, len(in.blocks)
	in.src.push(f)
	in.traceRcfile(f)
}

// switchTo is what SWITCHRC means, inside an rcfile: the file is read instead of
// the rest of this one; none ends it.
func (in *interp) switchTo(name string) {
	if !in.src.open() {
		return
	}
	if in.walking { // what follows is read as well
		in.include(name)
		return
	}
	now := in.src.top()
	f := rcfile{name: now.name, text: now.text, depth: now.depth}
	switch {
	case name == "" || name == "/dev/null":
		f.at = len(f.text)
	case in.control.switched() > maxSwitches:
		in.logQuoted("Couldn't read", name)
		f.at = len(f.text)
	case name != now.name:
		next, ok := in.readRC(name)
		if !ok {
			return
		}
		f.name, f.text = next.name, next.text
		in.traceRcfile(f)
	}
	*now = f
	in.blocks = in.blocks[:min(len(in.blocks), in.depth)]
}

// readRC reads a file for INCLUDERC and SWITCHRC.
func (in *interp) readRC(name string) (rcfile, bool) {
	text, err := in.host.ReadFile(name)
	if in.walking && in.hasWalked(name) {
		return rcfile{}, false
	}
	if err != nil {
		in.logQuoted("Couldn't read", name)
		return rcfile{}, false
	}
	return rcfile{name: in.fullName(name), text: text}, true
}

// fullName puts MAILDIR before a relative name, if it is absolute.
func (in *interp) fullName(name string) string {
	dir := in.vars.get("MAILDIR")
	if strings.HasPrefix(name, "/") || !strings.HasPrefix(dir, "/") {
		return name
	}
	return dir + "/" + name
}
