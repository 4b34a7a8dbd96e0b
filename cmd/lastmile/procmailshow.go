package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"lastmile/cmd/lastmile/internal/agent"
)

// rcPicture draws the way through the rcfiles.
type rcPicture struct {
	pen
	lines []string
	file  string // that the last step stands in
}

// ruled are the signs of the picture for those who have only ASCII.
var ruled = strings.NewReplacer("✓", "+", "✗", "-", "→", "->")

// showRC prints an explanation for a person.
func (p *program) showRC(e *rcExplanation, ascii bool) error {
	pic := &rcPicture{}
	if agent.IsTerminal(p.Stdout) && os.Getenv("NO_COLOR") == "" {
		pic.pen = pic.pen.inColour()
	}
	for _, s := range e.Steps {
		pic.step(s)
	}
	pic.end(e)
	text := strings.Join(pic.lines, "\n") + "\n"
	if _, utf8 := locale(); ascii || !utf8 {
		text = ruled.Replace(text)
	}
	_, err := io.WriteString(p.Stdout, text)
	return err
}

// add adds a line, cut to the width of a terminal.
func (p *rcPicture) add(format string, args ...any) {
	p.lines = append(p.lines, cut(agent.OneLine(fmt.Sprintf(format, args...), agent.MaxReport), columns))
}

// whole adds a line that is not cut: a path in it may have to be copied.
func (p *rcPicture) whole(format string, args ...any) {
	p.lines = append(p.lines, agent.OneLine(fmt.Sprintf(format, args...), 4*agent.MaxReport))
}

// paragraph adds a text, broken into lines: only a word that is longer goes beyond
// the width of a terminal.
func (p *rcPicture) paragraph(indent, format string, args ...any) {
	p.lines = append(p.lines, wrap(indent+agent.OneLine(fmt.Sprintf(format, args...), 4*agent.MaxReport), indent+"  ")...)
}

// step draws one step.
func (p *rcPicture) step(s *rcStep) {
	at := strconv.Itoa(s.Line)
	switch s.Kind {
	case "rcfile":
		p.add("%s", s.File)
		p.file = s.File
		return
	case "copy":
		p.add("  → a copy of the message goes its own way from here:")
		return
	case "end-copy":
		p.add("  → the copy has gone; the message itself goes on behind the block:")
		return
	case "default":
		p.add("No recipe has delivered the message: DEFAULT")
		p.destinations(s)
		return
	case "complaint":
		p.paragraph("  ", "! %s", strings.TrimSpace(s.Text))
		return
	}
	if s.Skipped {
		return
	}
	if s.File != p.file {
		p.add("%s", s.File)
		p.file = s.File
	}
	if s.Kind == "assignment" {
		if s.Unset {
			p.add("%5s  %s is removed", at, s.Name)
		} else {
			p.add("%5s  %s=%s", at, s.Name, s.Value)
		}
		p.programs(s)
		return
	}
	p.recipe(s, at)
}

// recipe draws a recipe: its conditions, and what it does.
func (p *rcPicture) recipe(s *rcStep, at string) {
	p.add("%5s  %s", at, s.Text)
	if s.Chain == "no" {
		p.add("       ✗ not looked at: the recipe before it %s", chainSays(s.Flags))
	}
	for _, c := range s.Conditions {
		if s.Chain != "no" {
			p.condition(c)
		}
	}
	for _, v := range s.Sets {
		if v.Name != "LASTFOLDER" && v.Name != "MATCH" {
			p.add("         sets %s=%s", v.Name, v.Value)
		}
	}
	p.programs(s)
	p.action(s)
}

// chainSays says what the recipe before must have done, and has not.
func chainSays(flags string) string {
	switch {
	case strings.Contains(flags, "e"):
		return "has not matched and failed"
	case strings.Contains(flags, "a"):
		return "has not matched and succeeded"
	case strings.Contains(flags, "A"):
		return "has not matched"
	}
	return "has matched"
}

// condition draws a condition and what it has found.
func (p *rcPicture) condition(c *rcCondition) {
	sign, note := "✗", ""
	switch {
	case c.Verdict == "unread":
		sign, note = " ", "   (not looked at)"
	case c.Verdict == "yes":
		sign = "✓"
	}
	if c.Score != nil {
		note = "   (score so far: " + strconv.FormatFloat(*c.Score, 'g', 6, 64) + ")"
	}
	switch {
	case c.NotRun:
		note += "   (not run: taken for a success)"
	case c.Test == "program":
		note += fmt.Sprintf("   (status %d)", c.Status)
	}
	text := cut(agent.OneLine("* "+c.Text, agent.MaxReport), columns-9-width(note))
	p.add("       %s %s%s", sign, text, note)
	if c.Test == "regexp" && strings.Contains(c.Text, "$") && !strings.HasSuffix(c.Text, c.Expanded) {
		p.paragraph("           ", "that is: %s", c.Expanded)
	}
	if c.Found != nil {
		p.found(c.Found)
	}
	if c.Match != nil {
		p.add("           MATCH=%s", *c.Match)
	}
}

