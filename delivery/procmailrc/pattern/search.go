package pattern

// Match tells whether the expression matches somewhere in the text.
func (p *Pattern) Match(text []byte) bool {
	_, ok := p.scan(text, 0)
	return ok
}

// Find searches from a position on and tells where the match ends: the one that
// ends first or, if the expression has a \/, the one that sets MATCH. It is
// what procmail's scoring repeats, each time from where the last match ended
// (see Score.AddPattern). from is at most len(text).
//
// A ^ at from takes the newline before from a second time, or the one before
// the text. A search with nothing left, from == len(text), takes the newline
// behind the text in its stead, and then one more. So end lies between from-1
// and len(text)+2, and is not larger than from if nothing was consumed that
// lies behind from.
func (p *Pattern) Find(text []byte, from int) (end int, ok bool) {
	m := p.search(text, from)
	return m.end, m.ok
}

// Extract returns the part of the text that MATCH gets: of all matches the ones
// whose \/ comes first, and of these the longest. ok is false if the expression
// does not match, or matches on a way that leads past no \/. The newlines around
// the text are clipped.
func (p *Pattern) Extract(text []byte) (start, end int, ok bool) {
	m := p.search(text, 0)
	if !m.marked {
		return 0, 0, false
	}
	return m.start, m.end, true
}

// match is the result of a search: start and end are MATCH if a \/ was passed;
// end alone counts if not.
type match struct {
	start, end int
	marked, ok bool
}

// search finds the match that counts.
func (p *Pattern) search(text []byte, from int) match {
	end, ok := p.scan(text, from)
	if !ok || !p.marks {
		return match{end: end, ok: ok}
	}
	return p.trace(text, from)
}

// lineStart tells whether the byte before a position is a newline.
func lineStart(text []byte, at int) bool { return at == 0 || text[at-1] == '\n' }

// scan finds the end of the match that ends first.
func (p *Pattern) scan(text []byte, from int) (end int, ok bool) {
	m := p.machine()
	first, last := from, len(text)
	row := int32(0)
	switch {
	case lineStart(text, from):
		first = from - 1
	case from == len(text):
		last++
	}
	if m.nullable {
		return first, true
	}
	if first < from || last > len(text) {
		if row = m.begin(from == 0); row == matched {
			return first + 1, true
		}
	}
	return m.run(text, from, row, last)
}

// run follows the text from a position on, at which a state is entered. last is
// where the newline behind the text counts as standing.
func (m *machine) run(text []byte, from int, row int32, last int) (end int, ok bool) {
	find := newFinder(&m.lead, text)
	i, since := from, from
	if row == 0 && m.lead.jumps() {
		row = resting
	}
	if row == resting {
		row, i = 0, find.next(i)
	}
	for i < len(text) {
		var to int32
		var class uint8
		// The loop that most of the time is spent in.
		table := m.table
		for ; i < len(text); i++ {
			class = m.class[text[i]]
			if to = table[int(row)+int(class)]; to < 0 {
				break
			}
			row = to
		}
		if i == len(text) {
			break
		}
		i++
		if to == unknown {
			to = m.next(row, class)
		}
		if to == full && i-since < worthwhile*len(m.states) {
			var done bool
			if i, ok, done = m.crawl(text, i, last); done {
				return i, ok
			}
			to = m.rest()
		}
		switch to {
		case full:
			since, row = i, m.renew()
		case matched:
			return i, true
		case resting:
			row, i = 0, find.next(i)
		default:
			row = to
		}
	}
	at := m.at(row)
	return m.finish(at.nodes, at.stop, last)
}

// crawl follows the set in list instead of states, until nothing is under way or
// the search is done.
func (m *machine) crawl(text []byte, i, last int) (end int, ok, done bool) {
	for ; len(m.list) > 0 || m.stop; i++ {
		m.list, m.spare = m.spare, m.list
		if i == len(text) {
			end, ok = m.finish(m.spare, m.stop, last)
			return end, ok, true
		}
		m.follow(m.spare, m.folded(text[i]), false)
		if m.end {
			return i + 1, true, true
		}
	}
	return i, false, false
}

// finish feeds the newline behind the text, with which no match begins.
func (m *machine) finish(nodes []int32, stop bool, last int) (end int, ok bool) {
	if stop {
		return last, true
	}
	m.clear()
	m.step(nodes, '\n', false)
	return last + 1, m.end
}
