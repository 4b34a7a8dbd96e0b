package lint

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"lastmile/delivery/procmailrc"
)

// linter is told what an rcfile says. It is the host, too, for the rcfiles that
// are read.
type linter struct {
	procmailrc.Host
	rc, path string // its name as it was given, and with all directories
	files    []string
	findings []Finding
	seen     map[Finding]bool // without their texts

	at      procmailrc.Position // of what is being read
	waiting []string            // complaints about what is told of only after them
	lookups []lookup            // of what is being read

	levels    []*level // the innermost block last; the first is the rcfile itself
	recipe    *recipe  // being read, or nil
	condition condition

	assigned   map[string]bool // by the rcfile
	last       procmailrc.AssignmentLine
	lastEnd    int // the line that it ends in
	locked     bool
	logs       bool
	verbose    *procmailrc.Position
	misread    bool // the action of the last recipe was meant to be something else
	unfollowed bool // an rcfile is included that could not be read
}

// lookup is a variable that was asked for.
type lookup struct {
	name string
	set  bool
}

// level is a block, or the rcfile around all of them.
type level struct {
	at procmailrc.Position
	// conditional is set if the block is not entered by every message, and copies
	// if it is entered by a copy.
	conditional, copies bool
	// guarded is set if something here keeps mail from going round.
	guarded bool
	begun   bool // there was a recipe
	// hider is the recipe behind which no message comes.
	hider *recipe
}

// recipe is what has been read of a recipe.
type recipe struct {
	procmailrc.RecipeLine
	conditions int
	guarded    bool
}

// has tells whether a recipe has one of some flags.
func (r *recipe) has(letters string) bool { return strings.ContainsAny(r.Flags, letters) }

// start returns how the recipe could begin with further flags.
func (r *recipe) start(further string) string {
	if flags := r.Flags + further; flags != "" {
		return ":0 " + flags
	}
	return ":0"
}

// conditional tells whether not every message gets to the action.
func (r *recipe) conditional() bool { return r.conditions > 0 || r.has("AaEe") }

// condition is a condition being read.
type condition struct {
	at      procmailrc.Position
	text    string
	misread bool // it was meant to be something else
}

func newLinter(host procmailrc.Host, rc string) *linter {
	full := rc
	if !strings.HasPrefix(rc, "/") {
		full = path.Join(host.Directory(), rc)
	}
	return &linter{
		Host: host, rc: rc, path: full, seen: map[Finding]bool{}, assigned: map[string]bool{},
		levels: []*level{{}}, at: procmailrc.Position{File: full, Line: 1, Column: 1},
	}
}

// trace returns what the interpreter is to tell.
func (l *linter) trace() procmailrc.Trace {
	return procmailrc.Trace{
		Rcfile:     func(name string, _ []byte) { l.onRcfile(name) },
		Recipe:     l.onRecipe,
		Condition:  l.onCondition,
		Outcome:    l.onOutcome,
		Action:     l.onAction,
		Assignment: l.onAssignment,
		Lookup:     func(name string, set bool) { l.lookups = append(l.lookups, lookup{name, set}) },
		Close:      l.onClose,
		Done:       func(bool) { l.recipe, l.condition = nil, condition{} },
		Complaint:  l.onComplaint,
	}
}

// ReadFile implements [procmailrc.Host]. Line ends of DOS are reported once, and
// then taken for what they were meant to be.
func (l *linter) ReadFile(name string) ([]byte, error) {
	text, err := l.Host.ReadFile(name)
	if at := bytes.Index(text, []byte("\r\n")); at >= 0 {
		line := 1 + bytes.Count(text[:at], []byte("\n"))
		column := at - bytes.LastIndexByte(text[:at], '\n')
		l.find(procmailrc.Position{File: name, Line: line, Column: column}, Error, "crlf",
			"the lines end in CR LF, and the CR becomes part of folder names and values", "convert the file: tr -d '\\r'")
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	}
	return text, err
}

