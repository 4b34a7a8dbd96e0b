package pattern

import (
	"strings"
	"testing"
)

// matchCase is an expression that matches a text or not.
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
