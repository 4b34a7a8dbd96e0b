package procmailrc

import (
	"bytes"
	"fmt"
	"strings"

	"lastmile/delivery/procmailrc/pattern"
)

// conditions reads the conditions of a recipe and reports whether all of them
// hold. All are read, but none is looked at after one that does not hold. Missing
// is set if there was a further recipe where an action had to be.
func (in *interp) conditions(r *recipe, skip, lastSucceeded bool) (match, missing bool) {
	count := r.conditions
	if count < 0 {
		count = 1
		if r.flags.has('A') || r.flags.has('a') || r.flags.has('E') || r.flags.has('e') {
			count = 0
		}
	}
	match = !skip && in.chained(r, lastSucceeded)
	in.traceChained(match, skip)
	var score pattern.Score
	for afterEmpty := false; ; {
		in.src.skipBlanks()
		count--
		if !in.src.take('*') && count < 0 {
			if in.src.take('#') {
				in.src.skipLine()
				continue
			}
			if in.src.take('\n') {
				afterEmpty = true
				continue
			}
			if afterEmpty && in.src.take(':') {
				in.log("Missing action\n")
				return false, true
			}
			break
		}
		if count > maxPastEnd && in.src.peek() == eof {
			break
		}
		in.src.skipBlanks()
		from := in.offset()
		text, overflow := in.src.logicalLine(in.lineBuf)
		if overflow {
			in.overflow()
			match = false
		}
		in.traceCondition(from, text)
		if match || in.walking {
			c := condition{in: in, recipe: r, score: &score, area: r.area(), text: strings.TrimRight(text, " \t")}
			match = c.holds()
		}
	}
	if in.walking {
		return !skip, false
	}
	value, matched := score.Final()
	in.lastScore = value
	return match && matched, false
}

// chained reports whether the flags A, a, E and e let the recipe be looked at.
func (in *interp) chained(r *recipe, lastSucceeded bool) bool {
	ok := true
	if r.flags.has('e') {
		ok = in.chain.prev && !lastSucceeded
		if r.flags.has('E') {
			in.conflicting(r, 'E', "else-if-flag")
		}
		if r.flags.has('a') {
			in.conflicting(r, 'a', "also-if-succeeded-flag")
		}
	}
	if r.flags.has('E') {
		ok = ok && !in.chain.prev
	}
	if r.flags.has('a') {
		ok = ok && in.chain.last && lastSucceeded
	}
	if r.flags.has('A') {
		ok = ok && in.chain.last
	}
	return ok
}

func (in *interp) conflicting(r *recipe, letter byte, name string) {
	in.log("Conflicting " + name + " suppressed\n")
	r.flags.drop(letter)
}

// area returns what the conditions of a recipe look at if they do not say.
func (r *recipe) area() area {
	switch {
	case r.flags.has('H') && r.flags.has('B'):
		return bothAreas
	case r.flags.has('B'):
		return bodyArea
	}
	return headerArea
}

// condition is one condition while it is looked at.
type condition struct {
	in     *interp
	recipe *recipe
	score  *pattern.Score
	text   string // what is left of it

	area     area
	variable *string // instead of area
	sizeOf   int     // what < and > compare, if sized is set
	sized    bool

	negated  bool
	weighted bool
	w, x     float64
	seen
}

// searched returns the bytes that are looked at.
func (c *condition) searched() []byte {
	if c.variable != nil {
		return []byte(*c.variable)
	}
	return c.in.mail.search(c.area)
}

