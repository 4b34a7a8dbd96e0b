package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/delivery"
	"lastmile/delivery/dsn"
	"lastmile/delivery/message"
	"lastmile/loopcheck"
)

// foundLoop is the exit status of check for a message that would be refused.
const foundLoop = agent.ExitStatus(1)

// checkCommand is lastmile check.
func (p *program) checkCommand() *cli.Command {
	options := agent.WithRules(agent.Option{Name: "json", Kind: agent.WantsNothing, Usage: "print the verdict as a JSON object"})
	action := func(c *cli.Context) error { return p.check(argumentsOf(c, options)) }
	return p.command("check", "say whether the message on standard input would loop", "-- RECIPIENT", action, flags(options)...)
}

// check gives the verdict that deliver would act on. It exits 0 if the message
// would be delivered, 1 if it would be refused.
func (p *program) check(a *agent.Arguments) error {
	env, err := agent.Recipient(a)
	if err != nil {
		return err
	}
	rules, err := p.Rules(a)
	if err != nil {
		return err
	}
	p.Invite()
	m, h, err := delivery.Examine(p.Stdin)
	if err != nil {
		return err
	}
	f := newFinding(h, m.Head(), rules, rules.Decide(h, env))
	m.Drain()
	show := f.writeText
	if a.Yes("json") {
		show = f.writeJSON
	}
	if err := show(p.Stdout); err != nil {
		return &dsn.Error{Status: dsn.TempSystem, Text: "cannot write the verdict", Err: err}
	}
	if f.Verdict != "pass" {
		return foundLoop
	}
	return nil
}

// finding is what check has to say; its JSON form is documented in lastmile(1).
type finding struct {
	Schema    int     `json:"schema"` // 1, until a member changes its meaning
	Recipient string  `json:"recipient"`
	Verdict   string  `json:"verdict"`          // pass, loop or hops
	Status    string  `json:"status,omitempty"` // of a refusal
	Text      string  `json:"text,omitempty"`   // of a refusal
	Stamp     *field  `json:"stamp,omitempty"`  // the field that names the recipient
	Skipped   *field  `json:"skipped,omitempty"`
	Foreign   *field  `json:"foreign,omitempty"` // names the recipient, but --trust own does not count it
	Why       string  `json:"why"`               // why it was skipped, or why none was
	Trust     string  `json:"trust"`
	Stamps    []field `json:"stamps"`
	Hops      int     `json:"hops"`
	MaxHops   int     `json:"max_hops"`
	Match     string  `json:"match"`
	MessageID string  `json:"message_id,omitempty"`
	From      string  `json:"from,omitempty"`    // decoded, as far as it can be read
	Subject   string  `json:"subject,omitempty"` // likewise
}

// field is a trace field with the number of its line in the message.
type field struct {
	Line   int             `json:"line"`
	Field  string          `json:"field"`
	Value  string          `json:"value"`
	Origin delivery.Origin `json:"origin,omitempty"` // with --trust own: valid, expired, invalid, foreign
}

func newField(f *loopcheck.Field) *field {
	if f == nil {
		return nil
	}
	return &field{Line: f.Line, Field: f.Name.String(), Value: f.Unfolded}
}

// newFinding says what the header section h, at the beginning of a text, comes to.
func newFinding(h *loopcheck.Header, text []byte, rules delivery.Rules, v delivery.Verdict) *finding {
	about := message.Summarize(text[h.FromLines:])
	f := &finding{
		Schema: 1, MessageID: h.MessageID, From: about.From, Subject: about.Subject,
		Recipient: v.Recipient, Verdict: v.String(),
		Stamp: newField(v.Stamp), Skipped: newField(v.Skipped), Foreign: newField(v.Foreign), Why: v.SkipReason,
		Trust: "any", Stamps: []field{}, Hops: v.Hops, MaxHops: rules.MaxHops, Match: "postfix",
	}
	if rules.Own != nil {
		f.Trust = "own"
	}
	if rules.Match == loopcheck.Mailbox {
		f.Match = "mailbox"
	}
	for i := range h.Stamps {
		s := newField(&h.Stamps[i])
		if rules.Own != nil {
			s.Origin = rules.Own.Judge(h, &h.Stamps[i], loopcheck.Options{Match: rules.Match})
		}
		f.Stamps = append(f.Stamps, *s)
	}
	if err := v.Refusal(delivery.Bounce); err != nil {
		e := dsn.Of(err)
		f.Status, f.Text = e.Status.String(), e.Text
	}
	return f
}

func (f *finding) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(f)
}

// writeText writes the verdict for a person.
func (f *finding) writeText(w io.Writer) error {
	var lines []string
	add := func(format string, args ...any) {
		lines = append(lines, agent.OneLine(fmt.Sprintf(format, args...), agent.MaxReport))
	}
	switch f.Verdict {
	case "loop":
		add("loop: line %d of the message says that it was delivered to %s before", f.Stamp.Line, f.Recipient)
	case "hops":
		add("too many hops: %d Received fields, %d are the limit", f.Hops, f.MaxHops)
	default:
		add("no loop: no Delivered-To field that counts names %s", f.Recipient)
		if f.Foreign != nil {
			add("line %d does, but no stamp of this installation agrees", f.Foreign.Line)
		}
	}
	if f.From != "" || f.Subject != "" {
		add("message: %q from %s", f.Subject, orUnknown(f.From))
	}
	for i, s := range f.Stamps {
		if i == maxListed {
			add("  … and %d more Delivered-To fields", len(f.Stamps)-i)
			break
		}
		add("  line %d: %s: %s%s", s.Line, s.Field, s.Value, f.remark(s))
	}
	if f.Stamp != nil && f.Stamp.Field != loopcheck.DeliveredTo.String() {
		add("  line %d: %s: %s%s", f.Stamp.Line, f.Stamp.Field, f.Stamp.Value, f.remark(*f.Stamp))
	}
	add("stamp of this delivery: %s", f.Why)
	if f.Status != "" {
		add("a delivery would end with: %s %s", f.Status, f.Text)
	}
	switch {
	case f.Verdict == "loop" && f.Trust == "own":
		lines = append(lines, "hint: it was delivered here; something behind that delivery (a forward, an alias, a .forward) sends the mail back")
	case f.Verdict == "loop":
		lines = append(lines, hints...)
	}
	for _, line := range lines {
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func orUnknown(s string) string {
	if s == "" {
		return "nobody named"
	}
	return s
}

// maxListed is how many stamps are shown to a person.
const maxListed = 20

// remark says what a stamp means.
func (f *finding) remark(s field) string {
	switch {
	case f.Skipped != nil && s.Line == f.Skipped.Line:
		return "   <- not counted"
	case f.Stamp != nil && s.Line == f.Stamp.Line:
		return "   <- the loop"
	case s.Origin != "":
		return "   <- " + string(s.Origin)
	}
	return ""
}

// hints name the cures, by who wrote the line.
var hints = []string{
	"hint: who wrote that line? (lastmile explain draws the way of the message)",
	"  the provider that fetchmail, getmail, fdm or mpop collects from, for its own delivery, and nothing loops:",
	"    put dropdelivered into fetchmailrc, or deliver with --trust own (lastmile doctor --recipe trust)",
	"  the MTA, for this very delivery (pipe flags=D, mailbox_command): deliver with --stamped-by mta",
	"  an earlier delivery of yours: something behind it (a forward, an alias, a .forward) sends the mail back",
}
