package main

import (
	"fmt"
	"strings"
	"time"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/loopcheck"
)

// columns is the width of the picture and of the text: that of a terminal that
// nobody has made larger.
const columns = 80

// pen is what the picture is drawn with.
type pen struct{ origin, line, arrow, stamp, back, stop, good, loop, plain string }

var (
	unicodePen = pen{origin: "○", line: "│", arrow: "▼", stamp: "├─", back: "◀", stop: "✗", good: "✓"}
	asciiPen   = pen{origin: "o", line: "|", arrow: "v", stamp: "|-", back: "<", stop: "x", good: "*"}
)

// inColour adds the escapes that mark the loop.
func (p pen) inColour() pen {
	p.loop, p.plain = "\x1b[1;31m", "\x1b[0m"
	return p
}

// picture draws the way of a message, the oldest hop first.
type picture struct {
	pen
	lang  language
	zone  *time.Location // of the newest hop: the reader's own, as far as is known
	lines []string
}

// draw draws the trace fields and how the delivery ends.
func (p *picture) draw(e *explanation) {
	var before time.Time
	started := false
	p.zone = time.UTC
	for i := range e.way {
		if h := e.way[i].Hop; h != nil && !h.Time.IsZero() {
			p.zone = h.Time.Location()
		}
	}
	for i := range e.way {
		f := &e.way[i]
		switch {
		case f.Hop != nil:
			if !started && f.Hop.From != "" && !f.Hop.Fetched() {
				p.add(p.origin + " " + f.Hop.From + "  " + p.lang.say(textFrom))
			}
			started = true
			p.hop(f, before)
			if !f.Hop.Time.IsZero() {
				before = f.Hop.Time
			}
		case f.Is(loopcheck.DeliveredTo), f.Is(loopcheck.OwnStamp), f.Resent():
			p.field(f, e)
		}
	}
	p.end(e)
}

func (p *picture) add(line string) {
	p.lines = append(p.lines, cut(agent.OneLine(line, agent.MaxReport), columns))
}

// hop draws one host: when it got the message, how, and what it is.
func (p *picture) hop(f *loopcheck.TraceField, before time.Time) {
	h := f.Hop
	name := h.By
	if name == "" {
		name = "?"
	}
	var about []string
	if h.Fetched() {
		about = append(about, p.lang.say(textFetches, h.Software))
	} else if h.Software != "" {
		about = append(about, h.Software)
	}
	if h.With != "" {
		about = append(about, h.With)
	}
	if h.For != "" {
		about = append(about, p.lang.say(textFor, h.For))
	}
	when := ""
	if !h.Time.IsZero() {
		when = h.Time.In(p.zone).Format("2006-01-02 15:04:05 -0700")
		if !before.IsZero() {
			when += "  " + delay(h.Time.Sub(before))
			if h.Time.Before(before) {
				when += ", " + p.lang.say(textClock)
			}
		}
	}
	p.add(strings.TrimRight(p.line+"   "+when, " "))
	p.add(p.arrow + " " + name + "  " + strings.Join(about, ", "))
}

// field draws a stamp, or a field of a person who has sent the message again.
func (p *picture) field(f *loopcheck.TraceField, e *explanation) {
	line := fmt.Sprintf("%s %d: %s: %s", p.stamp, f.Line, f.Name, f.Body)
	remark := ""
	switch {
	case e.Stamp != nil && f.Line == e.Stamp.Line:
		remark = p.lang.say(textStampHere)
	case e.Skipped != nil && f.Line == e.Skipped.Line:
		remark = p.lang.say(textSkipped)
	case e.Foreign != nil && f.Line == e.Foreign.Line:
		remark = p.lang.say(textForeign)
	}
	if remark == "" {
		p.add(line)
		return
	}
	p.add(line)
	last := &p.lines[len(p.lines)-1]
	remark = "  " + p.back + " " + remark
	*last = cut(*last, columns-width(remark)) + remark
	if e.Stamp != nil && f.Line == e.Stamp.Line {
		*last = p.loop + *last + p.plain
	}
}

// end draws the delivery that is asked about.
func (p *picture) end(e *explanation) {
	if e.Recipient == "" {
		return
	}
	p.add(p.line)
	switch {
	case e.Stamp != nil:
		p.add(p.stop + " " + p.lang.say(textRefused, e.Recipient, e.Stamp.Line))
		p.lines[len(p.lines)-1] = p.loop + p.lines[len(p.lines)-1] + p.plain
	case e.Verdict == "hops":
		p.add(p.stop + " " + p.lang.say(textHops, e.Recipient, e.Hops, e.MaxHops))
	default:
		p.add(p.good + " " + p.lang.say(textDelivered, e.Recipient))
	}
}

// delay says how long a hop took.
func delay(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%s%d s", sign, int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%s%d min", sign, int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%s%d h", sign, int(d.Hours()))
	}
	return fmt.Sprintf("%s%d d", sign, int(d.Hours()/24))
}

// width returns how many columns a terminal needs for a text.
func width(s string) (n int) {
	for _, r := range s {
		n++
		if wide(r) {
			n++
		}
	}
	return n
}

// wide tells whether a terminal gives two columns to a character: the blocks of
// Unicode's EastAsianWidth.txt that are W or F as a whole.
func wide(r rune) bool {
	for _, block := range [...][2]rune{{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}} {
		if r >= block[0] && r <= block[1] {
			return true
		}
	}
	return false
}

// cut makes a text fit into some columns.
func cut(s string, limit int) string {
	if width(s) <= limit {
		return s
	}
	n := 0
	for i, r := range s {
		if n += width(string(r)); n > limit-3 {
			return s[:i] + "..."
		}
	}
	return s
}

// wrap breaks a text into lines: at blanks, and between wide characters.
func wrap(s, indent string) (lines []string) {
	line := ""
	for _, word := range words(s) {
		if width(line)+width(strings.TrimRight(word, " ")) > columns {
			lines = append(lines, strings.TrimRight(line, " "))
			line = indent
		}
		line += word
	}
	return append(lines, strings.TrimRight(line, " "))
}

// words cuts a text after blanks and after wide characters, but never before a
// closing mark.
func words(s string) (words []string) {
	start := 0
	runes := []rune(s)
	for i, r := range runes {
		next := rune(0)
		if i+1 < len(runes) {
			next = runes[i+1]
		}
		if r == ' ' || wide(r) && !strings.ContainsRune("、。）」", next) || next != 0 && wide(next) && !strings.ContainsRune("、。）」", next) && r != '（' {
			words = append(words, string(runes[start:i+1]))
			start = i + 1
		}
	}
	return append(words, string(runes[start:]))
}
