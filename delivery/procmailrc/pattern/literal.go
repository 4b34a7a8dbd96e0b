package pattern

import (
	"bytes"
	"strings"
)

// maxLiteral bounds what is compared at a candidate; more would hardly rule out
// more of them.
const maxLiteral = 32

// common has the bytes of mail by how often they stand there, the frequent ones
// first; a byte that is not in it is rarer than all of them.
const common = " etaoinsrhldcumfpgwybv\n.0123456789-/:=,<>\"kxjqz"

// literal is what every match begins with: a search with nothing under way
// jumps to it. It is lower case if case is ignored.
type literal struct {
	text string
	rare int  // the index of the byte to look for
	b    byte // that byte
	up   byte // its upper case, or b
	fold bool
	none bool // no match can begin behind the start of the text
}

// leading returns what every match begins with.
func (p *Pattern) leading() literal {
	var text [maxLiteral]byte
	length := 0
	at := p.start
walk:
	for length < len(text) {
		n := &p.nodes[at]
		switch n.op {
		case opByte:
			text[length] = n.b
			length++
		case opJump, opMark:
		default:
			break walk
		}
		at = n.out
	}
	if length == 0 {
		return literal{none: p.nodes[at].anchored()}
	}
	l := literal{text: string(text[:length]), fold: p.fold}
	best := -len(common)
	for i := range length {
		if rank := rarity(text[i], p.fold); rank > best {
			best, l.rare = rank, i
		}
	}
	l.b, l.up = text[l.rare], text[l.rare]
	if p.fold && l.b-'a' <= 'z'-'a' {
		l.up = l.b - 'a' + 'A'
	}
	return l
}

// rarity orders bytes by what it costs to look for them.
func rarity(b byte, fold bool) int {
	rank := strings.IndexByte(common, lower(b))
	if rank < 0 {
		rank = len(common)
	}
	if fold && lower(b)-'a' <= 'z'-'a' {
		rank -= 4 // two values to look for
	}
	return rank
}

// finder looks for a literal in one text, from left to right. It remembers
// where the rare byte stands next, so that no part is searched twice.
type finder struct {
	*literal
	text    []byte
	low, up int // the next positions of either case, if not before the asked one
}

func newFinder(l *literal, text []byte) finder { return finder{l, text, -1, -1} }

// next returns the first position from i on where a match may begin. A literal
// that would only fit with what follows the text counts as well.
func (f *finder) next(i int) int {
	if f.none {
		return len(f.text)
	}
	last := len(f.text) - len(f.literal.text)
	for i <= last {
		at := f.rareFrom(i+f.rare) - f.rare
		if at > last {
			break
		}
		if f.fits(at) {
			return at
		}
		i = at + 1
	}
	return max(i, last+1)
}

// rareFrom returns the next position of the rare byte, the text's length if
// there is none.
func (f *finder) rareFrom(i int) int {
	if f.low < i {
		f.low = f.index(i, f.b)
	}
	if f.up < i {
		if f.b == f.literal.up {
			f.up = len(f.text)
		} else {
			f.up = f.index(i, f.literal.up)
		}
	}
	return min(f.low, f.up)
}

func (f *finder) index(i int, b byte) int {
	if at := bytes.IndexByte(f.text[i:], b); at >= 0 {
		return i + at
	}
	return len(f.text)
}

// fits compares the literal with the text.
func (f *finder) fits(at int) bool {
	for i := range len(f.literal.text) {
		b := f.text[at+i]
		if f.fold {
			b = lower(b)
		}
		if b != f.literal.text[i] {
			return false
		}
	}
	return true
}

// jumps tells whether there is anything to look for.
func (l *literal) jumps() bool { return l.none || l.text != "" }
