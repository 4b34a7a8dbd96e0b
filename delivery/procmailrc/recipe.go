package procmailrc

import "strings"

// flagLetters are the flags of a recipe, procmailrc(5).
const flagLetters = "HBDAahbfcwWiEer"

// flags are those of one recipe, a bit for each of flagLetters.
type flags uint16

func (f flags) has(letter byte) bool { return f&(1<<strings.IndexByte(flagLetters, letter)) != 0 }

func (f *flags) put(letter byte) { *f |= 1 << strings.IndexByte(flagLetters, letter) }

func (f *flags) drop(letter byte) { *f &^= 1 << strings.IndexByte(flagLetters, letter) }

// recipe is the first line of a recipe.
type recipe struct {
	flags flags
	// conditions is how many of the next lines are conditions whether they
	// begin with "*" or not; -1 if the line did not say.
	conditions  int
	locks       bool   // a second ":" was there
	lockFile    string // the name after it
	hasLockFile bool
}

// parseRecipe reads the words of a recipe's first line, without the ":" that
// begins it, and returns what it does not understand.
func parseRecipe(words []string) (r recipe, leftover string) {
	r.conditions = -1
	if n, length := leadingInt(words[0]); length > 0 {
		r.conditions, words[0] = n, words[0][length:]
	}
	for i, word := range words {
		for at := 0; at < len(word); at++ {
			switch c := word[at]; {
			case c == ' ' || c == '\t':
			case strings.IndexByte(flagLetters, c) >= 0:
				r.flags.put(c)
			case c == ':':
				r.locks = true
				rest := words[i+1:]
				if at+1 < len(word) {
					r.lockFile, r.hasLockFile = word[at+1:], true
				} else if len(rest) > 0 {
					r.lockFile, r.hasLockFile, rest = rest[0], true, rest[1:]
				}
				return r, strings.Join(rest, " ")
			default:
				return r, strings.Join(append([]string{word[at:]}, words[i+1:]...), " ")
			}
		}
	}
	return r, ""
}

// howRecipe is how a recipe ended.
type howRecipe int

const (
	recipeDone      howRecipe = iota // the rcfile goes on behind it
	recipeDelivered                  // it has delivered the message
	recipeOverflow                   // its first line was too long, and ends the rcfile
)

// recipe reads a recipe, and does what it says if its conditions hold. The ":"
// has been taken.
func (in *interp) recipe(skip *int, lastSucceeded *bool) howRecipe {
	var r recipe
	match := false
	for {
		from := in.offset()
		e, ok := in.expand(&in.src, toWords, "", *skip > 0)
		if !ok {
			return recipeOverflow
		}
		var leftover string
		r, leftover = parseRecipe(e.words)
		in.traceRecipe(&r, from, leftover, *skip > 0)
		in.skipped(leftover)
		var missing bool
		match, missing = in.conditions(&r, *skip > 0, *lastSucceeded)
		if *skip == 0 {
			if !r.flags.has('A') && !r.flags.has('a') {
				in.chain.last = match
			}
			if !in.chain.prev || !r.flags.has('E') {
				in.chain.prev = match
			}
		}
		if !missing {
			break
		}
	}
	in.src.skipBlanks()
	if match {
		in.mail.fold(false)
	}
	return in.action(&r, match, skip, lastSucceeded)
}

// what returns the part of the message that flags h and b choose.
func (in *interp) what(r *recipe) part {
	p := part{m: in.mail, to: in.mail.len(), close: !r.flags.has('r')}
	switch h, b := r.flags.has('h'), r.flags.has('b'); {
	case h && !b:
		p.to = in.mail.body
	case b && !h:
		p.from = in.mail.body
	}
	return p
}

// String returns the letters.
func (f flags) String() string {
	var b strings.Builder
	for i := range flagLetters {
		if f&(1<<i) != 0 {
			b.WriteByte(flagLetters[i])
		}
	}
	return b.String()
}
