package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"lastmile/delivery"
	"lastmile/delivery/dsn"
	"lastmile/delivery/message"
	"lastmile/loopcheck"
)

// foundLoop is the exit status of check for a message that would be refused.
const foundLoop = exitStatus(1)

// checkCommand is lastmile check.
func (p *program) checkCommand() *cli.Command {
	flags := append(ruleFlags(), &cli.BoolFlag{Name: "json", Usage: "print the verdict as a JSON object"})
	return p.command("check", "say whether the message on standard input would loop", "-- RECIPIENT", p.check, flags...)
}

// check gives the verdict that deliver would act on. It exits 0 if the message
// would be delivered, 1 if it would be refused.
func (p *program) check(c *cli.Context) error {
	env, err := recipient(c)
	if err != nil {
		return err
	}
	rules, err := p.rules(c)
	if err != nil {
		return err
	}
	m, h, err := delivery.Examine(p.stdin)
	if err != nil {
		return err
	}
	f := newFinding(h, rules, rules.Decide(h, env))
	about := message.Summarize(m.Head()[h.FromLines:])
	f.MessageID, f.From, f.Subject = h.MessageID, about.From, about.Subject
	m.Drain()
	show := f.writeText
	if c.Bool("json") {
		show = f.writeJSON
	}
	if err := show(p.stdout); err != nil {
		return &dsn.Error{Status: dsn.TempSystem, Text: "cannot write the verdict", Err: err}
	}
	if f.Verdict != "pass" {
		return foundLoop
	}
	return nil
}

// finding is what check has to say; its JSON form is documented in lastmile(1).
type finding struct {
	Recipient string  `json:"recipient"`
	Verdict   string  `json:"verdict"`          // pass, loop or hops
	Status    string  `json:"status,omitempty"` // of a refusal
	Text      string  `json:"text,omitempty"`   // of a refusal
	Stamp     *stamp  `json:"stamp,omitempty"`  // the field that names the recipient
	Skipped   *stamp  `json:"skipped,omitempty"`
	Why       string  `json:"why"` // why it was skipped, or why none was
	Stamps    []stamp `json:"stamps"`
	Hops      int     `json:"hops"`
	MaxHops   int     `json:"max_hops"`
	Match     string  `json:"match"`
	MessageID string  `json:"message_id,omitempty"`
	From      string  `json:"from,omitempty"`    // decoded, as far as it can be read
	Subject   string  `json:"subject,omitempty"` // likewise
}

// stamp is a Delivered-To field with the number of its line in the message.
type stamp struct {
	Line  int    `json:"line"`
	Field string `json:"field"`
	Value string `json:"value"`
}

func newStamp(f *loopcheck.Field) *stamp {
	if f == nil {
		return nil
	}
	return &stamp{Line: f.Line, Field: f.Name.String(), Value: f.Unfolded}
}

func newFinding(h *loopcheck.Header, rules delivery.Rules, v delivery.Verdict) *finding {
	f := &finding{
		Recipient: v.Recipient, Verdict: v.String(),
		Stamp: newStamp(v.Stamp), Skipped: newStamp(v.Skipped), Why: v.SkipReason,
		Stamps: []stamp{}, Hops: v.Hops, MaxHops: rules.MaxHops, Match: "postfix",
	}
	if rules.Match == loopcheck.Mailbox {
		f.Match = "mailbox"
	}
	for i := range h.Stamps {
		f.Stamps = append(f.Stamps, *newStamp(&h.Stamps[i]))
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
		lines = append(lines, oneLine(fmt.Sprintf(format, args...), maxReport))
	}
	switch f.Verdict {
	case "loop":
		add("loop: line %d of the message says that it was delivered to %s before", f.Stamp.Line, f.Recipient)
	case "hops":
		add("too many hops: %d Received fields, %d are the limit", f.Hops, f.MaxHops)
	default:
		add("no loop: no Delivered-To field that counts names %s", f.Recipient)
	}
	if f.From != "" || f.Subject != "" {
		add("message: %q from %s", f.Subject, f.From)
	}
	for i, s := range f.Stamps {
		if i == maxListed {
			add("  … and %d more Delivered-To fields", len(f.Stamps)-i)
			break
		}
		add("  line %d: %s: %s%s", s.Line, s.Field, s.Value, f.remark(s))
	}
	add("stamp of this delivery: %s", f.Why)
	if f.Status != "" {
		add("a delivery would end with: %s %s", f.Status, f.Text)
	}
	if f.Verdict == "loop" {
		lines = append(lines, hints...)
	}
	for _, line := range lines {
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// maxListed is how many stamps are shown to a person.
const maxListed = 20

// remark says what a stamp means.
func (f *finding) remark(s stamp) string {
	switch {
	case f.Skipped != nil && s == *f.Skipped:
		return "   <- not counted"
	case f.Stamp != nil && s == *f.Stamp:
		return "   <- the loop"
	}
	return ""
}

// hints name the cures, by who wrote the line.
var hints = []string{
	"hint: who wrote that line?",
	"  the provider that fetchmail, getmail, fdm or mpop collects from: put dropdelivered into fetchmailrc,",
	"    or deliver with --on-loop quarantine; nothing loops, the provider has used your address for its own delivery",
	"  the MTA, for this very delivery (pipe flags=D, mailbox_command): deliver with --stamped-by mta",
	"  an earlier delivery of yours: something behind it (a forward, an alias, a .forward) sends the mail back",
}
