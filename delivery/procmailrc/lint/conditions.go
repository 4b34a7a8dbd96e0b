package lint

import (
	"fmt"
	"strings"

	"lastmile/delivery/procmailrc"
)

// onCondition is called for each condition as it was written.
func (l *linter) onCondition(at procmailrc.Position, text string) {
	l.begin(at)
	l.lookups = nil
	l.condition = condition{at: at, text: text}
	l.recipe.conditions++
	rest := strings.TrimLeft(text, "! \t")
	if name, ok := strings.CutPrefix(rest, "$"); ok && name != "" && name[0] != '\\' && l.isVariable(name) {
		l.find(at, Error, "variable-not-expanded", "the first $ says that variables in the rest are expanded, and is no part of a variable itself", "write * $ "+rest)
		l.condition.misread = true
	}
}

// onOutcome is called when a condition has been read to its end. What comes out of
// it says nothing: there is no message.
func (l *linter) onOutcome(o procmailrc.Outcome) {
	if guards(o.Text) || guards(o.Written) || guards(l.condition.text) {
		l.recipe.guarded = true
	}
	if o.Test == procmailrc.MatchTest && !l.condition.misread {
		x := &expression{linter: l, text: o.Written, dropped: o.Dropped}
		x.at = l.condition.at
		if before := strings.LastIndex(l.condition.text, o.Written); before >= 0 && !strings.Contains(l.condition.text, "\n") {
			x.at.Column += before
		}
		x.expanded = strings.Contains(l.condition.text[:max(0, len(l.condition.text)-len(o.Written))], "$") || !strings.HasSuffix(strings.TrimRight(l.condition.text, " \t"), o.Written)
		x.check()
	}
}

// guards tells whether a condition keeps mail from going round: it looks for a mark
// of our own, or for mail of programs.
func guards(text string) bool {
	low := strings.ToLower(text)
	for _, mark := range [...]string{"x-loop", "from_daemon", "from_mailer", "auto-submitted", "x-been-here", "delivered-to"} {
		if strings.Contains(low, mark) {
			return true
		}
	}
	return false
}

// expression is the regular expression of a condition.
type expression struct {
	*linter
	at       procmailrc.Position // of the text
	text     string              // before macros are replaced
	dropped  bool                // a backslash stood before it
	expanded bool                // variables were
}

// find notes a finding at a place in the expression.
func (x *expression) find(i int, s Severity, id, problem, cure string) {
	at := x.at
	if !x.expanded {
		at.Column += i
	}
	x.linter.find(at, s, id, problem, cure)
}

// check looks at the expression as a whole, and then at its parts.
func (x *expression) check() {
	if x.text == "" {
		return
	}
	if x.dropped {
		x.droppedBackslash()
	}
	if at := commentIn(x.text); at >= 0 {
		x.find(at, Error, "condition-comment", "this is part of the regular expression, not a comment", "write the comment on a line of its own")
	}
	if n := len(x.text); n > 1 && x.text[0] == '"' && x.text[n-1] == '"' {
		x.find(0, Error, "regexp-quotes", "the quotes are part of the regular expression", "leave them out")
	}
	x.header()
	x.macros()
	s := scanner{x: x, text: x.text, start: true}
	s.run()
}

// droppedBackslash is about a backslash before the expression.
func (x *expression) droppedBackslash() {
	switch c := x.text[0]; {
	case c == '<' || c == '>' || strings.IndexByte("/[()^$|", c) >= 0:
		x.find(-1, Error, "backslash-dropped", fmt.Sprintf(`a backslash at the beginning is dropped, so that this begins with %q`, string(c)), fmt.Sprintf(`write ()\%c`, c))
	case c == '.':
		x.find(-1, Warning, "backslash-dropped", "a backslash at the beginning is dropped, so that the dot is any character", `write ()\. or [.]`)
	}
}

// commentIn returns where something begins that looks like a comment, or -1.
func commentIn(text string) int {
	for i := 1; i+1 < len(text); i++ {
		blank := text[i-1] == ' ' || text[i-1] == '\t'
		if blank && text[i] == '#' && (text[i+1] == ' ' || text[i+1] == '\t') {
			return i
		}
	}
	return -1
}

// header is about fields whose value begins with a blank that nobody has thought
// of.
func (x *expression) header() {
	name, value, ok := strings.Cut(x.text, ":")
	if !ok || len(name) < 2 || name[0] != '^' || value == "" || !isAlphanumeric(value[0]) || strings.Contains(x.condition.text, "??") || strings.ContainsAny(x.recipe.Flags, "B") {
		return
	}
	for _, c := range []byte(name[1:]) {
		if c != '-' && !isAlphanumeric(c) {
			return
		}
	}
	if name == "^TO" || name == "^TO_" {
		return
	}
	x.find(len(name)+1, Warning, "field-blank", "nearly every field has a blank behind the colon, and then this does not match", "write "+name+": *"+value)
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// macros is about what looks like a keyword and is none.
func (x *expression) macros() {
	for _, name := range [...]string{"FROM_DAEMON", "FROM_MAILER"} {
		if strings.HasPrefix(x.text, name) && !x.dropped {
			x.find(0, Error, "macro-caret", name+" without ^ is only text", "write ^"+name)
		}
	}
	for i := range len(x.text) {
		if x.text[i] != '^' || i > 0 && x.text[i-1] == '\\' {
			continue
		}
		rest := x.text[i+1:]
		x.macroCase(i, rest)
		if !strings.HasPrefix(rest, "TO") || strings.HasPrefix(rest, "TO_") || len(rest) < 3 {
			continue
		}
		if rest[2] == ':' {
			x.find(i, Error, "macro-to-field", "^TO is the keyword for the fields with recipients, and no colon can follow it", "write ^To: for the field, or ^TO_ for recipients")
		} else {
			x.find(i, Warning, "macro-to", "^TO also finds the end of a longer address: ^TObob@ matches jim-bob@", "write ^TO_")
		}
	}
}

// macroCase is about keywords in other letters than theirs.
func (x *expression) macroCase(i int, rest string) {
	for _, name := range [...]string{"FROM_DAEMON", "FROM_MAILER", "TO_"} {
		if len(rest) >= len(name) && strings.EqualFold(rest[:len(name)], name) && rest[:len(name)] != name {
			x.find(i, Error, "macro-case", fmt.Sprintf("^%s is no keyword: they are in capital letters", rest[:len(name)]), "write ^"+name)
		}
	}
}
