package formail

// firstAddress returns the mail address that a field body names first, without
// comments, blanks and angle brackets: that in angle brackets if there is one,
// else the first word. It changes the text. "" with found: the brackets are
// empty.
func firstAddress(text []byte) (address string, found bool) {
	// Room for the "<", ">" and NUL that a word may get, at its end.
	a := &addressText{b: append(text, 0, 0, 0), end: len(text)}
	if nul := a.indexNUL(0); nul < a.end {
		a.end = nul // the original's strings end there
	}
	at := 0
	for at < a.end && (isBlank(a.b[at]) || a.b[at] == '\n') {
		at++
	}
	start := -1
	for a.b[at] != 0 {
		if a.b[at] == '<' {
			start = at
			a.word(at)
			break
		}
		if start < 0 {
			start = at
		}
		at = a.word(at)
	}
	if start < 0 {
		return "", false
	}
	return string(a.b[start:a.indexNUL(start)]), true
}

// addressText is a field body that is rewritten in place: words move to the left
// over what is dropped. A NUL ends each word, and stands at end.
type addressText struct {
	b   []byte
	end int
}

// What a word can be: the beginning of a group ("list: a, b;"), a group, or
// certainly none.
const (
	maybeGroup = iota
	inGroup
	noGroup
)

// What stands in angle brackets.
const (
	noBrackets = iota
	brackets
	bracketsWithList // a comma or semicolon: the brackets have to stay
)

// wordScan is the state within one word.
type wordScan struct {
	start, target int
	group         int
	bracketed     int
	afterWord     bool // the last thing was an atom, a string or a domain literal
	afterBlank    bool // there was a blank or comment since
}

// word reads the word that begins at an index, writes it there in its shortest
// form, and returns where the next thing begins. A word is all that belongs to
// one address outside of brackets: atoms joined by "@" and ".".
func (a *addressText) word(at int) (next int) {
	w := wordScan{start: at, target: at}
	if a.b[at] == '<' {
		w.bracketed = brackets
		at++
	}
	for {
		c := a.b[at]
		switch {
		case c == '<':
			if w.bracketed == noBrackets {
				return at
			}
			w.target, w.afterWord, w.afterBlank = w.start, false, false // they do not nest: start anew
			at++
		case c == '(':
			at = a.skipComment(at) + 1
			w.afterBlank = true
		case c == ' ' || c == '\t' || c == '\n':
			at++
			w.afterBlank = true
		case c == 0 || c == '>':
			a.finish(&w)
			return at
		case c == ',' || c == ';':
			if !a.separator(&w, at) {
				a.b[w.target] = 0
				return at
			}
			at = a.copyOne(&w, at)
		case c == ':' || c == '@' || c == '.':
			w.special(c)
			at = a.copyOne(&w, at)
		case c == '[' || c == '"':
			at = a.quoted(&w, at)
		case w.bracketed == noBrackets && w.afterWord && w.afterBlank && w.target > w.start:
			a.b[w.target] = 0
			return at
		default:
			if c == '\\' && at+1 < a.end {
				at = a.copyOne(&w, at)
			}
			at = a.copyOne(&w, at)
			w.afterWord, w.afterBlank = true, false
		}
	}
}

// special notes a character that joins atoms.
func (w *wordScan) special(c byte) {
	switch {
	case w.group == maybeGroup && c == ':':
		w.group = inGroup
	case w.group == maybeGroup:
		w.group = noGroup
	}
	w.afterWord, w.afterBlank = false, false
}

// separator tells whether a comma or semicolon belongs to the word: in a group,
// which a semicolon ends, and within brackets.
func (a *addressText) separator(w *wordScan, at int) bool {
	switch {
	case w.group == inGroup:
		if a.b[at] == ';' {
			a.b[at+1] = 0
			a.end = min(a.end, at+1)
		}
	case w.bracketed != noBrackets:
		w.bracketed = bracketsWithList
	default:
		return false
	}
	w.afterWord, w.afterBlank = false, false
	return true
}

// finish ends a word, and puts it into brackets again if they mean something.
func (a *addressText) finish(w *wordScan) {
	if w.bracketed == bracketsWithList {
		copy(a.b[w.start+1:], a.b[w.start:w.target])
		a.b[w.start] = '<'
		a.b[w.target+1] = '>'
		w.target += 2
	}
	a.b[w.target] = 0
}

// copyOne moves one byte to the end of the word.
func (a *addressText) copyOne(w *wordScan, at int) int {
	a.b[w.target] = a.b[at]
	w.target++
	return at + 1
}

// quoted moves a quoted string or a domain literal to the end of the word; what
// is not closed ends with the text.
func (a *addressText) quoted(w *wordScan, at int) int {
	closing := byte('"')
	if a.b[at] == '[' {
		closing = ']'
	}
	at = a.copyOne(w, at)
	for at < a.end {
		c := a.b[at]
		at = a.copyOne(w, at)
		if c == closing {
			break
		}
		if c == '\\' && at < a.end {
			at = a.copyOne(w, at)
		}
	}
	w.afterWord, w.afterBlank = true, false
	return at
}

// skipComment returns where a comment ends: at its closing parenthesis, or at
// the last byte of the text.
func (a *addressText) skipComment(at int) int {
	for depth := 1; ; {
		at++
		switch {
		case at >= a.end:
			return a.end - 1
		case a.b[at] == '\\':
			at++
		case a.b[at] == '(':
			depth++
		case a.b[at] == ')':
			depth--
			if depth == 0 {
				return at
			}
		}
	}
}

// indexNUL returns where the next NUL is.
func (a *addressText) indexNUL(at int) int {
	for a.b[at] != 0 {
		at++
	}
	return at
}
