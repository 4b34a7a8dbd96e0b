// Package lint reads procmail rcfiles and says where they do something else than
// they look like, or lose mail. It delivers nothing and runs nothing.
//
// It has no parser of its own: the interpreter walks through the rcfile
// (procmailrc.Walk), takes every recipe and every block, and reports what it has
// read; the checks are about that. So what is found is found where procmail would
// stumble, and what is expanded is expanded by the same code. What only a message
// or a program could say is unknown, and a check that depends on it is silent.
//
// Each finding has an ID that stays, a severity, and where there is a cure, the
// cure. An rcfile that works as it looks gives nothing, but for notes (Info).
package lint

import (
	"cmp"
	"slices"
	"strings"

	"lastmile/delivery/procmailrc"
)

// Severity says what a finding costs.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // mail is lost, misfiled, or the recipe is not what it looks like
	Warning Severity = "warning" // it is under the condition that the problem names
	Info    Severity = "info"    // it works, and does something that is worth knowing
)

// Finding is one thing that was found.
type Finding struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Severity Severity `json:"severity"`
	ID       string   `json:"id"` // stable
	Problem  string   `json:"problem"`
	Cure     string   `json:"cure,omitempty"`
}

// Examine reads rcfiles, and those that they include, on a host without effects
// that takes [procmailrc.Unknown] for what programs print. c.Words are assignments
// that come before the rcfiles, c.Account is whose they are. The findings are in
// the order of the files, and of their lines.
func Examine(host procmailrc.Host, rcfiles []string, c procmailrc.Config) []Finding {
	findings := []Finding{}
	for _, rc := range rcfiles {
		l := newLinter(host, rc)
		c.Trace = l.trace()
		procmailrc.Walk(l, l.path, c)
		l.end()
		order := map[string]int{}
		for i, name := range l.files {
			order[l.shown(name)] = i
		}
		slices.SortStableFunc(l.findings, func(a, b Finding) int {
			return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		findings = append(findings, l.findings...)
	}
	return findings
}

// readable shows what is unknown as an ellipsis.
func readable(text string) string { return strings.ReplaceAll(text, procmailrc.Unknown, "…") }
