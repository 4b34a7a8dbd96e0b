package pattern

// tangle is procmail's own search for MATCH with its known bugs:
//
//   - the ways from one state share the place of their \/, so that one that
//     passes a \/ gives it to those that are looked at after it, which depends
//     on the order;
//   - states that are under way when a search ends stay marked as such in the
//     program, and later searches of the same condition do not enter them.
type tangle struct {
	p     *Pattern
	limit int      // a \/ behind it does not count
	now   []thread // the last one goes first
	later []thread
	best  match
	side  int // there are two marks in each node, for alternating steps
	stuck [2]map[int32]bool
}

func newTangle(p *Pattern) func(text []byte, from int) match {
	t := &tangle{p: p, stuck: [2]map[int32]bool{{}, {}}}
	return t.search
}

func (t *tangle) search(text []byte, from int) match {
	t.now, t.later, t.best, t.side, t.limit = nil, nil, match{}, 0, len(text)
	last := len(text)
	if t.p.nodes[t.p.start].op == opStart && (lineStart(text, from) || from == len(text)) {
		t.side = 1 // the first step of such a program is none
	}
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
		done = t.feed(t.p.folded(text[i]), i, inside)
	}
	_ = done || t.feed('\n', last, behind) || t.feed('\n', last+1, over)
	for i, threads := range [...][]thread{t.later, t.now} {
		for _, w := range threads {
			if done := t.best.ok && !t.best.marked; !done || w.mark != unmarked {
				t.stuck[t.side^i][int32(w.node)] = true
			}
		}
	}
	return t.best.clipped(len(text))
}

// keep takes the threads away whose \/ is behind the best one, and turns the
// others round.
func keep(threads []thread, mark int) []thread {
	var kept []thread
	for i := len(threads) - 1; i >= 0; i-- {
		if threads[i].mark <= mark {
			kept = append(kept, threads[i])
		}
	}
	return kept
}

func (t *tangle) feed(b byte, at int, now when) bool {
	t.side ^= 1
	t.now, t.later = t.later, nil
	if now <= before && !t.best.ok && t.follow(t.p.start, unmarked, b, at, now) {
		return true
	}
	for len(t.now) > 0 {
		w := t.now[len(t.now)-1]
		t.now = t.now[:len(t.now)-1]
		if t.follow(t.p.nodes[w.node].out, w.mark, b, at, now) {
			return true
		}
	}
	return false
}

// follow goes all ways from a node, with one mark for all of them.
func (t *tangle) follow(node int32, mark int, b byte, at int, now when) bool {
	work := []int32{node}
	split := map[int32]bool{}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		n := &t.p.nodes[i]
		goes := t.p.accepts(n, b)
		switch n.op {
		case opSplit:
			if !split[i] {
				split[i] = true
				work = append(work, n.alt, n.out)
			}
		case opJump:
			work = append(work, n.out)
		case opMark:
			if !t.best.ok {
				mark = at
			}
			if mark > t.limit {
				mark = unmarked
			}
			work = append(work, n.out)
		case opStart:
			goes = now == before
		case opStop, opEnd:
			if n.op == opStop && now != behind {
				goes = now == before
				break
			}
			if mark == unmarked {
				t.best = match{end: at, ok: true}
				return true
			}
			t.best = match{mark, at, true, true}
			t.now, t.later = keep(t.now, mark), keep(t.later, mark)
		}
		if goes {
			t.push(i, mark)
		}
	}
	return false
}

func (t *tangle) push(node int32, mark int) {
	if t.stuck[t.side][node] {
		return
	}
	for i := range t.later {
		if w := &t.later[i]; w.node == int(node) {
			w.mark = min(w.mark, mark)
			return
		}
	}
	t.later = append(t.later, thread{int(node), mark})
}
