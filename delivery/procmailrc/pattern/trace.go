package pattern

import (
	"cmp"
	"math"
	"slices"
)

// unmarked is the mark of a way that has led past no \/: behind all others.
const unmarked = math.MaxInt

// thread is a node that waits for a byte, and where the \/ of the way to it was.
// Of several ways to a node the one with the first \/ counts: it is the way that
// a match would be chosen for.
type thread struct{ node, mark int }

// tracer follows all ways to match at once and knows where their \/ was.
type tracer struct {
	*Pattern
	threads []thread
	length  int // of the text

	// The nodes reached by now in this step, and their marks.
	order  []int32
	seen   []int // the step in which a node was reached
	mark   []int
	step   int
	stack  []int32
	passed []int32 // the \/ nodes reached

	best match
}

// when says what goes beside a byte.
type when uint8

const (
	inside when = iota // a match can begin here
	before             // so can one with ^^
	behind             // none can; the text is complete
	over               // nor here; the newline behind the text is over, too
)

// trace finds MATCH. The text is known to match from that position on.
func (p *Pattern) trace(text []byte, from int) match {
	t := p.tracer
	if t == nil {
		t = &tracer{Pattern: p, seen: make([]int, len(p.nodes)), mark: make([]int, len(p.nodes))}
		p.tracer = t
	}
	t.threads, t.best, t.length = t.threads[:0], match{}, len(text)
	find := newFinder(&p.lead, text)
	last := len(text)
	done := false
	switch {
	case from == 0:
		done = t.feed('\n', -1, before)
	case lineStart(text, from):
		done = t.feed('\n', from-1, inside)
	case from == len(text):
		done = t.feed('\n', last, inside)
		last++
	}
	for i := from; i < len(text) && !done; i++ {
		if len(t.threads) == 0 {
			if t.best.ok {
				break
			}
			if p.lead.jumps() {
				if i = find.next(i); i == len(text) {
					break
				}
			}
		}
		done = t.feed(p.folded(text[i]), i, inside)
	}
	if !done {
		done = t.feed('\n', last, behind)
	}
	if !done {
		t.feed('\n', last+1, over)
	}
	return t.best.clipped(len(text))
}

// clipped takes what is not text away from MATCH.
func (m match) clipped(length int) match {
	if m.marked {
		m.end = min(m.end, length)
		m.start = min(max(m.start, 0), length)
		m.end = max(m.end, m.start)
	}
	return m
}

// feed takes one step: the ways that are complete before a byte, and those that
// go on with it. It returns true if there is nothing more to find out.
func (t *tracer) feed(b byte, at int, now when) bool {
	t.spread(at, now)
	if t.seen[0] == t.step {
		first := t.mark[0]
		if first == unmarked {
			t.best = match{end: at, ok: true}
			return true
		}
		t.best = match{first, at, true, true}
	}
	t.threads = t.threads[:0]
	for _, i := range t.order {
		n := &t.nodes[i]
		if t.best.ok && t.mark[i] > t.best.start {
			continue // it can end later, but not begin earlier
		}
		if t.accepts(n, b) || n.anchored() && now == before {
			t.threads = append(t.threads, thread{int(n.out), t.mark[i]})
		}
	}
	return false
}

// spread finds all nodes that wait for the next byte. The ways go in the order
// of their marks, so that no node is reached more than three times: by the first
// way with a mark, by one without, and by one that gets its mark here.
func (t *tracer) spread(at int, now when) {
	t.step++
	t.order, t.passed = t.order[:0], t.passed[:0]
	slices.SortFunc(t.threads, func(a, b thread) int { return cmp.Compare(a.mark, b.mark) })
	for _, w := range t.threads {
		t.reach(int32(w.node), w.mark, now)
	}
	if now <= before && !t.best.ok {
		t.reach(t.start, unmarked, now)
	}
	mark := at
	if at > t.length {
		mark = unmarked // behind the newline behind the text procmail forgets
	}
	for i := 0; i < len(t.passed); i++ {
		t.reach(t.nodes[t.passed[i]].out, mark, now)
	}
}

// reach puts a node and what it leads to without a byte among the reached ones.
func (t *tracer) reach(node int32, mark int, now when) {
	t.stack = append(t.stack, node)
	for len(t.stack) > 0 {
		i := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		again := t.seen[i] == t.step
		if again && t.mark[i] <= mark {
			continue
		}
		t.seen[i], t.mark[i] = t.step, mark
		switch n := &t.nodes[i]; n.op {
		case opSplit:
			t.stack = append(t.stack, n.alt, n.out)
		case opJump:
			t.stack = append(t.stack, n.out)
		case opMark:
			// With a match in hand only earlier marks than its own are of
			// interest: a new one would be later.
			if t.best.ok {
				t.stack = append(t.stack, n.out)
			} else if !again {
				t.passed = append(t.passed, i)
			}
		case opStop:
			if now == behind {
				t.stack = append(t.stack, 0)
			} else if !again {
				t.order = append(t.order, i)
			}
		case opEnd:
		default:
			if !again {
				t.order = append(t.order, i)
			}
		}
	}
}
