package procmailrc

import "strings"

// mode says what a text is expanded to.
type mode int

const (
	// toWords cuts the text into words at blanks, as a shell does: command
	// lines, folders, addresses, the start of a recipe.
	toWords mode = iota
	// toValue ends at the first blank that is not quoted: assignments.
	toValue
	// toText keeps everything and makes one blank of several: conditions,
	// assignments on the command line.
	toText
)

// state is where in a text the expander is.
type state int8

const (
	nothingYet state = iota - 1
	betweenWords
	plainText
	doubleQuoted
	singleQuoted
)

// expander expands one text: quotes, backslashes, $substitutions and
// `backquotes`. It is also what finds the end of the text, so that a text which
// is skipped is cut exactly where it would be if it were used.
type expander struct {
	in    *interp
	src   bytesIn
	mode  mode
	limit int // LINEBUF
	out   []byte

	state       state
	braces      int // how many ${ are open
	quoteBraces int // how many were when the double quote was opened

	skipping bool   // the whole text: nothing is looked up or run
	unused   unused // the branch of a ${name-text} that is not used
	overflow bool
	all      int // where the last "$@" stood, or -1

	c     int  // the byte that is looked at
	again bool // look at c, not at the next byte
}

// unused is a branch of ${name-text} or ${name+text} that is read only to find
// its end.
type unused struct {
	active bool
	at     int // what was there of the output before
	braces int
	value  string // what the substitution gives instead
	state  state  // where it began
}

// expansion is an expanded text.
type expansion struct {
	words []string
	all   int // index of the word that the positional arguments stand for, or -1
}

// String returns the text of an expansion that is not cut into words, and the
// first word of one that is.
func (e expansion) String() string { return e.words[0] }

// args returns the words with the positional arguments in the place of "$@".
func (e expansion) args(positional []string) []string {
	if e.all < 0 || len(positional) == 0 {
		return e.words
	}
	args := append([]string(nil), e.words[:e.all]...)
	args = append(args, positional...)
	return append(args, e.words[e.all+1:]...)
}

// expand reads a text to its end and expands it behind what begin holds already:
// words, each ended by a NUL, and perhaps the beginning of one. It reports false
// if the text got longer than LINEBUF, or skip was set.
func (in *interp) expand(src bytesIn, m mode, begin string, skip bool) (expansion, bool) {
	e := &expander{in: in, src: src, mode: m, limit: in.lineBuf, out: []byte(begin), state: nothingYet, skipping: skip, all: -1}
	e.run()
	if e.overflow {
		in.overflow()
	}
	return e.result(), !e.overflow
}

// result cuts the output into words.
func (e *expander) result() expansion {
	r := expansion{all: -1}
	if e.mode != toWords {
		r.words = []string{string(e.out)}
		return r
	}
	text := strings.TrimSuffix(string(e.out), "\x00")
	r.words = strings.Split(text, "\x00")
	end := 0
	for i, w := range r.words {
		if end += len(w); end == e.all {
			r.all = i
		}
		end++ // the NUL
	}
	return r
}

// isSkipping reports whether nothing is to be looked up or run: what has got too
// long is not going to be used.
func (e *expander) isSkipping() bool { return e.skipping || e.unused.active || e.overflow }

// read returns the next byte to look at.
func (e *expander) read() int {
	if e.again {
		e.again = false
	} else {
		e.c = e.src.next()
	}
	return e.c
}

// check holds the output below the limit.
func (e *expander) check() {
	if len(e.out) > e.limit {
		e.overflow = true
		e.out = e.out[:e.limit]
	}
}

// put takes the byte that is looked at as it is.
func (e *expander) put() {
	e.out = append(e.out, byte(e.c))
	if e.state <= betweenWords {
		e.state = plainText
	}
}

