package lint

import (
	"fmt"
	"strings"
)

// scanner looks at the parts of an expression, in procmail's syntax.
type scanner struct {
	x      *expression
	text   string
	i      int
	start  bool // of the expression, a group or an alternative
	repeat bool // an operator * + ? was just before
	atom   bool // something that can be repeated was
}

func (s *scanner) find(sev Severity, id, problem, cure string) { s.x.find(s.i, sev, id, problem, cure) }

// run goes from part to part.
func (s *scanner) run() {
	for s.i < len(s.text) {
		start, atom, repeat := false, true, false
		next := s.i + 1
		switch c := s.text[s.i]; c {
		case '\\':
			next++
			s.escape()
			if s.rest(1) == "/" || s.rest(1) == "" {
				start, atom = s.start || s.rest(1) == "/", false
			}
		case '[':
			next = s.class()
		case '(':
			start, atom = true, false
			if strings.HasPrefix(s.text[next:], "?") {
				s.find(Error, "perl-group", "(? begins a group with a literal question mark, not one of Perl's", "leave the ?: out; case is ignored anyway, unless the flag D is set")
				next++
			}
		case ')':
		case '|':
			start, atom = true, false
		case '*', '+', '?':
			repeat = s.operator(c)
		case '{':
			s.count()
		case '^':
			start, atom, next = s.caret()
		case '$':
			s.dollar()
		}
		s.start, s.atom, s.repeat, s.i = start, atom, repeat, next
	}
}

// rest returns up to one character at an offset from here.
func (s *scanner) rest(offset int) string {
	if s.i+offset >= len(s.text) {
		return ""
	}
	return s.text[s.i+offset : s.i+offset+1]
}

// perl are the escapes that are only letters here, and what to write for them.
var perl = [...][3]string{
	{"d", "digit", "[0-9]"}, {"D", "non-digit", "[^0-9]"}, {"w", "letter or digit", "[a-z0-9_]"}, {"W", "character that is none", "[^a-z0-9_]"},
	{"s", "blank", "[ \t]"}, {"S", "non-blank", "[^ \t]"}, {"b", "word boundary", `\<`}, {"B", "non-boundary", ""},
	{"n", "newline", "$"}, {"t", "tab", "a tab"}, {"r", "carriage return", "the character"}, {"A", "start of the text", "^^"}, {"Z", "end of the text", "^^"}, {"z", "end of the text", "^^"},
}

// escape is about a backslash and what follows it.
func (s *scanner) escape() {
	letter := s.rest(1)
	for _, p := range perl {
		if p[0] == letter {
			cure := ""
			if p[2] != "" {
				cure = "write " + p[2]
			}
			s.find(Error, "perl-escape", fmt.Sprintf(`\%s is the letter %s, not a %s`, p[0], p[0], p[1]), cure)
		}
	}
	if letter >= "1" && letter <= "9" {
		s.find(Error, "perl-escape", fmt.Sprintf(`\%s is the digit %s: nothing refers back to a group`, letter, letter), "")
	}
}

// class reads a class and returns where it ends.
func (s *scanner) class() (end int) {
	at := s.i + 1
	if at < len(s.text) && s.text[at] == '^' {
		at++
	}
	for first := true; at < len(s.text); first = false {
		switch {
		case s.text[at] == ']' && !first:
			return at + 1
		case s.text[at] == '[' && at+1 < len(s.text) && s.text[at+1] == ':':
			if length := strings.Index(s.text[at:], ":]"); length > 0 {
				s.find(Error, "posix-class", s.text[at:at+length+2]+" is no class of characters here: it is the characters themselves", "write the range: [a-z], [0-9], [ \t]")
				at += length + 1
			}
		case s.text[at] == '\\' && at+1 < len(s.text) && strings.IndexByte("dDwWsS", s.text[at+1]) >= 0:
			s.find(Error, "perl-escape", fmt.Sprintf(`between brackets \%c is a backslash and the letter %[1]c`, s.text[at+1]), "write the range")
		case s.text[at] == '\\' && at+1 < len(s.text) && s.text[at+1] == ']' && strings.IndexByte(s.text[at+2:], ']') >= 0:
			s.find(Warning, "class-backslash", "between brackets a backslash is a character, and the ] behind it ends the class", "write the ] first: []…]")
		}
		at++
	}
	s.find(Error, "regexp-class", "the bracket is not closed: everything behind it belongs to the class", `close it, or write \[ for a bracket`)
	return at
}