// holds reads what stands before a regular expression, a program or a size, and
// looks whether the condition holds.
func (c *condition) holds() bool {
	for {
		first := byte(0)
		if c.text != "" {
			first = c.text[0]
		}
		switch {
		case first == '!':
			c.negated = !c.negated
			c.text = skipSpace(c.text[1:])
		case first == '$':
			e, ok := c.in.expand(&textIn{text: `"` + squeeze(c.text[1:])}, toText, "", false)
			if !ok {
				return c.say(false, c.text)
			}
			c.text = skipSpace(e.String())
		case first == '?':
			return c.program(c.text[1:])
		case first == '<' || first == '>':
			return c.size()
		case first == '\\':
			return c.matches(c.text[1:], `\`)
		case c.weight():
			if c.score.Enough() {
				return true
			}
		case c.named():
		default:
			return c.matches(c.text, "")
		}
	}
}

// weight takes the weight of a condition.
func (c *condition) weight() bool {
	w, x, rest, ok := pattern.ParseWeight(c.text)
	if ok {
		c.weighted, c.w, c.x, c.text = true, w, x, rest
	}
	return ok
}

// named takes `NAME ??`, which says what to look at.
func (c *condition) named() bool {
	end := 0
	for end < len(c.text) && (isNameStart(int(c.text[end])) || end > 0 && isDigit(int(c.text[end]))) {
		end++
	}
	name := c.text[:end]
	rest, ok := strings.CutPrefix(skipSpace(c.text[end:]), "??")
	if !ok || end == 0 {
		return false
	}
	m := c.in.mail
	c.text, c.variable, c.sized = skipSpace(rest), nil, true
	switch name {
	case "H":
		c.area, c.sizeOf = headerArea, m.body
	case "B":
		c.area, c.sizeOf = bodyArea, m.len()-m.body
	case "HB", "BH":
		c.area, c.sizeOf = bothAreas, m.len()
	default:
		value := c.in.vars.get(name)
		c.variable, c.sizeOf = &value, len(value)
	}
	return true
}

// matches looks for a regular expression. Dropped is what stood before it and is
// only shown.
func (c *condition) matches(text, dropped string) bool {
	c.test, c.written, c.dropped = MatchTest, squeeze(text), dropped != ""
	// A backslash that is dropped still keeps a macro behind it from being one.
	expr, daemon := pattern.Expand(dropped + c.written)
	expr = expr[len(dropped):]
	ok := true
	if expr == "" && !c.weighted {
		return c.say(!c.negated, dropped)
	}
	p, valid := pattern.Compile(expr, daemon || !c.recipe.flags.has('D'))
	if !valid {
		c.in.logQuoted("Invalid regexp", expr)
	}
	searched, before := c.searched(), c.score.Total()
	c.pattern = p
	switch {
	case c.weighted:
		if from, to, found := c.score.AddPattern(c.w, c.x, c.negated, p, searched); found {
			c.in.setMatch(searched[from:to])
		}
		ok = !c.score.Failed()
	case p.Extracts():
		if ok = p.Match(searched); ok {
			if from, to, found := p.Extract(searched); found {
				c.in.setMatch(searched[from:to])
			}
		}
		ok = ok != c.negated
	default:
		ok = p.Match(searched) != c.negated
	}
	c.in.walkedMatch(p)
	return c.scored(ok, before, dropped+expr)
}

// setMatch sets MATCH to what was found right of \/.
func (in *interp) setMatch(text []byte) {
	text, _, _ = bytes.Cut(text, []byte{0})
	in.tell("Assigning", "MATCH=") // procmail says no more
	in.vars.set("MATCH", string(text))
	in.traceSet("MATCH", string(text))
	in.tell("Matched", string(text))
}

// program looks at the exit status of a program.
func (c *condition) program(text string) bool {
	c.test = ProgramTest
	command := c.in.command(text)
	before := c.score.Total()
	status := c.in.test(command, plain(c.searched()))
	if c.weighted && status >= 0 {
		c.score.AddProgram(c.w, c.x, c.negated, status)
		return c.scored(!c.score.Failed(), before, command.name())
	}
	return c.scored((status == 0) != c.negated, before, command.name())
}

// size compares the size of the message, or of what is searched.
func (c *condition) size() bool {
	c.test = SizeTest
	e, ok := c.in.expand(&textIn{text: c.text}, toText, "", false)
	if !ok {
		return c.say(false, c.text)
	}
	text := e.String()
	limit, rest := 0, strings.TrimLeft(text[1:], " \t\n\v\f\r")
	if n, length := leadingInt(rest); length > 0 {
		limit, rest = n, rest[length:]
	} else {
		rest = text[1:]
	}
	c.in.skipped(skipSpace(rest))
	size := c.sizeOf
	if !c.sized {
		size = c.in.mail.len()
	}
	less := text[0] == '<'
	before := c.score.Total()
	if c.weighted {
		c.score.AddSize(c.w, c.x, less, c.negated, int64(size), int64(limit))
		return c.scored(!c.score.Failed(), before, text)
	}
	holds := size > limit
	if less {
		holds = size < limit
	}
	return c.scored(holds != c.negated, before, text)
}

// scored logs the outcome of a condition and returns it.
func (c *condition) scored(ok bool, before float64, text string) bool {
	if !c.weighted {
		return c.say(ok, text)
	}
	if c.in.verbose() {
		total := c.score.Total()
		shown := fmt.Sprintf("%7d", int64(total))
		if int64(total) == 0 && total > 0 {
			shown = "     +0"
		}
		c.in.log(fmt.Sprintf("Score: %7d %s%s \"%s\"\n", int64(total-before), shown, c.not(), text))
	}
	c.in.traceOutcome(c, ok, text)
	return ok
}

// say logs whether a condition without a weight holds, and returns that.
func (c *condition) say(ok bool, text string) bool {
	if c.in.verbose() {
		what := "No match on"
		if ok {
			what = "Match on"
		}
		c.in.logQuoted(what+c.not(), text)
	}
	c.in.traceOutcome(c, ok, text)
	return ok
}

// not is how a negated condition is marked in the log.
func (c *condition) not() string {
	if c.negated {
		return " !"
	}
	return ""
}
