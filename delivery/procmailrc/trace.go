package procmailrc

import (
	"bytes"

	"lastmile/delivery/procmailrc/pattern"
)

// Trace is told what is read in an rcfile and what is done, in the order in which
// that happens, for those who want to see it. Every field may be nil. Texts are
// good until the function returns.
type Trace struct {
	// Recipe is called for the first line of a recipe, and Chained for the
	// verdict of its flags A, a, E and e, unless it is passed over.
	Recipe  func(RecipeLine)
	Chained func(ok bool)
	// Condition is called for each condition as it stands there, and Outcome if
	// it was looked at.
	Condition func(at Position, text string)
	Outcome   func(Outcome)
	// Action is called for each action, before it is done if it is, and Done
	// after that.
	Action func(ActionLine)
	Done   func(succeeded bool)
	// Delivered is called after every try to deliver: to folders, to a program
	// or to DEFAULT.
	Delivered func(Delivered)
	// Copy is called when a copy of the message begins to go its own way (flag
	// c on a block), and when it has ended.
	Copy func(begins bool)
	// Assignment is called for each assignment of an rcfile before its meaning
	// is acted on, and Set for each variable that gets a value, whoever gives it.
	Assignment func(AssignmentLine)
	Set        func(name, value string)
	// Lookup is called for each variable that is looked up by a substitution.
	Lookup func(name string, set bool)
	// Close is called for a "}" that closes a block.
	Close func(at Position)
	// Rcfile is called for each rcfile that begins.
	Rcfile func(name string, text []byte)
	// Complaint is called for what the log says about things that are not as they
	// should be. VERBOSE has no effect then.
	Complaint func(at Position, text string)
}

// Position is a place in an rcfile; the first line and column are 1. Outside of
// every rcfile it is zero.
type Position struct {
	File         string
	Line, Column int
}

// RecipeLine is the first line of a recipe.
type RecipeLine struct {
	Position
	Text  string // as it was written, from its ":"
	Flags string
	// Conditions is the number after the ":", or -1.
	Conditions int
	// Locks is set if there is a second ":", LockFile is what follows it.
	Locks    bool
	LockFile string
	Leftover string // what was not understood
	// Skipped is set if the recipe stands in a block that is passed over.
	Skipped bool
}

// Outcome is what came out of a condition.
type Outcome struct {
	Test     Test
	Text     string // the regular expression, program or size, expanded
	Negated  bool
	Holds    bool
	Weighted bool
	Score    float64 // of the recipe so far
	// Written is the regular expression before its macros were replaced, and
	// Dropped is set if a "\" before it was lost.
	Written string
	Dropped bool
	// Searched is what a regular expression was looked for in. From and To are
	// what it has found there, if Found is set: From is the latest place where
	// a match can begin that ends where the first one does.
	Searched []byte
	From, To int
	Found    bool
	// Extracts is set if the expression sets MATCH, and Match is its value.
	Extracts bool
	Match    string
	// Status is the exit status of a program.
	Status int
}

// Test is what a condition asks for.
type Test int

const (
	NoTest      Test = iota // it could not be read
	MatchTest               // a regular expression
	ProgramTest             // the exit status of a program
	SizeTest
)

// Act is a kind of action.
type Act int

const (
	FolderAct  Act = iota
	PipeAct        // a program that takes the message, or is a filter
	ForwardAct     // "!"
	BlockAct
)

// ActionLine is an action.
type ActionLine struct {
	Position
	Act  Act
	Text string // as it was written
	// Capturing is set if the output goes into the variable Capture.
	Capturing bool
	Capture   string
	// Does is set if it is done, and not only read; then Words are its folders
	// or the words of a program, and Shell the text for a shell.
	Does  bool
	Words []string
	Shell string
	// Folder is the first of Words, if they are folders.
	Folder Folder
}

// Delivered is a try to deliver.
type Delivered struct {
	// Words are the folders, or the program as the log names it.
	Words   []string
	Program bool
	// Folder is what the first of Words is.
	Folder Folder
	// Links are the further directories that the message is linked into.
	Links []Folder
	// Default is set if no recipe has delivered the message, Copy if the flag c
	// makes it a copy.
	Default, Copy bool
	OK            bool
}

// AssignmentLine is an assignment in an rcfile.
type AssignmentLine struct {
	Position
	Name, Value string
	Text        string // the value as it was written
	Unset       bool   // there was no "="
	Skipped     bool
}

// offset returns where the rcfile on top is being read.
func (in *interp) offset() int {
	if !in.src.open() {
		return 0
	}
	return in.src.top().at
}

// positionAt returns the position of a place in the rcfile on top.
func (in *interp) positionAt(offset int) Position {
	if !in.src.open() {
		return Position{}
	}
	f := in.src.top()
	before := f.text[:min(offset, len(f.text))]
	return Position{File: f.name, Line: 1 + bytes.Count(before, []byte("\n")), Column: len(before) - bytes.LastIndexByte(before, '\n')}
}

