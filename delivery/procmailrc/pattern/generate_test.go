package pattern

import (
	"math/rand/v2"
	"strings"
)

// generator makes random recipes over a small alphabet, so that they match.
type generator struct{ *rand.Rand }

func (g generator) pick(s ...string) string { return s[g.IntN(len(s))] }

// sample returns a message whose lines are about what the macros look for.
func (g generator) sample() sample {
	var m sample
	m.header = "From a@b Thu Jan  4 10:11:12 2024\n"
	for range g.IntN(4) {
		m.header += g.pick("a", "b", "Ab", "c_", "To", "Cc", "From", "Sender", "Resent-To", "Precedence", "Mailing-List", "X-Envelope-From") +
			":" + g.pick("", " ") + g.pick(g.text(8, "aAbc_ .<>@-"), "abc", "list", "a@b.c (abc)", "MAILER-DAEMON@b", "<root@a> b") + "\n"
	}
	m.header += "\n"
	m.body = g.text(40, "aaabbbBcc_ .:\n\n\xe4")
	// A variable cannot be set to a line end only.
	m.value = g.text(10, "aabbAc_ \n")
	return m
}

func (g generator) text(most int, alphabet string) string {
	var b strings.Builder
	for range g.IntN(most + 1) {
		b.WriteByte(alphabet[g.IntN(len(alphabet))])
	}
	return b.String()
}

func (g generator) recipe() recipe {
	var r recipe
	for _, flag := range []string{"H", "B", "D"} {
		if g.IntN(3) == 0 {
			r.flags += flag
		}
	}
	if r.flags == "D" {
		r.flags = "HD"
	}
	weighted := g.IntN(2) == 0
	for range 1 + g.IntN(3) {
		r.conditions = append(r.conditions, g.condition(weighted && g.IntN(5) > 0))
		if !weighted {
			break
		}
	}
	return r
}

// weight returns a number as strtod takes it, a small one if it is to be one.
func (g generator) weight(small bool) string {
	if small {
		return g.pick("0", ".25", "0.5", "75e-2", "1", "1.", "+1", "0x1")
	}
	return g.pick("1", "1", "1", "2", "3", "0.5", ".25", "0", "-1", "-2", "10", "100", "1e9", "-1e+9", "2147483647", "-2147483647", "0.9", "7",
		"-.5", "1.5", "3e9", "0x1p4", "0xA.8", "+inf", "-Infinity", "1e999", "1.1", "-0")
}

func (g generator) condition(weighted bool) condition {
	c := condition{weighted: weighted, negated: g.IntN(6) == 0}
	if weighted {
		c.weight = g.weight(false) + g.pick("^", "^", " ^ ", "\t^") + g.weight(g.IntN(2) == 0) + g.pick(" ", "  ")
	}
	c.area = g.pick("", "", "H", "B", "HB", "BH", "T", "T", "T")
	if g.IntN(12) == 0 {
		c.size = "<>"[g.IntN(2)]
		c.limit = int64(g.IntN(120))
		if g.IntN(6) == 0 {
			c.limit = 0
		}
		return c
	}
	if g.IntN(300) == 0 {
		c.program, c.status = true, g.IntN(5)
		return c
	}
	for {
		c.expr = g.expression()
		expr, _ := Expand(c.expr)
		p, _ := Compile(strings.TrimPrefix(expr, `\`), true)
		if !spoils(p) {
			return c
		}
	}
}

// spoils tells whether procmail may compile an expression wrongly. It looks for
// loops that consume nothing and takes them out, but takes a place for a loop as
// well to which two ways lead that consume nothing, and then leads the nodes of
// one way to the other: `^(x*)?b*c` does not match "xxc". With others, such as
// `(a|b?c*)*xa*`, it does not come back, nor with loops past a \/.
func spoils(p *Pattern) bool {
	for i := range p.nodes {
		seen := map[int32]bool{int32(i): true}
		work := p.onward(int32(i))
		for len(work) > 0 {
			at := work[len(work)-1]
			work = work[:len(work)-1]
			if seen[at] && (p.nodes[at].op == opSplit || at == int32(i)) {
				return true
			}
			if !seen[at] {
				seen[at] = true
				work = append(work, p.onward(at)...)
			}
		}
	}
	return false
}

// onward returns the nodes that a node leads to without a byte.
func (p *Pattern) onward(at int32) []int32 {
	switch n := &p.nodes[at]; n.op {
	case opSplit:
		return []int32{n.out, n.alt}
	case opJump, opMark:
		return []int32{n.out}
	}
	return nil
}

func (g generator) alternatives(depth int, mark bool) string {
	var parts []string
	for range 1 + g.IntN(3)*g.IntN(2) {
		parts = append(parts, g.sequence(depth, mark))
	}
	return strings.Join(parts, "|")
}

func (g generator) sequence(depth int, mark bool) string {
	var b strings.Builder
	for range 1 + g.IntN(4)*(1+g.IntN(2))/2 {
		if mark && g.IntN(3) == 0 {
			b.WriteString(`\/`)
		}
		b.WriteString(g.atom(depth, mark))
		if g.IntN(3) == 0 {
			b.WriteString(g.pick("*", "+", "?", "*", "+", "?", "**"))
		}
	}
	return b.String()
}

func (g generator) atom(depth int, mark bool) string {
	if depth > 0 && g.IntN(4) == 0 {
		return "(" + g.alternatives(depth-1, mark && g.IntN(3) == 0) + ")"
	}
	switch g.IntN(16) {
	case 0, 1:
		return "."
	case 2:
		return "^"
	case 3:
		return "$"
	case 4:
		return g.pick(`\<`, `\>`)
	case 5:
		return "^^"
	case 6, 7:
		return g.pick("[ab]", "[^a]", "[^]a]", "[a-b_]", "[-b]", "[^b-]", "[A-b]", "[b-a]", "[^A-B]")
	case 8:
		return g.pick(`\.`, " ", `\a`, "_", ":", "\xe4", "B", "A", "-", "")
	}
	return g.pick("a", "b", "c", "a", "b")
}

// expression returns an expression as it can stand in a condition.
func (g generator) expression() string {
	e := g.alternatives(2+g.IntN(2), g.IntN(5) < 2)
	if g.IntN(6) == 0 {
		at := g.IntN(len(e) + 1)
		e = e[:at] + g.pick("^TO_", "^TO", "^FROM_DAEMON", "^FROM_MAILER", `\^TO`, "^^") + e[at:]
	}
	if g.IntN(30) == 0 && e != "" {
		at := g.IntN(len(e))
		e = e[:at] + g.pick("(", ")", "[", "|", "*", `\`, "-", "]", "^") + e[at:]
	}
	e = strings.Trim(e, " ")
	if e == "" || strings.IndexByte(`!$?<>*-+.,0123456789abcABCT`, e[0]) >= 0 {
		e = "()" + e
	}
	if strings.HasSuffix(e, `\`) {
		e += "a"
	}
	return e
}
