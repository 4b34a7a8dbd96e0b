package main

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"lastmile/delivery/procmailrc"
)

// rcWatcher notes what the interpreter tells.
type rcWatcher struct {
	steps        []*rcStep
	destinations []destination
	uncertain    bool
	copies       int // of the message, that are on their way

	// What is noted belongs to these.
	step      *rcStep
	condition *rcCondition
	dir       func() string
	// programs are those before the step is told of.
	programs []rcProgram
}

// trace returns what the interpreter is to tell.
func (w *rcWatcher) trace() procmailrc.Trace {
	return procmailrc.Trace{
		Rcfile:     func(name string, _ []byte) { w.add(&rcStep{Kind: "rcfile", File: name}) },
		Recipe:     w.onRecipe,
		Chained:    w.onChained,
		Condition:  w.onCondition,
		Outcome:    w.onOutcome,
		Action:     w.onAction,
		Done:       w.onDone,
		Delivered:  w.onDelivered,
		Copy:       w.onCopy,
		Assignment: w.onAssignment,
		Set:        w.onSet,
		Complaint:  w.onComplaint,
	}
}

// add begins a step.
func (w *rcWatcher) add(s *rcStep) {
	s.Programs = append(s.Programs, w.programs...)
	w.steps, w.step, w.condition, w.programs = append(w.steps, s), s, nil, nil
}

func (w *rcWatcher) onRecipe(r procmailrc.RecipeLine) {
	w.add(&rcStep{Kind: "recipe", File: r.File, Line: r.Line, Text: r.Text, Flags: r.Flags, Skipped: r.Skipped})
}

func (w *rcWatcher) onChained(ok bool) {
	if !strings.ContainsAny(w.step.Flags, "AaEe") {
		return
	}
	if w.step.Chain = "no"; ok {
		w.step.Chain = "yes"
	}
}

func (w *rcWatcher) onCondition(at procmailrc.Position, text string) {
	w.condition = &rcCondition{Line: at.Line, Text: text, Verdict: "unread"}
	w.step.Conditions = append(w.step.Conditions, w.condition)
}

// tests are the words for what conditions ask for.
var tests = [...]string{procmailrc.NoTest: "", procmailrc.MatchTest: "regexp", procmailrc.ProgramTest: "program", procmailrc.SizeTest: "size"}

func (w *rcWatcher) onOutcome(o procmailrc.Outcome) {
	c := w.condition
	c.Test, c.Expanded, c.Negated = tests[o.Test], o.Text, o.Negated
	if c.Verdict = "no"; o.Holds {
		c.Verdict = "yes"
	}
	if o.Weighted {
		before := 0.0
		for _, earlier := range w.step.Conditions {
			if earlier.Score != nil {
				before = *earlier.Score
			}
		}
		if c.Score = &o.Score; o.Score == before {
			c.Verdict = "no"
		}
	}
	if o.Test == procmailrc.ProgramTest {
		c.Status = o.Status
	}
	if o.Found {
		c.Found = found(o.Searched, o.From, o.To)
	}
	if o.Extracts && o.Found {
		c.Match = &o.Match
	}
}

// maxFound is how much is shown around what was found, in bytes.
const maxFound = 2000

// found returns the lines around a piece of a text.
func found(text []byte, from, to int) *rcFound {
	begin := bytes.LastIndexByte(text[:from], '\n') + 1
	end := len(text)
	if n := bytes.IndexByte(text[max(from, to-1):], '\n'); n >= 0 {
		end = max(from, to-1) + n
	}
	begin, end = max(begin, from-maxFound), min(end, from+maxFound)
	begin = min(begin, end)
	return &rcFound{Text: shownBytes(text[begin:end]), From: max(0, from-begin), To: min(to, end) - begin}
}

// shownBytes makes text of bytes: of each that is no UTF-8 a "?", so that places in
// it stay what they were.
func shownBytes(b []byte) string {
	b = bytes.Clone(b)
	for at := 0; at < len(b); {
		r, n := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && n == 1 {
			b[at] = '?'
		}
		at += n
	}
	return string(b)
}

func (w *rcWatcher) onAction(a procmailrc.ActionLine) {
	kind := "program"
	switch a.Act {
	case procmailrc.FolderAct:
		kind = "folder"
	case procmailrc.ForwardAct:
		kind = "forward"
	case procmailrc.BlockAct:
		kind = "block"
	}
	switch {
	case a.Capturing:
		kind = "capture"
	case kind == "program" && strings.Contains(w.step.Flags, "f"):
		kind = "filter"
	}
	words := slices.Clone(a.Words)
	if a.Shell != "" {
		words = []string{a.Shell}
	}
	w.condition = nil
	w.step.Action = &rcAction{Line: a.Line, Kind: kind, Text: strings.TrimSpace(a.Text), Does: a.Does, Words: words}
}

func (w *rcWatcher) onDone(ok bool) {
	if w.step.Action == nil {
		return // the copy that began there has steps of its own
	}
	if w.step.Action.Result = "failed"; ok {
		w.step.Action.Result = "ok"
	}
}

func (w *rcWatcher) onDelivered(d procmailrc.Delivered) {
	if d.Default && (w.step == nil || w.step.Kind != "default") {
		w.add(&rcStep{Kind: "default"})
	}
	to := newDestination(d, w.dir(), w.copies > 0)
	w.step.Destinations = append(w.step.Destinations, to)
	w.destinations = append(w.destinations, to)
}

func (w *rcWatcher) onCopy(begins bool) {
	if begins {
		w.copies++
		w.add(&rcStep{Kind: "copy"})
		return
	}
	w.copies--
	w.add(&rcStep{Kind: "end-copy"})
}

func (w *rcWatcher) onAssignment(a procmailrc.AssignmentLine) {
	if !a.Skipped {
		w.add(&rcStep{Kind: "assignment", File: a.File, Line: a.Line, Name: a.Name, Value: a.Value, Unset: a.Unset})
	}
}

// onSet is called for assignments as well, which are steps of their own.
func (w *rcWatcher) onSet(name, value string) {
	if w.step == nil || w.step.Kind == "assignment" && w.step.Name == name {
		return
	}
	w.step.Sets = append(w.step.Sets, rcSet{name, value})
}

func (w *rcWatcher) onComplaint(at procmailrc.Position, text string) {
	step := w.step
	w.steps = append(w.steps, &rcStep{Kind: "complaint", File: at.File, Line: at.Line, Text: strings.TrimSuffix(text, "\n")})
	w.step = step
}

// ran is called for each program. One between backquotes is run before it is known
// what it is for.
func (w *rcWatcher) ran(p *procmailrc.Program, run bool) {
	w.uncertain = w.uncertain || !run
	command := strings.Join(p.Args, " ")
	if p.Shell {
		command = strings.TrimSpace(p.Args[len(p.Args)-1])
	}
	r := rcProgram{command, run}
	switch {
	case w.condition != nil:
		w.condition.NotRun = w.condition.NotRun || !run
	case w.step != nil && (w.step.Action != nil && w.step.Action.Does && w.step.Action.Result == ""):
		w.step.Programs = append(w.step.Programs, r)
	default:
		w.programs = append(w.programs, r)
	}
}