// find notes a finding, once for a place.
func (l *linter) find(at procmailrc.Position, s Severity, id, problem, cure string) {
	f := Finding{File: l.shown(at.File), Line: at.Line, Column: at.Column, Severity: s, ID: id}
	key := Finding{File: f.File, Line: f.Line, ID: id}
	if l.seen[key] {
		return
	}
	l.seen[key] = true
	f.Problem, f.Cure = readable(problem), readable(cure)
	l.findings = append(l.findings, f)
}

// shown returns the name of a file as it was given.
func (l *linter) shown(file string) string {
	if file == l.path {
		return l.rc
	}
	return file
}

// level returns the innermost block.
func (l *linter) level() *level { return l.levels[len(l.levels)-1] }

// begin says what is being read, and settles the complaints about it.
func (l *linter) begin(at procmailrc.Position) {
	l.at = at
	for _, text := range l.waiting {
		l.complain(at, text)
	}
	l.waiting = nil
}

// onRecipe is called for the first line of a recipe.
func (l *linter) onRecipe(line procmailrc.RecipeLine) {
	l.begin(line.Position)
	l.lookups = nil
	r := &recipe{RecipeLine: line}
	l.recipe, l.misread = r, false
	here := l.level()
	if line.Leftover != "" {
		l.leftover(r)
	}
	if !here.begun && r.has("aAeE") {
		l.firstInChain(r, len(l.levels) > 1)
	}
	here.begun = true
	if h := here.hider; h != nil && !r.has("e") {
		l.find(h.Position, Warning, "hides-rest",
			fmt.Sprintf("the recipe has no condition and delivers every message, so that nothing gets to the recipe in line %d and those behind it", line.Line),
			"move it to the end, give it a condition, or the flag c if a copy is meant")
		here.hider = nil
	}
}

// leftover is about what is no flag in the first line of a recipe.
func (l *linter) leftover(r *recipe) {
	if r.Locks {
		l.find(r.Position, Warning, "lock-words", fmt.Sprintf("%q behind the lockfile is ignored", r.Leftover), "write a comment on a line of its own")
		return
	}
	l.find(r.Position, Error, "flag-unknown",
		fmt.Sprintf("%q is no flag, and it and all behind it is ignored, the lockfile as well", r.Leftover),
		"the flags are H B D A a E e h b f c w W i r")
}

// firstInChain is about flags that look back on a recipe where there is none.
func (l *linter) firstInChain(r *recipe, inBlock bool) {
	switch {
	case !inBlock && r.has("aAe"):
		l.find(r.Position, Error, "chain-first", "the recipe is never run: no recipe is before it that the flag "+r.Flags+" could look back on", "remove the flag, or move the recipe behind the one that it belongs to")
	case !inBlock:
		l.find(r.Position, Warning, "chain-first", "the flag E has no meaning here: no recipe is before this one", "remove the flag")
	case r.has("Ee"):
		l.find(r.Position, Error, "chain-first", "the recipe is never run: at the beginning of a block E and e look back on the recipe of the block, and that has matched", "remove the flag")
	}
}

// onClose is called for a "}" that closes a block.
func (l *linter) onClose(procmailrc.Position) {
	if len(l.levels) == 1 {
		return
	}
	inner := l.level()
	l.levels = l.levels[:len(l.levels)-1]
	l.recipe, l.condition = nil, condition{}
	if outer := l.level(); inner.hider != nil && !inner.conditional && !inner.copies {
		outer.hider = inner.hider
	}
}

// end is called when all has been read.
func (l *linter) end() {
	l.begin(l.at)
	if l.verbose != nil && !l.logs {
		l.find(*l.verbose, Warning, "verbose-no-log", "VERBOSE is on and there is no LOGFILE, so that the log goes to the standard error: into the MTA's log, or into what the sender gets to read", "set LOGFILE before VERBOSE")
	}
}
