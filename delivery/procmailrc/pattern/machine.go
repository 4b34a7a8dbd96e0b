package pattern

import (
	"encoding/binary"
	"slices"
)

const (
	// maxCells bounds the transitions that one pattern keeps, and the nodes in
	// its states: 128 KiB each. Patterns from rcfiles use a few hundred.
	maxCells = 1 << 15

	// worthwhile is how many bytes a state must have served when the cache is
	// full to be worth making anew: making one costs about as much as following
	// the set for that long.
	worthwhile = 16
)

// What a transition leads to, if not to a state.
const (
	unknown = -1 // not asked for yet
	matched = -2 // the match is complete
	resting = -3 // the state in which nothing is under way
	full    = -4 // no room for the state; its nodes are in the machine's list
)

// state is a set of nodes that wait for a byte. States are named by the offset
// of their row in the table; the first is the one of no nodes.
type state struct {
	nodes []int32
	stop  bool // complete if the text is
}

// machine is the deterministic automaton, as far as it is known.
type machine struct {
	*Pattern
	init     []int32 // the nodes with which every match begins
	nullable bool    // it may be complete at once

	class  [256]uint8 // which bytes no node tells apart
	sample []byte     // one byte of each class
	table  []int32    // a row of transitions for each state
	states []state
	index  map[string]int32
	cells  []int32  // the nodes of the states
	limit  int      // of cells and of table entries
	first  [2]int32 // the states after the newline before a line, and before the text
	key    []byte

	// The set that add builds.
	list  []int32
	spare []int32 // another list, see crawl
	seen  []uint32
	round uint32
	stack []int32
	end   bool
	stop  bool
}

// machine returns the pattern's automaton.
func (p *Pattern) machine() *machine {
	if p.dfa != nil {
		return p.dfa
	}
	m := &machine{Pattern: p, limit: maxCells, seen: make([]uint32, len(p.nodes))}
	p.dfa = m
	m.clear()
	m.add(p.start)
	m.init, m.nullable = slices.Clone(m.list), m.end
	if !m.nullable {
		m.classify()
		m.reset()
	}
	return m
}

// reset forgets all states but the resting one.
func (m *machine) reset() {
	m.table, m.states, m.cells = m.table[:0], m.states[:0], m.cells[:0]
	m.first = [...]int32{unknown, unknown}
	m.index = make(map[string]int32)
	m.clear()
	m.intern()
}

// classify finds out which bytes no node tells apart.
func (m *machine) classify() {
	var single set
	for i := range m.nodes {
		switch n := &m.nodes[i]; n.op {
		case opByte:
			single.put(n.b, true)
		case opAny, opStart:
			single.put('\n', true)
		}
	}
	count := m.divide(&single, 1, true)
	for i := range m.sets {
		count = m.divide(&m.sets[i], count, false)
	}
	m.sample = make([]byte, count)
	for b := range 256 {
		b := byte(b)
		m.class[b] = m.class[m.folded(b)]
		m.sample[m.class[b]] = m.folded(b)
	}
}

// divide splits the classes by a set: into members and others, or, if alone,
// each member into a class of its own.
func (m *machine) divide(s *set, count int, alone bool) int {
	var twin [256]uint8 // the class of a class's members; 0 is none, see below
	var others [256]bool
	if !alone {
		for b := range m.class {
			if !s.has(byte(b)) {
				others[m.class[b]] = true
			}
		}
	}
	for b := range m.class {
		if !s.has(byte(b)) {
			continue
		}
		old := m.class[b]
		switch {
		case alone:
			// With no other byte left the last one can stay in class 0.
			if count < len(m.class) {
				m.class[b] = uint8(count)
				count++
			}
		case !others[old]:
		case twin[old] == 0:
			// Class 0 is never new, so that 0 is no twin.
			twin[old] = uint8(count)
			count++
			m.class[b] = twin[old]
		default:
			m.class[b] = twin[old]
		}
	}
	return count
}

// clear begins a new set.
func (m *machine) clear() {
	m.list, m.end, m.stop = m.list[:0], false, false
	m.round++
	if m.round == 0 {
		clear(m.seen)
		m.round = 1
	}
}

// add puts a node and what it leads to without a byte into the set.
func (m *machine) add(at int32) {
	m.stack = append(m.stack, at)
	for len(m.stack) > 0 {
		at := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		if m.seen[at] == m.round {
			continue
		}
		m.seen[at] = m.round
		switch n := &m.nodes[at]; n.op {
		case opEnd:
			m.end = true
		case opStop:
			m.stop = true
			m.list = append(m.list, at)
		case opSplit:
			m.stack = append(m.stack, n.alt, n.out)
		case opJump, opMark:
			m.stack = append(m.stack, n.out)
		default:
			m.list = append(m.list, at)
		}
	}
}

// step adds what the nodes become by a byte. start tells that it is the newline
// before the text.
func (m *machine) step(nodes []int32, b byte, start bool) {
	for _, at := range nodes {
		if n := &m.nodes[at]; m.accepts(n, b) || start && n.anchored() {
			m.add(n.out)
		}
	}
}

// follow makes the set of what the nodes and a match that begins here become by
// a byte.
func (m *machine) follow(nodes []int32, b byte, start bool) {
	m.clear()
	m.step(nodes, b, start)
	m.step(m.init, b, start)
}

// intern returns the state of the set in list, or what else a transition into
// it leads to.
func (m *machine) intern() int32 {
	if m.end {
		return matched
	}
	slices.Sort(m.list)
	m.key = m.key[:0]
	if m.stop {
		m.key = append(m.key, 's')
	}
	for _, at := range m.list {
		m.key = binary.LittleEndian.AppendUint32(m.key, uint32(at))
	}
	row, ok := m.index[string(m.key)]
	if !ok {
		// A single state may be larger than the limit.
		if len(m.states) > 1 && (len(m.table)+len(m.sample) > m.limit || len(m.cells)+len(m.list) > m.limit) {
			return full
		}
		row = int32(len(m.table))
		for range m.sample {
			m.table = append(m.table, unknown)
		}
		from := len(m.cells)
		m.cells = append(m.cells, m.list...)
		m.states = append(m.states, state{m.cells[from:], m.stop})
		m.index[string(m.key)] = row
	}
	if row == 0 && m.lead.jumps() {
		return resting
	}
	return row
}

// next works out a transition: from a state by a class of bytes.
func (m *machine) next(row int32, class uint8) int32 {
	m.follow(m.at(row).nodes, m.sample[class], false)
	to := m.intern()
	if to != full {
		m.table[int(row)+int(class)] = to
	}
	return to
}

// renew forgets the states to make room for the set in list.
func (m *machine) renew() int32 {
	nodes, stop := slices.Clone(m.list), m.stop
	m.reset()
	m.list, m.stop = append(m.list, nodes...), stop
	return m.intern()
}

// rest returns what leads to the state of no nodes.
func (m *machine) rest() int32 {
	m.clear()
	return m.intern()
}

// begin returns the state after the newline before a line, or the text.
func (m *machine) begin(text bool) int32 {
	i := 0
	if text {
		i = 1
	}
	if m.first[i] == unknown {
		m.follow(nil, '\n', text)
		to := m.intern()
		if to == full {
			to = m.renew()
		}
		m.first[i] = to
	}
	return m.first[i]
}

// at returns the state of a row.
func (m *machine) at(row int32) *state { return &m.states[int(row)/len(m.sample)] }
