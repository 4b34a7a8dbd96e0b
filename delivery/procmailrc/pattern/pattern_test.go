package pattern

import (
	"strings"
	"testing"
)

// matchCase is an expression that matches a text or not.
type matchCase struct {
	expr, text string
	want       bool
}

// matchCases has the facts about the language, one by one.
func matchCases() []matchCase {
	return []matchCase{
		{"", "", true},
		{"", "x", true},
		{"b", "abc", true},
		{"B", "abc", true},
		{"é", "É", false},
		{"a.c", "a\nc", false},
		{"a.c", "a\x00c", true},
		{"a.c", "a\xffc", true},
		// Anchors take a newline each.
		{"one$two", "one\ntwo", true},
		{"one^two", "one\ntwo", true},
		{"one$^two", "one\ntwo", false},
		{"one$^two", "one\n\ntwo", true},
		{"^a", "a", true},
		{"a$", "a", true},
		{"a$$", "a\n", true},
		{"a$$", "a", false},
		{"^$", "", true},
		{"^$", "a", false},
		{"^$", "a\n\nb", true},
		{"^$", "a\n", true},
		{"a$^", "a\n", true},
		{"(^)+a", "\n\n\na", true},
		// ^^
		{"^^a", "a", true},
		{"^^b", "ab", false},
		{"^^b", "a\nb", false},
		{"^^^a", "a", false},
		{"(^^a|b)", "ca", false},
		{"(^^a|b)", "cb", true},
		{"a^^", "a", true},
		{"a^^", "ab", false},
		{"a^^", "a\n", false},
		{"a$^^", "a\n", true},
		{"a$^^", "a", false},
		{"(a^^|c)", "ba", true},
		{"(a^^|c)d", "ad", false},
		{"a^^b", "ab", false},
		{"a^^()", "a", false},
		// procmail takes a ^^ at the end for the start of the text, too.
		{"^^", "", true},
		{"^^", "a", true},
		{"b*^^", "a", true},
		{"^^a^^", "a", true},
		{"^^a^^", "aa", false},
		{"^^(a^^)?", "b", true},
		// \< and \> take a byte.
		{`()\<cat\>`, "cat", true},
		{`()\<cat\>`, "a cat.", true},
		{`()\<cat\>`, "acat", false},
		{`()\<cat\>`, "cat_", false},
		{`()\<cat\>`, "cat9", false},
		{`cat\> dog`, "cat dog", false},
		{`cat\> dog`, "cat  dog", true},
		{`cat\>$`, "cat", false},
		{`cat\>\<dog`, "cat dog", false},
		// Backslash and what is no letter of a language.
		{`\d\w\s\b\n`, "dwsbn", true},
		{`\*\+\?\.\[\(\)\|\^\$\\`, `*+?.[()|^$\`, true},
		{`a\`, `a\`, true},
		{"a{2}", "aa", false},
		{"a{2}", "a{2}", true},
		{"[[:alpha:]]", "a", false},
		{"[[:alpha:]]", "a]", true},
		// Operators.
		{"a*b", "b", true},
		{"xa+b", "xb", false},
		{"xa+b", "xaab", true},
		{"xa?b", "xb", true},
		{"xa?b", "xaab", false},
		{"xa**b", "xaaab", false},
		{"xa**b", "xaa*b", true},
		{"xa***b", "xa***b", true},
		{"xa+?b", "xa?b", true},
		{"*a", "*a", true},
		{"*a", "a", false},
		{"x(+a|?b)", "x+a", true},
		{"x(+a|?b)", "x?b", true},
		{"x(a|b|)y", "xy", true},
		{"x(|a|b)y", "xby", true},
		{"x(a||b)y", "xy", true},
		{"x(a||b)y", "xcy", false},
		{"x()y", "xy", true},
		{"x(|)y", "xy", true},
		{"x(a*)*y", "xaaay", true},
		{"x((a*)*)*y", "xy", true},
		{"x((a?)+)?y", "xaaay", true},
		{"x(a*b*)*y", "xabbay", true},
		{"x(a*b*)*y", "xabbcy", false},
		{"a|b", "b", true},
		{"^(a|bc)*$", "abcbca", true},
		{"^(a|bc)*$", "abcbcb", false},
		// Classes.
		{"[abc]", "xbx", true},
		{"[a-c]", "B", true},
		{"[^a-c]", "B", false},
		{"^[^x]$", "", false},
		{"a[^x]b", "a\nb", false},
		{"[]]", "]", true},
		{"a[^]]", "a]", false},
		{"[]-]x", "-x", true},
		{"[-a]x", "-x", true},
		{"[a-]x", "-x", true},
		{"[a-c-e]x", "-x", false},
		{"[a-c-e]x", "ex", true},
		{"[z-a]", "m", false},
		{"[z-a]", "a", true},
		{`[\]`, `\`, true},
		{`[\n]`, "\n", false},
		{"x[ab", "xb", true},
		{"x[", "x", false},
		{"x[^", "xy", true},
		{"x[a-", "x-", true},
		// What \/ falls into.
		{`(a\/|x)a`, "aab", false},
		{`(a\/|x)a`, "axa", true},
		{`(a\/|x|y)a`, "aya", true},
		{`(x|a\/)a`, "aab", true},
		{`(a\/)*b`, "ab", true},
		{`^(a\/)*b`, "aab", false},
		{`^(a\/)+b`, "aab", true},
		// Loops that consume nothing.
		{"^(a|b*)*d", "abbad", true},
		{"^(a|b?c*)*d", "abccbd", true},
		{"^(a?b?c?)+d", "cbad", true},
		{"^((a*)*b*)*d", "abaabd", true},
		{"^((a*)+)+d", "aad", true},
		{"^(|a)*d", "aad", true},
		{"^(a|)+d", "aad", true},
		{"^(a|)+d", "aabd", false},
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, test := range matchCases() {
		p, ok := Compile(test.expr, true)
		if !ok {
			t.Errorf("%q: invalid", test.expr)
		}
		if got := p.Match([]byte(test.text)); got != test.want {
			t.Errorf("%q in %q: got %v", test.expr, test.text, got)
		}
	}
}

// TestMatchCase has the letters that differ with the D flag.
func TestMatchCase(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		expr, text    string
		folded, exact bool
	}{
		{"aB", "aB", true, true},
		{"aB", "Ab", true, false},
		{"[a-c]x", "Bx", true, false},
		{"[A-C]x", "bx", true, false},
		{"[^A-C]x", "bx", false, true},
		{"[Z-b]x", "Ax", true, false},
		{"[Z-b]x", "_x", true, true},
		{"\xc4", "\xe4", false, false},
		{"@", "`", false, false},
		{"[[]", "{", false, false},
	} {
		for _, fold := range []bool{true, false} {
			want := test.exact
			if fold {
				want = test.folded
			}
			p, _ := Compile(test.expr, fold)
			if got := p.Match([]byte(test.text)); got != want {
				t.Errorf("%q in %q, fold %v: got %v", test.expr, test.text, fold, got)
			}
		}
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		expr, text string
		want       bool
	}{
		{"a)b", "a", true},
		{")", "", true},
		{"x(a", "xa", true},
		{"x(a|(b", "xb", true},
		{"x(a|(b", "xc", false},
		{"x(", "x", true},
	} {
		p, ok := Compile(test.expr, true)
		if ok {
			t.Errorf("%q: valid", test.expr)
		}
		if got := p.Match([]byte(test.text)); got != test.want {
			t.Errorf("%q in %q: got %v", test.expr, test.text, got)
		}
	}
}

// extractCase is an expression with what MATCH becomes.
type extractCase struct {
	expr, text, want string
	theirs           string // what procmail finds, if it is not the same
}

const (
	noMatch = "(none)"
	hangs   = "(hangs)"
)

func extractCases() []extractCase {
	return []extractCase{
		{`^Subject:.*\/.*`, "a\nSubject: x y\nz", " x y", ""},
		{`^Subject: [a-z]+\/.*`, "Subject: abc d", "bc d", ""},
		{`^Subject: \/.*`, "Subject: abc d\n", "abc d", ""},
		{`^Subject: \/.*$`, "Subject: abc d\nx", "abc d\n", ""},
		{`^Subject: \/.*$`, "Subject: abc d", "abc d", ""}, // the newline is not there
		{`\/^Sub.*`, "Subject", "Subject", ""},
		{`\/^Sub.*`, "x\nSubject", "\nSubject", ""},
		{`^Sub\/ject: \/.*`, "Subject: tiny", "tiny", ""},
		{`\/o.*^^`, "body\n", noMatch, ""},
		{`^\/[a-z]+$^^`, "body\n", "body\n", ""},
		{`^^From \/[^ ]+`, "From a@b c", "a@b", ""},
		{`a\/`, "aa", "", ""},
		{`\/`, "aa", "", ""},
		{`a$\/`, "a", noMatch, ""},
		{`a$\/`, "a\n", "", ""},
		{`\/(a|ab)(c|bcd)`, "abcd", "abcd", ""},
		{`\/(a|ab)`, "xab", "ab", ""},
		{`x(y|\/z)`, "xy", noMatch, ""},
		{`x(y|\/z)`, "xz", "z", ""},
		{`a(x\/y|b)`, "ab", noMatch, ""},
		{`x.*\/y*`, "xzzyy", "", ""},
		{`c\/d`, "ab", noMatch, ""},
		{`a+\/b*`, "aab", "", "ab"},
		{`^(x*)?b*\/c`, "xxc", "c", noMatch},
		{`a(\/)+b`, "aab", "b", hangs},
		{`(\/a*)*b`, "aab", "aab", hangs},
	}
}

func TestExtract(t *testing.T) {
	t.Parallel()
	for _, test := range extractCases() {
		p, ok := Compile(test.expr, true)
		if !ok || !p.Extracts() {
			t.Errorf("%q: valid %v, extracts %v", test.expr, ok, p.Extracts())
		}
		got := noMatch
		if start, end, ok := p.Extract([]byte(test.text)); ok {
			got = test.text[start:end]
		}
		if got != test.want {
			t.Errorf("%q in %q: got %q, want %q", test.expr, test.text, got, test.want)
		}
	}
	if p, _ := Compile(`a\\/`, true); p.Extracts() {
		t.Error("an escaped backslash before a slash extracts")
	}
}

// TestBounded has patterns with more states than memory: the time stays linear,
// the cache within its limits, and the answer right.
func TestBounded(t *testing.T) {
	t.Parallel()
	text := make([]byte, 1<<17)
	for i, x := 0, uint32(1); i < len(text); i++ {
		x = x*1664525 + 1013904223
		text[i] = "ab"[x>>31]
	}
	expr := "a" + strings.Repeat("[ab]", 24) + "c"
	for _, end := range []string{"", strings.Repeat("a", 25) + "c"} {
		text := append(text[:len(text):len(text)], end...)
		p, _ := Compile("()[ab]*"+expr, true)
		if got := p.Match(text); got != (end != "") {
			t.Errorf("with %q: got %v", end, got)
		}
		m := p.machine()
		if len(m.table) > maxCells || len(m.cells) > maxCells || len(m.index) != len(m.states) {
			t.Errorf("%d transitions, %d nodes, %d of %d states", len(m.table), len(m.cells), len(m.index), len(m.states))
		}
		if len(m.states) < 100 {
			t.Errorf("%d states: the text asks for no more", len(m.states))
		}
	}
}

// TestDeep has expressions that would exhaust the stack of a recursive parser.
func TestDeep(t *testing.T) {
	t.Parallel()
	const depth = 1 << 20
	expr := strings.Repeat("(", depth) + "a" + strings.Repeat(")*", depth)
	p, ok := Compile(expr+"$", true)
	if !ok || !p.Match([]byte("ba")) {
		t.Errorf("nested groups: valid %v", ok)
	}
	if _, ok := Compile(expr[:depth], true); ok {
		t.Error("open groups: valid")
	}
	p, ok = Compile("x("+strings.Repeat("a|", depth)+"b)y", true)
	if !ok || !p.Match([]byte("xby")) {
		t.Errorf("alternatives: valid %v", ok)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		expr, text string
		from, end  int
		ok         bool
	}{
		{"b", "abcb", 0, 2, true},
		{"b", "abcb", 2, 4, true},
		{"b", "abcb", 4, 0, false},
		{"b+", "abbb", 0, 2, true}, // the first to end
		{"x*", "abc", 0, -1, true}, // nothing consumed, before the first newline
		{"x*", "abc", 1, 1, true},  // nor here
		{"x*", "a\nc", 2, 1, true}, // the newline was to be looked at again
		{"^", "abc", 0, 0, true},   // a newline consumed that is before the text
		{"^", "a\nc", 2, 2, true},  // and one a second time
		{"^c", "a\nc", 2, 3, true},
		{"$", "abc", 1, 0, false}, // no match begins with the newline behind the text
		{"c$", "abc", 1, 4, true}, // but ends with it
		{"c^^", "abc", 1, 3, true},
		{"$", "abc", 3, 4, true},    // unless there is nothing else
		{"$$", "abc", 3, 5, true},   // and there is another one
		{"$$", "abc\n", 4, 5, true}, // or the one before
		{"$$$", "abc", 3, 0, false},
		{"^^a", "a\na", 2, 0, false},
		{`b\/c*`, "abcccd", 0, 5, true},
		{`b$\/`, "ab", 0, 3, true},
		{`b\/$`, "ab", 0, 2, true}, // clipped, as MATCH is
	} {
		p, _ := Compile(test.expr, true)
		end, ok := p.Find([]byte(test.text), test.from)
		if ok != test.ok || ok && end != test.end {
			t.Errorf("%q in %q from %d: got %d %v", test.expr, test.text, test.from, end, ok)
		}
	}
}