// since returns what has been read of the rcfile on top.
func (in *interp) since(offset int) string {
	if !in.src.open() {
		return ""
	}
	f := in.src.top()
	return string(bytes.TrimRight(f.text[min(offset, f.at):f.at], "\n"))
}

func (in *interp) traceRecipe(r *recipe, from int, leftover string, skipped bool) {
	if in.trace.Recipe != nil {
		in.trace.Recipe(RecipeLine{
			Position: in.positionAt(from - 1), Text: ":" + in.since(from), Flags: r.flags.String(), Conditions: r.conditions,
			Locks: r.locks, LockFile: r.lockFile, Leftover: leftover, Skipped: skipped,
		})
	}
}

func (in *interp) traceChained(ok, skipped bool) {
	if in.trace.Chained != nil && !skipped {
		in.trace.Chained(ok)
	}
}

// seen is what a trace wants to know of a condition.
type seen struct {
	test    Test
	written string // a regular expression as it stands there
	dropped bool   // a backslash before it was
	pattern *pattern.Pattern
}

func (in *interp) traceCondition(from int, text string) {
	if in.trace.Condition != nil {
		in.trace.Condition(in.positionAt(from), text)
	}
}

// traceOutcome tells of a condition that was looked at.
func (in *interp) traceOutcome(c *condition, ok bool, text string) {
	if in.trace.Outcome == nil {
		return
	}
	o := Outcome{Test: c.test, Text: text, Negated: c.negated, Holds: ok, Weighted: c.weighted, Score: c.score.Total(), Written: c.written, Dropped: c.dropped, Status: in.lastStatus}
	if c.pattern != nil {
		o.Searched = c.searched()
		o.From, o.To, o.Found = latest(c.pattern, o.Searched)
		if o.Extracts = c.pattern.Extracts(); o.Extracts {
			o.Match = in.vars.get("MATCH")
		}
	}
	in.trace.Outcome(o)
}

// latest returns what a pattern has found in a text: it ends where the search
// ends, and begins at the latest place from where that is found.
func latest(p *pattern.Pattern, text []byte) (from, to int, found bool) {
	end, ok := p.Find(text, 0)
	if !ok {
		return 0, 0, false
	}
	low, high := 0, max(0, min(end, len(text)))
	to = high
	for low < high {
		middle := (low + high + 1) / 2
		if at, ok := p.Find(text, middle); ok && at == end {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low, to, true
}

// traceAction tells of an action that has been read.
func (in *interp) traceAction(a *action, act Act, words []string, shell string) {
	if in.trace.Action == nil {
		return
	}
	line := ActionLine{
		Position: in.positionAt(a.from), Act: act, Text: in.since(a.from), Capturing: a.capturing, Capture: a.capture,
		Does: a.match, Shell: shell,
	}
	if a.match {
		line.Words = words
	}
	if act == FolderAct && len(line.Words) > 0 {
		line.Folder = in.seenFolder(words[0])
	}
	in.trace.Action(line)
}

// seenFolder is what a name means as a folder.
func (in *interp) seenFolder(name string) Folder {
	f := folderOf(name)
	info, err := in.host.Stat(f.Path)
	switch {
	case err != nil:
	case info.Dir && f.Kind == Mbox:
		f.Kind = MsgDir
	case !info.Dir:
		f.Kind = Mbox // also where it was meant to be a directory
	}
	return f
}

func (in *interp) traceDone(a *action) {
	if in.trace.Done != nil && a.done {
		in.trace.Done(a.succeeded)
	}
}

func (in *interp) traceDelivered(d Delivered) {
	if in.trace.Delivered == nil {
		return
	}
	if !d.Program && len(d.Words) > 0 {
		d.Folder = in.seenFolder(d.Words[0])
		for _, word := range d.Words[1:] {
			f := folderOf(word)
			if info, err := in.host.Stat(f.Path); d.Folder.Kind == Mbox || err != nil || !info.Dir {
				continue
			}
			if f.Kind == Mbox {
				f.Kind = MsgDir
			}
			d.Links = append(d.Links, f)
		}
	}
	in.trace.Delivered(d)
}

func (in *interp) traceCopy(begins bool) {
	if in.trace.Copy != nil {
		in.trace.Copy(begins)
	}
}

func (in *interp) traceAssignment(from, valueFrom int, line AssignmentLine) {
	if in.trace.Assignment == nil {
		return
	}
	line.Position = in.positionAt(from)
	if !line.Unset {
		line.Text = in.since(valueFrom)
	}
	in.trace.Assignment(line)
}

func (in *interp) traceSet(name, value string) {
	if in.trace.Set != nil {
		in.trace.Set(name, value)
	}
}

func (in *interp) traceClose() {
	if in.trace.Close != nil {
		in.trace.Close(in.positionAt(in.offset() - 1))
	}
}

func (in *interp) traceRcfile(f rcfile) {
	if in.trace.Rcfile != nil {
		in.trace.Rcfile(f.name, f.text)
	}
}

func (in *interp) traceComplaint(text string) {
	if in.trace.Complaint != nil {
		in.trace.Complaint(in.positionAt(in.offset()), text)
	}
}