// found draws the line in which something was found, and marks it there.
func (p *rcPicture) found(f *rcFound) {
	const indent = "           "
	from, to := f.From, max(f.From, min(f.To, len(f.Text)))
	for line := range strings.SplitAfterSeq(f.Text, "\n") {
		length := len(strings.TrimSuffix(line, "\n"))
		begin, end := max(0, min(from, length)), max(0, min(to, length))
		from, to = from-len(line), to-len(line)
		if end == begin && length > 0 {
			continue
		}
		room := columns - len(indent)
		text, before := agent.OneLine(line[:length], 2*maxFound), agent.OneLine(line[:begin], 2*maxFound)
		marked := max(1, width(agent.OneLine(line[begin:end], 2*maxFound)))
		start := width(before)
		if start > room/2 && start+marked > room {
			skip := min(len(before), start-room/4)
			text, start = "..."+strings.ToValidUTF8(text[skip:], ""), start-skip+3
		}
		p.lines = append(p.lines, indent+cut(text, room), p.loop+indent+strings.Repeat(" ", min(start, room-1))+strings.Repeat("^", max(1, min(marked, room-start)))+p.plain)
		if to <= 0 {
			return
		}
	}
}

// programs names the programs of a step that were not run.
func (p *rcPicture) programs(s *rcStep) {
	for _, r := range s.Programs {
		if r.Run || s.Action != nil && s.Action.Does && (s.Action.Kind == "program" || s.Action.Kind == "forward") {
			continue
		}
		what := "taken for a success; its output is unknown"
		if s.Action != nil && s.Action.Kind == "filter" {
			what = "taken for a success that changes nothing"
		}
		p.paragraph("         ", "not run, %s: %s", what, r.Command)
	}
}

// action draws what a recipe does, or would have done.
func (p *rcPicture) action(s *rcStep) {
	a := s.Action
	switch {
	case a == nil:
		return
	case !a.Does && a.Kind == "block":
		p.add("         not entered: the block in line %d", a.Line)
	case !a.Does:
		p.add("         not done: %s", a.Text)
	case a.Kind == "block":
		p.add("       → the block is entered")
	case a.Kind == "filter" || a.Kind == "capture":
		p.add("       → %s: %s", a.Kind, a.Text)
		if a.Result == "failed" {
			p.add("         it fails")
		}
	}
	p.destinations(s)
}

// destinations draws where the message, or a copy, goes.
func (p *rcPicture) destinations(s *rcStep) {
	for _, d := range s.Destinations {
		switch what := d.describe(); {
		case d.Failed:
			p.whole("       ✗ this fails: %s", what)
		case d.Copy:
			p.whole("       → a copy goes to %s", what)
		default:
			p.whole("       → the message goes to %s", what)
		}
	}
}

// describe says what a destination is.
func (d *destination) describe() string {
	switch d.Kind {
	case "nothing":
		return "/dev/null: it is thrown away"
	case "stdout":
		return "the standard output"
	case "program":
		return "the program: " + strings.TrimSpace(d.To)
	}
	text := d.To + " (" + d.Kind + ")"
	for _, link := range d.Links {
		text += ", with a link in " + link
	}
	return text
}

// end draws the verdict.
func (p *rcPicture) end(e *rcExplanation) {
	p.lines = append(p.lines, "")
	switch e.Verdict {
	case "delivered":
		for i := len(e.Destinations) - 1; i >= 0; i-- {
			if d := &e.Destinations[i]; !d.Failed && !d.Copy {
				p.whole("✓ Delivered, exit status %d: %s", e.Status, d.describe())
				break
			}
		}
	case "discarded":
		p.paragraph("", "✗ The message is thrown away: HOST ends the rcfile. Exit status 0.")
	case "chosen":
		p.paragraph("", "✗ The rcfile has chosen the exit status %d.", e.Status)
	default:
		p.paragraph("", "✗ Not delivered: it would be tried again. Exit status %d.", e.Status)
	}
	if e.Uncertain {
		p.paragraph("", "This depends on programs that were not run, but taken for successes.")
	}
}
