package pattern

// op is what a node of the program does.
type op uint8

const (
	opEnd   op = iota // the match is complete
	opByte            // consumes one byte value
	opAny             // consumes all but a newline
	opSet             // consumes a byte of a set
	opStart           // consumes the newline before the text
	opStop            // the match is complete if the text is; else as opStart
	opSplit           // goes on at out and at alt
	opJump            // goes on at out
	opMark            // \/: goes on at out
)

// node is one state of the nondeterministic automaton. Node 0 is the end.
type node struct {
	op  op
	b   byte  // the value for opByte
	out int32 // the next node
	alt int32 // the other next node of opSplit, the number of the set of opSet
}

// set is a set of byte values.
type set [4]uint64

func (s *set) has(b byte) bool { return s[b>>6]>>(b&63)&1 != 0 }
func (s *set) flip(b byte)     { s[b>>6] ^= 1 << (b & 63) }

func (s *set) put(b byte, in bool) {
	if s.has(b) != in {
		s.flip(b)
	}
}

// Pattern is one compiled expression. The zero value is of no use.
type Pattern struct {
	nodes []node
	sets  []set
	start int32
	fold  bool
	marks bool
	lead  literal

	// Made by the first searches that need them.
	dfa    *machine
	tracer *tracer
}

// Extracts tells whether a \/ stands in the expression, so that a match sets
// MATCH.
func (p *Pattern) Extracts() bool { return p.marks }

// accepts tells whether a node consumes a byte, lower case already if case is
// ignored.
func (p *Pattern) accepts(n *node, b byte) bool {
	switch n.op {
	case opByte:
		return n.b == b
	case opAny:
		return b != '\n'
	case opSet:
		return p.sets[n.alt].has(b)
	}
	return false
}

// anchored tells whether a node consumes the newline before the text.
func (n *node) anchored() bool { return n.op == opStart || n.op == opStop }

// lower returns the lower case of an ASCII letter, other bytes as they are.
func lower(b byte) byte {
	if b-'A' <= 'Z'-'A' {
		return b + 'a' - 'A'
	}
	return b
}

// folded returns a byte of the text as the nodes compare it.
func (p *Pattern) folded(b byte) byte {
	if p.fold {
		return lower(b)
	}
	return b
}

// A ref names a link of a node that is still open: the node's number twice,
// plus one for alt. Refs of node 0, the end, name nothing. Open links form a
// list through themselves, so that lists are joined and closed without memory.
type ref int32

type list struct{ first, last ref }

func (p *Pattern) link(r ref) *int32 {
	n := &p.nodes[r>>1]
	if r&1 != 0 {
		return &n.alt
	}
	return &n.out
}

// join returns both lists in one.
func (p *Pattern) join(a, b list) list {
	switch {
	case a.first == 0:
		return b
	case b.first == 0:
		return a
	}
	*p.link(a.last) = int32(b.first)
	return list{a.first, b.last}
}

// close leads all links of a list to a node.
func (p *Pattern) close(l list, to int32) {
	for r := l.first; r != 0; {
		at := p.link(r)
		r = ref(*at)
		*at = to
	}
}

// add appends a node and returns its number.
func (p *Pattern) add(n node) int32 {
	p.nodes = append(p.nodes, n)
	return int32(len(p.nodes) - 1)
}

// outOf and altOf return lists of one link.
func outOf(n int32) list { return list{ref(n) << 1, ref(n) << 1} }
func altOf(n int32) list { return list{ref(n)<<1 | 1, ref(n)<<1 | 1} }
