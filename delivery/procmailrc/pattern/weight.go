package pattern

import (
	"strconv"
	"strings"
)

// blanks are what procmail skips between the parts of a condition.
const blanks = " \t"

// ParseWeight reads the `number ^ number` in front of a weighted condition. The
// numbers are those of C's strtod: sign, fraction, exponent, hexadecimal, inf
// and nan are fine. s begins with the first number. rest is what follows,
// without leading blanks. ok is false if there is no weight: the condition is
// then a regular expression, the number part of it.
func ParseWeight(s string) (w, x float64, rest string, ok bool) {
	if s == "" || strings.IndexByte("0123456789-+.", s[0]) < 0 {
		return 0, 0, s, false
	}
	w, after, ok := number(s)
	if !ok {
		return 0, 0, s, false
	}
	after = strings.TrimLeft(after, blanks)
	if !strings.HasPrefix(after, "^") {
		return 0, 0, s, false
	}
	x, after, ok = number(after[1:])
	if !ok {
		return 0, 0, s, false
	}
	return w, x, strings.TrimLeft(after, blanks), true
}

// number reads a number as strtod does in the C locale: the longest start of s
// that is one. Too large a number is infinite.
func number(s string) (value float64, rest string, ok bool) {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	sign := 0
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign = 1
	}
	length, missing := numeral(s[sign:])
	if length == 0 {
		return 0, s, false
	}
	length += sign
	text := s[:length]
	if at := strings.IndexByte(text, '('); at >= 0 {
		text = text[:at] // nan(characters)
	}
	if strings.EqualFold(text[sign:], "nan") {
		text = "nan" // Go knows no sign for it
	}
	// The error can only be about the range; the value is right then.
	value, _ = strconv.ParseFloat(text+missing, 64)
	return value, s[length:], true
}

// numeral returns the length of the number without sign that s begins with, and
// what Go wants to see behind it.
func numeral(s string) (length int, missing string) {
	lower := strings.ToLower(s[:min(len(s), len("infinity"))])
	for _, word := range [...]string{"infinity", "inf", "nan"} {
		if strings.HasPrefix(lower, word) {
			length = len(word)
			if word == "nan" {
				length += payload(s[length:])
			}
			return length, ""
		}
	}
	if strings.HasPrefix(lower, "0x") {
		if n := digits(s[2:], "0123456789abcdefABCDEF"); n > 0 {
			if e := exponent(s[2+n:], "pP"); e > 0 {
				return 2 + n + e, ""
			}
			return 2 + n, "p0"
		}
	}
	n := digits(s, "0123456789")
	if n == 0 {
		return 0, ""
	}
	return n + exponent(s[n:], "eE"), ""
}

// digits returns the length of digits with at most one point among them.
func digits(s, set string) int {
	n, point, some := 0, false, false
	for ; n < len(s); n++ {
		if s[n] == '.' && !point {
			point = true
		} else if strings.IndexByte(set, s[n]) >= 0 {
			some = true
		} else {
			break
		}
	}
	if !some {
		return 0
	}
	return n
}

// exponent returns the length of an exponent that begins with one of the
// letters.
func exponent(s, letters string) int {
	if s == "" || strings.IndexByte(letters, s[0]) < 0 {
		return 0
	}
	n := 1
	if n < len(s) && (s[n] == '-' || s[n] == '+') {
		n++
	}
	first := n
	for n < len(s) && s[n]-'0' <= 9 {
		n++
	}
	if n == first {
		return 0
	}
	return n
}

// payload returns the length of the parenthesis that may follow a nan.
func payload(s string) int {
	if !strings.HasPrefix(s, "(") {
		return 0
	}
	for i := 1; i < len(s); i++ {
		switch b := s[i]; {
		case b == ')':
			return i + 1
		case b != '_' && b-'0' > 9 && lower(b)-'a' > 'z'-'a':
			return 0
		}
	}
	return 0
}
