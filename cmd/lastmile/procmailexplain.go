package main

import (
	"encoding/json"
	"io"
	"strings"
	"time"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/delivery"
	"lastmile/delivery/dsn"
	"lastmile/delivery/procmailrc"
)

// rcExplanation is what procmail --explain has to say. Its JSON form is documented
// in lastmile-procmailrc(5).
type rcExplanation struct {
	Schema int `json:"schema"`
	// Verdict is delivered, deferred, or chosen if an rcfile has chosen the exit
	// status, or discarded if it wanted the message gone without a delivery.
	Verdict string `json:"verdict"`
	Status  int    `json:"status"`
	// Uncertain is set if programs were taken for successes.
	Uncertain    bool          `json:"uncertain"`
	Destinations []destination `json:"destinations"`
	Steps        []*rcStep     `json:"steps"`
}

// destination is where the message, or a copy of it, would go.
type destination struct {
	To   string `json:"to"`   // a folder's path, a program or its arguments
	Kind string `json:"kind"` // mbox, maildir, mh, directory, program, stdout or nothing, for /dev/null
	// Links are further directories with a link to the message, each with its kind.
	Links []string `json:"links,omitempty"`
	// Default is set if no recipe has delivered the message, Copy if it goes on.
	Default bool `json:"default,omitempty"`
	Copy    bool `json:"copy,omitempty"`
	// Failed is set if it would not get there.
	Failed bool `json:"failed,omitempty"`
}

// rcStep is one step through the rcfiles.
type rcStep struct {
	Kind string `json:"kind"` // rcfile, assignment, recipe, complaint, copy, end-copy or default
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Text string `json:"text,omitempty"` // as it was written, or what is complained about

	Name  string `json:"name,omitempty"` // of an assignment
	Value string `json:"value,omitempty"`
	Unset bool   `json:"unset,omitempty"`

	Flags      string         `json:"flags,omitempty"` // of a recipe
	Skipped    bool           `json:"skipped,omitempty"`
	Chain      string         `json:"chain,omitempty"` // yes or no: what the flags A, a, E and e say, if there are any
	Conditions []*rcCondition `json:"conditions,omitempty"`
	Action     *rcAction      `json:"action,omitempty"`

	Sets         []rcSet       `json:"sets,omitempty"`
	Programs     []rcProgram   `json:"programs,omitempty"`
	Destinations []destination `json:"destinations,omitempty"`
}

// rcCondition is a condition of a recipe.
type rcCondition struct {
	Line    int    `json:"line"`
	Text    string `json:"text"`
	Verdict string `json:"verdict"`        // yes, no, or unread if one before it did not hold
	Test    string `json:"test,omitempty"` // regexp, program or size
	// Expanded is what was looked for.
	Expanded string   `json:"expanded,omitempty"`
	Negated  bool     `json:"negated,omitempty"`
	Found    *rcFound `json:"found,omitempty"`
	Match    *string  `json:"match,omitempty"` // MATCH, if the expression has a \/
	Score    *float64 `json:"score,omitempty"` // of the recipe so far
	Status   int      `json:"status,omitempty"`
	NotRun   bool     `json:"not_run,omitempty"` // its program was taken for a success
}

// rcFound is what a regular expression has found.
type rcFound struct {
	Text string `json:"text"` // the line, or lines, around it
	From int    `json:"from"` // bytes of it
	To   int    `json:"to"`
}

// rcAction is what a recipe does.
type rcAction struct {
	Line int    `json:"line"`
	Kind string `json:"kind"` // folder, program, filter, capture, forward or block
	Text string `json:"text"`
	Does bool   `json:"does"`
	// Result is ok or failed, if it was done.
	Result string   `json:"result,omitempty"`
	Words  []string `json:"words,omitempty"`
}

// rcSet is a variable that a step sets.
type rcSet struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// rcProgram is a program that a step runs.
type rcProgram struct {
	Command string `json:"command"`
	Run     bool   `json:"run"` // else it was taken for a success
}

// notRun is what a program prints that is not run.
const notRun = "(unknown)"

// explainRC runs rcfiles over the message without effects, and says what they do.
// It exits as a delivery would.
func (p *program) explainRC(s study, a *agent.ProcmailArgs) error {
	a.Study = true
	run, err := p.FilterFor("procmail", a, p.ProcmailEnvelope(a), nil)
	if err != nil {
		return err
	}
	host, err := delivery.NewRehearsal(notRun)
	if err == nil && s.programs {
		err = host.RunPrograms(agent.FileOf(p.Stderr))
	}
	if err != nil {
		return &dsn.Error{Status: dsn.TempSystem, Text: "cannot run the rcfile", Err: err}
	}
	p.Invite()
	data, err := io.ReadAll(p.Stdin)
	if err != nil {
		return &dsn.Error{Status: dsn.TempSystem, Text: "cannot read the message", Err: err}
	}
	if len(data) == 0 {
		return &dsn.Error{Status: dsn.TempSystem, Text: "there is no message on standard input"}
	}
	intake := run.Filter.Intake
	intake.Now = time.Now()
	w := &rcWatcher{dir: host.Directory}
	host.Ran = w.ran
	c := run.Filter.Config
	c.Trace = w.trace()
	end := procmailrc.Run(host, procmailrc.NewMail(intake.Apply(data, 0), a.IgnoreLength), c)
	e := w.explanation(end)
	if s.json {
		enc := json.NewEncoder(p.Stdout)
		enc.SetEscapeHTML(false)
		err = enc.Encode(e)
	} else {
		err = p.showRC(e, s.ascii)
	}
	switch {
	case err != nil:
		return &dsn.Error{Status: dsn.TempSystem, Text: "cannot write the explanation", Err: err}
	case end.Status != 0:
		return agent.ExitStatus(end.Status)
	}
	return nil
}

// explanation puts together what was seen.
func (w *rcWatcher) explanation(end procmailrc.Ending) *rcExplanation {
	e := &rcExplanation{Schema: 1, Status: end.Status, Uncertain: w.uncertain, Destinations: w.destinations, Steps: w.steps}
	if e.Destinations == nil {
		e.Destinations = []destination{}
	}
	final := false
	for _, d := range w.destinations {
		final = final || !d.Copy && !d.Failed
	}
	switch {
	case end.Chosen && end.Status != 0:
		e.Verdict = "chosen"
	case end.Status != 0:
		e.Verdict = "deferred"
	case final:
		e.Verdict = "delivered"
	default:
		e.Verdict = "discarded"
	}
	return e
}

// kinds are the words for folders.
var kinds = [...]string{procmailrc.Mbox: "mbox", procmailrc.Maildir: "maildir", procmailrc.MH: "mh", procmailrc.MsgDir: "directory"}

// newDestination describes a try to deliver.
func newDestination(d procmailrc.Delivered, dir string, inCopy bool) destination {
	to := destination{To: strings.Join(d.Words, " "), Kind: "program", Default: d.Default, Copy: d.Copy || inCopy, Failed: !d.OK}
	switch {
	case d.Program:
	case to.To == "|":
		to.Kind = "stdout"
	case to.To == "/dev/null":
		to.Kind = "nothing"
	default:
		to.Kind = kinds[d.Folder.Kind]
		if to.To = d.Folder.Path; !strings.HasPrefix(to.To, "/") && to.To != "" {
			to.To = strings.TrimSuffix(dir, "/") + "/" + strings.TrimPrefix(to.To, "./")
		}
		for _, f := range d.Links {
			to.Links = append(to.Links, kinds[f.Kind]+" "+f.Path)
		}
	}
	return to
}
