package pattern

import (
	"strings"
	"testing"
)

// naive matches by trying everything, straight from the text of an expression.
// It knows procmail's parser and its \/ that runs into the next alternative.
type naive struct {
	fold   bool
	text   string // with the newlines around it
	start  int    // ^^ holds at this position, -1 for nowhere
	budget int
	ends   map[int]bool
}

// way goes on from a position of the text.
type way func(at int)

// item is a piece of an expression: a group of alternatives or a single one.
type item struct {
	alternatives [][]item
	single       func(n *naive, at int) bool
	mark, caret  bool
	operator     byte
}

// parseNaive reads alternatives up to the end or a parenthesis.
func parseNaive(e *string, fold bool) [][]item {
	all := [][]item{nil}
	for *e != "" && (*e)[0] != ')' {
		if (*e)[0] == '|' {
			*e = (*e)[1:]
			all = append(all, nil)
			continue
		}
		x := parseItem(e, fold)
		if *e != "" && strings.Contains("*+?", (*e)[:1]) {
			x.operator = (*e)[0]
			*e = (*e)[1:]
		}
		all[len(all)-1] = append(all[len(all)-1], x)
	}
	return all
}

func parseItem(e *string, fold bool) item {
	s := *e
	exactly := func(b byte) func(*naive, int) bool {
		return func(n *naive, at int) bool { return n.at(at) == n.folded(b) }
	}
	*e = s[1:]
	switch {
	case s[0] == '(':
		x := item{alternatives: parseNaive(e, fold)}
		*e = strings.TrimPrefix(*e, ")")
		return x
	case s[0] == '[':
		end, has := parseClass(s, fold)
		*e = s[end:]
		return item{single: func(n *naive, at int) bool { return has[n.at(at)] }}
	case s[0] == '.':
		return item{single: func(n *naive, at int) bool { return n.at(at) != '\n' }}
	case strings.HasPrefix(s, "^^"):
		*e = s[2:]
		return item{caret: true}
	case s[0] == '^' || s[0] == '$':
		return item{single: exactly('\n')}
	case s[0] == '\\' && len(s) > 1:
		*e = s[2:]
		switch s[1] {
		case '/':
			return item{mark: true}
		case '<', '>':
			return item{single: func(n *naive, at int) bool {
				return !strings.Contains("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", string([]byte{n.at(at)}))
			}}
		}
		return item{single: exactly(s[1])}
	}
	return item{single: exactly(s[0])}
}

// parseClass returns where a class ends and what is in it.
func parseClass(s string, fold bool) (end int, has [256]bool) {
	i := 1
	not := strings.HasPrefix(s[i:], "^")
	if not {
		i++
	}
	put := func(from, to int) {
		for b := from; b <= to; b++ {
			has[b] = true
		}
	}
	for first := i; i < len(s) && (s[i] != ']' || i == first); i++ {
		from, to := int(s[i]), int(s[i])
		// A range goes on from the byte before, whatever that ended.
		if s[i] == '-' && i > first && i+1 < len(s) && s[i+1] != ']' {
			i++
			from, to = int(s[i-2])+1, int(s[i])
			put(to, to)
		}
		put(from, to)
	}
	if fold {
		for b := 'a'; b <= 'z'; b++ {
			either := has[b] || has[b-'a'+'A']
			has[b], has[b-'a'+'A'] = either, either
		}
	}
	if not {
		for b := range has {
			has[b] = !has[b] && b != '\n'
		}
	}
	return min(i+1, len(s)), has
}

func (n *naive) folded(b byte) byte {
	if n.fold && 'A' <= b && b <= 'Z' {
		return b + 32
	}
	return b
}

func (n *naive) at(at int) byte { return n.folded(n.text[at]) }

// alternatives tries them from the i-th on. next is what follows the group, fall
// what a \/ at the very end of it goes on with.
func (n *naive) alternatives(all [][]item, at int, last bool, next, fall way) {
	behind := fall
	if len(all) > 1 {
		behind = func(at int) { n.alternatives(all[1:], at, last, next, fall) }
	}
	n.sequence(all[0], at, last, next, behind)
	if len(all) > 1 {
		n.alternatives(all[1:], at, last, next, fall)
	}
}

func (n *naive) sequence(items []item, at int, last bool, next, fall way) {
	if len(items) == 0 {
		next(at)
		return
	}
	if len(items) > 1 {
		rest := items[1:]
		after, end, behind := last, next, fall
		next = func(at int) { n.sequence(rest, at, after, end, behind) }
		last, fall = false, next
	}
	x := &items[0]
	switch x.operator {
	case '*':
		n.loop(x, at, next, fall)
	case '+':
		n.once(x, at, false, func(to int) { n.again(x, at, to, next) }, func(to int) { n.again(x, at, to, next) })
	case '?':
		n.once(x, at, last, next, fall)
		next(at)
	default:
		n.once(x, at, last, next, fall)
	}
}

