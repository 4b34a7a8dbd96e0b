package pattern

import (
	"math"
	"math/big"
)

// Infinity is where the score of a recipe ends on either side.
const Infinity = 1<<31 - 1

// Score adds up the weighted conditions of one recipe, in their order, the way
// procmail and procmailsc(5) have it. The zero value is a recipe without any.
//
// For each weighted condition the caller asks Enough, which also tells the Score
// that there is one, and if it is not enough, calls one of the Add methods.
type Score struct {
	total    float64
	weighted bool
	failed   bool
}

// Enough tells whether the score is at its upper bound, so that a further
// weighted condition is not looked at and counts as true.
func (s *Score) Enough() bool {
	enough := s.total >= Infinity
	s.weighted = s.weighted || !enough
	return enough
}

// Failed tells whether a condition has brought the score to its lower bound. The
// recipe does not match then, and no further condition is looked at.
func (s *Score) Failed() bool { return s.failed }

// Total returns the score.
func (s *Score) Total() float64 { return s.total }

// Final returns the value of $= and whether the recipe matches, as far as that
// depends on the score: it does without weighted conditions.
func (s *Score) Final() (value int, ok bool) {
	value = int(s.total)
	if value == 0 && s.total > 0 {
		value = 1
	}
	// Not the same as > 0: a total that is no number is a match.
	return value, !s.failed && !(s.weighted && s.total <= 0)
}

// AddPattern looks for a pattern in the text: the first match adds w, each
// further one x times as much as the one before it, until the weights become
// negligible. A match that consumes nothing stands for infinitely many. Negated,
// it adds w if there is none.
//
// start and end are the part of the text that MATCH gets; ok is false if MATCH
// stays as it is.
func (s *Score) AddPattern(w, x float64, negated bool, p *Pattern, text []byte) (start, end int, ok bool) {
	defer s.bound()
	search := func(from int) match { return p.search(text, from) }
	if negated {
		return s.lack(w, search)
	}
	return s.count(w, x, len(text), search)
}

// lack adds w if a search finds nothing.
func (s *Score) lack(w float64, search func(from int) match) (start, end int, ok bool) {
	if w == 0 {
		return 0, 0, false
	}
	m := search(0)
	if !m.ok {
		s.total += w
	}
	return m.start, m.end, m.marked
}

// count adds the matches that a search finds, one behind the other.
func (s *Score) count(w, x float64, length int, search func(from int) match) (start, end int, ok bool) {
	for from := 0; w != 0 && s.total > -Infinity && s.total < Infinity && from <= length; {
		m := search(from)
		if !m.ok {
			break
		}
		if m.marked {
			start, end, ok = m.start, m.end, true
		}
		s.total += w
		square := float64(w * w)
		w *= x
		if m.end <= from {
			s.total += rest(w, x)
			break
		}
		if next := float64(w * w); next < square && square < 1 {
			break
		}
		from = m.end
	}
	return start, end, ok
}

// rest returns the sum of endlessly many weights.
func rest(w, x float64) float64 {
	switch {
	case 0 < x && x < 1:
		return w / (1 - x)
	case x >= 1 && w < 0:
		return -Infinity
	case x >= 1 && w != 0:
		return Infinity
	}
	return 0
}

// AddProgram adds what a program's exit status is worth: w for 0, else x.
// Negated, the status is taken for a number of matches. A program that ended
// without a status is the caller's: it is a condition without a weight.
func (s *Score) AddProgram(w, x float64, negated bool, status int) {
	defer s.bound()
	switch {
	case !negated && status == 0:
		s.total += w
	case !negated:
		s.total += x
	default:
		for ; status > 0; status-- {
			s.total += w
			if !(s.total < Infinity && s.total > -Infinity) {
				break
			}
			w *= x
		}
	}
}

// AddSize adds w times the x-th power of how often the limit goes into the size
// or, if less is set, the size into the limit, both in bytes. less is that of
// `< limit`; negated turns it round.
func (s *Score) AddSize(w, x float64, less, negated bool, size, limit int64) {
	defer s.bound()
	above, below := size, limit
	if less != negated {
		above, below = limit, size
	}
	switch {
	case below != 0:
		s.total += float64(w * power(float64(above)/float64(below), x))
	case less != negated && above <= 0:
		s.total = -Infinity
	default:
		s.total = Infinity
	}
}

// bound keeps the score within its bounds after a condition.
func (s *Score) bound() {
	if s.total > Infinity {
		s.total = Infinity
	}
	if s.total <= -Infinity {
		s.total, s.failed = -Infinity, true
	}
}

const (
	// maxExponent is up to which exponent a power is worked out exactly. Beyond
	// it the score is at a bound, or what the power adds does not matter.
	maxExponent = 4096

	// precision in bits leaves a good hundred after that many multiplications.
	precision = 192
)

// power is C's pow. The C library rounds the result once; math.Pow is off by
// more, and pow(64, 1.5) short of 512 is one less when the score is cut to a
// whole number.
func power(base, x float64) float64 {
	whole, fraction := math.Modf(math.Abs(x))
	if !(whole <= maxExponent) || base == 0 || math.IsInf(base, 0) || math.IsNaN(base) || base < 0 && fraction != 0 {
		return math.Pow(base, x)
	}
	product := new(big.Float).SetPrec(precision).SetInt64(1)
	factor := new(big.Float).SetPrec(precision).SetFloat64(base)
	root := new(big.Float).Copy(factor)
	for n := int(whole); n > 0; n >>= 1 {
		if n&1 != 0 {
			product.Mul(product, factor)
		}
		factor.Mul(factor, factor)
	}
	for fraction != 0 {
		root.Sqrt(root)
		if fraction *= 2; fraction >= 1 {
			product.Mul(product, root)
			fraction--
		}
	}
	if x < 0 {
		product.Quo(new(big.Float).SetPrec(precision).SetInt64(1), product)
	}
	value, _ := product.Float64()
	return value
}