// run expands to the end of the text.
func (e *expander) run() {
	for done := false; !done; {
		c := e.read()
		e.check()
		switch c {
		case eof:
			if e.mode != toText && e.state > plainText {
				e.in.log("Unexpected EOL\n")
			}
			done = true
		case '\\':
			done = e.backslash()
		case '`':
			e.backquote()
		case '"':
			e.doubleQuote()
		case '\'':
			e.singleQuote()
		case '}':
			e.closeBrace()
		case '#':
			done = e.comment()
		case '$':
			done = e.dollar()
		case ' ', '\t':
			done = e.blank()
		case '\n':
			if done = e.state <= plainText; !done {
				e.put()
			}
		default:
			e.put()
		}
	}
	e.check()
	if e.mode == toWords && e.state != betweenWords {
		e.out = append(e.out, 0)
	}
}

// blank ends a word, or the text, or is part of it.
func (e *expander) blank() (done bool) {
	switch e.state {
	case plainText:
		if e.mode == toValue {
			return true
		}
		e.state = betweenWords
		if e.mode == toText {
			e.out = append(e.out, ' ')
		} else {
			e.out = append(e.out, 0)
		}
	case doubleQuoted, singleQuoted:
		e.put()
	}
	return false
}

// comment passes over a comment, which begins where a word would and ends the
// text.
func (e *expander) comment() (done bool) {
	if e.state > betweenWords {
		e.put()
		return false
	}
	for c := e.read(); c != eof && c != '\n'; {
		c = e.read()
	}
	return true
}

func (e *expander) doubleQuote() {
	switch {
	case e.state == singleQuoted, e.state == doubleQuoted && e.quoteBraces < e.braces:
		e.put()
	case e.state == doubleQuoted:
		e.state = plainText
	default:
		e.quoteBraces, e.state = e.braces, doubleQuoted
	}
}

func (e *expander) singleQuote() {
	switch e.state {
	case doubleQuoted:
		e.put()
	case singleQuoted:
		e.state = plainText
	default:
		e.state = singleQuoted
	}
}

// inBrace reports whether a "}" here would close a ${.
func (e *expander) inBrace() bool {
	return e.state <= plainText && e.braces > 0 || e.state == doubleQuoted && e.braces > e.quoteBraces
}

func (e *expander) closeBrace() {
	if !e.inBrace() {
		e.put()
		return
	}
	e.braces--
	if e.unused.active && e.braces == e.unused.braces {
		e.unused.active = false
		e.out, e.state = e.out[:e.unused.at], e.unused.state
		e.insert(e.unused.value)
	}
}

// backslash takes the next byte literally where it would mean something, joins
// lines, and is dropped, or between double quotes kept, before anything else.
func (e *expander) backslash() (done bool) {
	if e.state == singleQuoted {
		e.put()
		return false
	}
	e.read()
	return e.escaped()
}

// escaped takes the byte that is looked at, which follows a backslash.
func (e *expander) escaped() (done bool) {
	keep := e.state > plainText // the backslash
	switch e.c {
	case eof:
		e.in.log("Unexpected EOL\n")
		return true
	case '\n':
		return false
	case '#':
		keep = e.state > betweenWords
	case '"', '\\', '$', '`':
		keep = false
	case '}':
		keep = keep && !e.inBrace()
	}
	if keep {
		e.out = append(e.out, '\\')
	}
	e.put()
	return false
}

// insert puts the value of a substitution into the output: between double
// quotes, and where no words are made, as it is; otherwise cut into words.
func (e *expander) insert(value string) {
	if e.state == doubleQuoted || e.mode != toWords {
		e.insertWhole(value)
		return
	}
	for i := 0; i < len(value); i++ {
		switch c := value[i]; c {
		case ' ', '\t', '\n':
			if e.state > betweenWords {
				e.out, e.state = append(e.out, 0), betweenWords
			}
		default:
			e.out, e.state = append(e.out, c), plainText
		}
	}
	e.check()
}

// insertWhole puts a value into the output without cutting it.
func (e *expander) insertWhole(value string) {
	e.out = append(e.out, value...)
	if e.state <= betweenWords {
		e.state = plainText
	}
	e.check()
}
