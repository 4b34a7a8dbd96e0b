package pattern

import "strings"

// part is a piece of program: where it begins, the links that lead to whatever
// follows it, and those of a \/ at its very end. procmail's \/ goes on with what
// lies behind it in memory: the next alternative of its group, or behind a
// repeated group what follows that, never round again. So `(a\/|b)c` is
// `(a\/b|b)c`.
type part struct {
	first int32
	outs  list
	falls list
}

// group is a parenthesis that is still open, or the whole expression.
type group struct {
	first int32 // the split of the first alternative, 0 before the second
	outs  list  // of the alternatives so far
	next  list  // leads to the next alternative
	now   part  // the current alternative
	empty bool  // nothing is in it yet
}

// parser makes a Pattern of an expression.
type parser struct {
	*Pattern
	rest   string
	open   []group
	noWord int32 // the set of \< and \> plus one
}

// Compile makes a pattern of an expression in which Expand has replaced the
// keywords. fold makes letters of either case the same. ok is false if the
// parentheses do not pair: procmail then logs `Invalid regexp "…"` and matches
// with what it has understood, and that is what p does.
func Compile(expanded string, fold bool) (p *Pattern, ok bool) {
	// For procmail an expression ends at a NUL.
	expanded, _, _ = strings.Cut(expanded, "\x00")
	c := parser{
		Pattern: &Pattern{fold: fold, nodes: make([]node, 1, len(expanded)+4)},
		rest:    expanded,
		open:    make([]group, 1, 8),
	}
	c.open[0].empty = true
	ok = c.parse()
	for len(c.open) > 1 {
		c.repeat(c.leave())
		ok = false
	}
	all := c.leave()
	c.start = all.first
	c.close(all.outs, 0)
	c.close(all.falls, 0)
	for i := range c.nodes {
		// ^^ with nothing behind it is the end of the text.
		if n := &c.nodes[i]; n.op == opStart && n.out == 0 {
			n.op = opStop
		}
	}
	c.lead = c.leading()
	return c.Pattern, ok
}

// parse reads to the end of the expression, or to a parenthesis too many.
func (c *parser) parse() bool {
	for c.rest != "" {
		switch c.rest[0] {
		case '(':
			c.rest = c.rest[1:]
			c.open = append(c.open, group{empty: true})
		case ')':
			if len(c.open) == 1 {
				return false
			}
			c.rest = c.rest[1:]
			c.repeat(c.leave())
		case '|':
			c.rest = c.rest[1:]
			c.another()
		default:
			c.repeat(c.simple())
		}
	}
	return true
}

// another ends one alternative of the innermost group.
func (c *parser) another() {
	g := &c.open[len(c.open)-1]
	split := c.add(node{op: opSplit})
	c.close(g.next, split)
	if g.first == 0 {
		g.first = split
	}
	if g.empty {
		g.outs = c.join(g.outs, altOf(split))
		g.next = outOf(split)
	} else {
		c.nodes[split].out = g.now.first
		g.outs = c.join(g.outs, g.now.outs)
		g.next = c.join(altOf(split), g.now.falls)
	}
	g.now, g.empty = part{}, true
}

// leave closes the innermost group and returns it.
func (c *parser) leave() part {
	g := c.open[len(c.open)-1]
	c.open = c.open[:len(c.open)-1]
	if g.empty {
		// A node of its own: a ^^ before it has something behind it.
		jump := c.add(node{op: opJump})
		g.now = part{first: jump, outs: outOf(jump)}
	}
	if g.first == 0 {
		return g.now
	}
	c.close(g.next, g.now.first)
	return part{g.first, c.join(g.outs, g.now.outs), g.now.falls}
}

// repeat applies the operator that follows a part, if one does, and appends the
// part to the innermost group. A second operator is an ordinary character.
func (c *parser) repeat(x part) {
	operator := byte(0)
	if c.rest != "" && strings.IndexByte("*+?", c.rest[0]) >= 0 {
		operator, c.rest = c.rest[0], c.rest[1:]
	}
	switch operator {
	case '*':
		split := c.add(node{op: opSplit, out: x.first})
		c.close(x.outs, split)
		x = part{split, altOf(split), x.falls}
	case '+':
		split := c.add(node{op: opSplit, alt: x.first})
		c.close(x.outs, split)
		c.close(x.falls, split)
		x = part{x.first, outOf(split), list{}}
	case '?':
		split := c.add(node{op: opSplit, out: x.first})
		x = part{split, c.join(x.outs, altOf(split)), x.falls}
	}
	g := &c.open[len(c.open)-1]
	if g.empty {
		g.now, g.empty = x, false
		return
	}
	c.close(g.now.outs, x.first)
	c.close(g.now.falls, x.first)
	g.now.outs, g.now.falls = x.outs, x.falls
}

// simple reads what is no group and no operator.
func (c *parser) simple() part {
	b := c.rest[0]
	c.rest = c.rest[1:]
	switch b {
	case '[':
		return c.one(node{op: opSet, alt: c.class()})
	case '.':
		return c.one(node{op: opAny})
	case '$':
		return c.one(node{op: opByte, b: '\n'})
	case '^':
		if strings.HasPrefix(c.rest, "^") {
			c.rest = c.rest[1:]
			return c.one(node{op: opStart})
		}
		return c.one(node{op: opByte, b: '\n'})
	case '\\':
		if c.rest != "" {
			return c.escaped()
		}
	}
	return c.one(node{op: opByte, b: c.folded(b)})
}

// escaped reads what follows a backslash.
func (c *parser) escaped() part {
	b := c.rest[0]
	c.rest = c.rest[1:]
	switch b {
	case '/':
		c.marks = true
		mark := c.add(node{op: opMark})
		return part{first: mark, falls: outOf(mark)}
	case '<', '>':
		if c.noWord == 0 {
			var s set
			for b := range 256 {
				b := byte(b)
				s.put(b, lower(b)-'a' > 'z'-'a' && b-'0' > 9 && b != '_')
			}
			c.sets = append(c.sets, s)
			c.noWord = int32(len(c.sets))
		}
		return c.one(node{op: opSet, alt: c.noWord - 1})
	}
	return c.one(node{op: opByte, b: c.folded(b)})
}

// one is a part of one node.
func (c *parser) one(n node) part {
	i := c.add(n)
	return part{first: i, outs: outOf(i)}
}

// class reads a class behind its bracket and returns the number of its set.
func (c *parser) class() int32 {
	var s set
	in := true
	if strings.HasPrefix(c.rest, "^") {
		c.rest = c.rest[1:]
		in = false
		s = set{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
		s.flip('\n')
	}
	var last byte
	for first := true; c.rest != ""; first = false {
		b := c.rest[0]
		c.rest = c.rest[1:]
		switch {
		case first:
		case b == ']':
			c.sets = append(c.sets, s)
			return int32(len(c.sets) - 1)
		case b == '-' && c.rest != "" && c.rest[0] != ']':
			to := c.rest[0]
			c.rest = c.rest[1:]
			for i := int(last) + 1; i < int(to); i++ {
				c.include(&s, byte(i), in)
			}
			b = to
		}
		c.include(&s, b, in)
		last = b
	}
	c.sets = append(c.sets, s)
	return int32(len(c.sets) - 1)
}

// include puts a byte into a set or takes it out, in both cases if need be.
func (c *parser) include(s *set, b byte, in bool) {
	s.put(b, in)
	if !c.fold {
		return
	}
	if low := lower(b); low-'a' <= 'z'-'a' {
		s.put(low, in)
		s.put(low-'a'+'A', in)
	}
}