// operator is about * + and ?, which repeat what is before them once.
func (s *scanner) operator(c byte) (repeat bool) {
	switch {
	case s.repeat:
		what := fmt.Sprintf("a second operator is an ordinary character: this looks for %q", string(c))
		cure := "remove it"
		if c == '?' {
			cure += "; the shortest match is no matter of an operator here"
		}
		s.find(Error, "repeat-twice", what, cure)
		return false
	case s.start && !s.atom:
		s.find(Warning, "repeat-nothing", fmt.Sprintf("nothing is here that could be repeated: this looks for %q", string(c)), fmt.Sprintf(`write .%c, or \%c for the character`, c, c))
		return false
	}
	return true
}

// count is about {2}, which repeats nothing.
func (s *scanner) count() {
	end := strings.IndexByte(s.text[s.i:], '}')
	if end < 2 || !s.atom && !s.repeat {
		return
	}
	inside := s.text[s.i+1 : s.i+end]
	if strings.Trim(inside, "0123456789,") != "" || strings.Count(inside, ",") > 1 || inside[0] == ',' {
		return
	}
	s.find(Error, "repeat-count", "{"+inside+"} repeats nothing: it is these characters", "write what is repeated as often as it should be there")
}

// caret is about ^ and ^^ where they are not at the beginning.
func (s *scanner) caret() (start, atom bool, next int) {
	if s.rest(1) == "^" {
		next = s.i + 2
		last := strings.Trim(s.text[next:], ")") == ""
		if !s.start && !last || s.start && s.rest(2) == "^" && s.rest(3) != "^" {
			s.find(Error, "double-caret", "^^ is the start of the text, and at the end of the expression the end of it: here it can never match", "remove it")
		}
		return true, false, next
	}
	before := byte(0)
	if s.i > 0 {
		before = s.text[s.i-1]
	}
	if !s.start && before != '$' && before != '^' {
		s.find(Warning, "anchor-inside", "a ^ in the middle stands for a line end, so that what follows is looked for in the next line", `write \^ for the character`)
	}
	return true, false, s.i + 1
}

// dollar is about $ where it is not at the end.
func (s *scanner) dollar() {
	rest := s.text[s.i+1:]
	switch {
	case rest == "" || strings.IndexByte(")|$^*+?", rest[0]) >= 0 || strings.HasPrefix(rest, `\/`):
	case continues(rest): // a line that continues a field of the body
	case !s.x.expanded && s.x.isVariable(rest):
		s.find(Error, "variable-not-expanded", "variables are not expanded in a condition that does not say so, and the $ stands for a line end", "write * $ before the expression; a $ for a line end is then written $$")
	default:
		s.find(Warning, "anchor-inside", "a $ in the middle stands for a line end, so that what follows is looked for in the next line", `write \$ for the character`)
	}
}

// isVariable tells whether a name stands there that a variable is likely to have.
func (l *linter) isVariable(rest string) bool {
	if rest[0] == '{' || rest[0] == '\\' {
		return true
	}
	end := 0
	for end < len(rest) && (isAlphanumeric(rest[end]) || rest[end] == '_') {
		end++
	}
	name := rest[:end]
	return l.assigned[name] || len(name) > 1 && name == strings.ToUpper(name) && strings.Trim(name, "0123456789") != ""
}

// continues tells whether a line is meant that continues a field: one that begins
// with a blank.
func continues(rest string) bool {
	rest = strings.TrimPrefix(rest, "[")
	return strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, "\t")
}