// loop is x*.
func (n *naive) loop(x *item, at int, next, fall way) {
	next(at)
	n.once(x, at, false, func(to int) {
		if to > at {
			n.loop(x, to, next, fall)
		}
	}, fall)
}

// again is what follows one x of x+.
func (n *naive) again(x *item, from, at int, next way) {
	next(at)
	if at > from {
		n.once(x, at, false, func(to int) { n.again(x, at, to, next) }, func(to int) { n.again(x, at, to, next) })
	}
}

// once is x without its operator. last says that nothing at all follows.
func (n *naive) once(x *item, at int, last bool, next, fall way) {
	if n.budget--; n.budget < 0 {
		return
	}
	switch {
	case x.alternatives != nil:
		n.alternatives(x.alternatives, at, last, next, fall)
	case x.mark:
		fall(at)
	case x.caret:
		if last && at == len(n.text)-1 {
			n.ends[at] = true
		}
		if at == n.start {
			next(at + 1)
		}
	case at < len(n.text) && x.single(n, at):
		next(at + 1)
	}
}

// find does what Pattern.Find does. sure is false if it took too long.
func (n *naive) find(expr string, text string, from int) (end int, ok, sure bool) {
	n.text, n.start, n.ends = text[from:]+"\n", -1, map[int]bool{}
	shift := from
	if from == 0 || text[from-1] == '\n' {
		n.text, shift = "\n"+n.text, from-1
		if from == 0 {
			n.start = 0
		}
	} else if from == len(text) {
		n.text += "\n"
	}
	e := expr
	all := parseNaive(&e, n.fold)
	for at := range len(n.text) - 1 {
		done := func(to int) { n.ends[to] = true }
		n.alternatives(all, at, true, done, done)
	}
	for end := range len(n.text) + 1 {
		if n.ends[end] {
			return end + shift, true, n.budget >= 0
		}
	}
	return 0, false, n.budget >= 0
}

// FuzzFind compares the automaton, with room for all its states and without,
// with the naive search.
func FuzzFind(f *testing.F) {
	for _, seed := range [][2]string{
		{"^Subject:.*foo", "a\nSubject: x foo"}, {"(a|b)*c", "abac"}, {`(a\/|b)c`, "abc"}, {"(a*b?)+$", "aab"}, {`[^]a-b-]x+\<`, "cx "},
		{"^^a|b^^", "a"}, {"a**|", ""}, {`(\/)+`, "a"}, {"x(a", "xa"}, {"a)b", "a"}, {`[A-z]\`, `a\`}, {"(a|aa)(a|ab)b", "aaab"}, {"$", "\n\n"},
	} {
		f.Add(seed[0], seed[1], 0, true)
		f.Add(seed[0], seed[1], len(seed[1]), false)
	}
	f.Fuzz(func(t *testing.T, expr, text string, from int, fold bool) {
		expanded, _ := Expand(expr)
		p, _ := Compile(expanded, fold)
		from = max(0, min(from, len(text)))
		end, ok := p.scan([]byte(text), from)

		bare, _ := Compile(expanded, fold)
		bare.machine().limit = 0
		if e, o := bare.scan([]byte(text), from); e != end && ok || o != ok {
			t.Errorf("%q in %q from %d: %d %v, without states %d %v", expr, text, from, end, ok, e, o)
		}
		if p.Extracts() {
			m := p.search([]byte(text), from)
			if m.ok != ok || m.marked && (m.start < 0 || m.end < m.start || m.end > len(text)) || !m.marked && m.ok && m.end < end {
				t.Errorf("%q in %q from %d: %+v, the first match ends at %d %v", expr, text, from, m, end, ok)
			}
		}
		if len(text) > 20 || len(expanded) > 40 || strings.Contains(expanded, "\x00") {
			return
		}
		n := naive{fold: fold, budget: 50000}
		if want, found, sure := n.find(expanded, text, from); sure && (found != ok || found && want != end) {
			t.Errorf("%q in %q from %d fold %v: got %d %v, want %d %v", expr, text, from, fold, end, ok, want, found)
		}
	})
}

// FuzzParseWeight holds what is read against what is there.
func FuzzParseWeight(f *testing.F) {
	for _, seed := range []string{"1^1 x", "-.5e3 ^ 0x1p-2y", "+inf^nan(1)", "1e^1", "1^", "0x^1", "9^9e+"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w, x, rest, ok := ParseWeight(s)
		if !strings.HasSuffix(s, rest) || !ok && (rest != s || w != 0 || x != 0) {
			t.Errorf("%q: %v %v %q %v", s, w, x, rest, ok)
		}
		if again, y, behind, ok2 := ParseWeight(s + "~"); ok && (!ok2 || again != w && w == w || y != x && x == x || behind != rest+"~") {
			t.Errorf("%q: %v %v %q, with more behind it %v %v %q %v", s, w, x, rest, again, y, behind, ok2)
		}
	})
}
