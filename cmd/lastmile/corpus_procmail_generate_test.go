package main

import (
	"fmt"
	"strings"
)

// name is a variable that scripts assign to.
func (g *pmGenerator) name() string { return g.one("A", "B", "C", "D") }

// statement is an assignment, a recipe, or something that changes the course.
func (g *pmGenerator) statement(depth int) string {
	switch n := g.IntN(100); {
	case n < 25:
		return g.assignment()
	case n < 30:
		return g.one("# a comment", "", "   # indented", "A", "D ", "INCLUDERC", "UMASK=022", "UMASK=077", "MAILDIR=sub", "MAILDIR=$HOME", "junk here")
	case n < 35 && depth == 0:
		return g.include()
	default:
		return g.recipe(depth)
	}
}

// include is an rcfile of its own.
func (g *pmGenerator) include() string {
	name := fmt.Sprintf("inc%d.rc", len(g.includes))
	var parts []string
	for range 1 + g.IntN(3) {
		parts = append(parts, g.statement(1))
	}
	if g.chance(20) {
		parts = append(parts, "SWITCHRC=", g.assignment())
	}
	g.includes = append(g.includes, pmFile{path: name, mode: 0o644, body: strings.Join(parts, "\n") + "\n"})
	return "INCLUDERC=$HOME/" + name
}

func (g *pmGenerator) assignment() string {
	return g.name() + g.one("=", "=", "=", " = ", "= ") + g.value(0)
}

// value is one word of an rcfile, quoted or not.
func (g *pmGenerator) value(depth int) string {
	var b strings.Builder
	for range 1 + g.IntN(3) {
		b.WriteString(g.part(depth))
	}
	return b.String()
}

func (g *pmGenerator) part(depth int) string {
	switch g.IntN(9) {
	case 0:
		return "'" + g.one("a b", "$A", `"x"`, `a\b`, "#1", "", "`say x`", "two\nlines") + "'"
	case 1:
		return `"` + g.quoted(depth) + `"`
	case 2, 3:
		return g.substitution(depth)
	case 4:
		return `\` + g.one(" ", `\`, `"`, "'", "$", "a", "n", "#", "*", "`")
	case 5:
		return "`say " + g.one("x", "a  b", "$A", "'q q'", "$C.$D", "[x]", "'*'") + "`"
	default:
		return g.word()
	}
}

func (g *pmGenerator) word() string {
	return g.one("tiny", "box", "a", "b.c", "x/y", "12", "abc", "a*b", "(x)", "[ab]", "+", "-1", "a#b", "é", ":", "{", "}", "^", "~", "?")
}

// quoted is text between double quotes.
func (g *pmGenerator) quoted(depth int) string {
	var b strings.Builder
	for range 1 + g.IntN(3) {
		switch g.IntN(6) {
		case 0:
			b.WriteString(g.substitution(depth))
		case 1:
			b.WriteString(`\` + g.one(`"`, `\`, "$", "`", "a", "'", " "))
		case 2:
			b.WriteString(g.one("`say in   quotes`", "`say $A`", "$.", "'", "#", "  "))
		default:
			b.WriteString(g.word() + g.one("", " "))
		}
	}
	return b.String()
}

// substitution is a variable in one of its forms.
func (g *pmGenerator) substitution(depth int) string {
	v := g.one("A", "B", "C", "D", "UNSET", "MATCH", "LOGNAME")
	operator := g.one("-", ":-", "+", ":+")
	switch n := g.IntN(8); {
	case n < 2:
		return "$" + v
	case n < 4:
		return "${" + v + "}"
	case n == 4:
		return `$\` + v
	case n == 5:
		return g.one("$?", "$=", "$#", "$1", "$.")
	case depth < 2:
		return "${" + v + operator + g.inner(depth+1) + "}"
	default:
		return "${" + v + operator + g.one("x", "", "'y z'") + "}"
	}
}

// inner is what may stand in ${NAME-…}: no bare braces.
func (g *pmGenerator) inner(depth int) string {
	return strings.NewReplacer("{", "(", "}", ")").Replace(g.word()) + g.one("", "", g.substitution(depth), `\}`, "'q q'")
}

// recipe is a recipe with its flags, conditions and action.
func (g *pmGenerator) recipe(depth int) string {
	var conditions strings.Builder
	for range g.IntN(4) {
		conditions.WriteString("* " + g.condition() + "\n")
	}
	flags := g.one("", "", "", "", "A", "a", "E", "e", "AE", "Ae") + g.one("", "", "", "H", "B", "HB", "D", "BD")
	start := ":0 " + flags
	if depth < 3 && g.chance(25) {
		return start + g.one("", "", "", "cw", "cW") + "\n" + conditions.String() + g.block(depth+1)
	}
	more, action := g.action()
	lock := ""
	if g.chance(25) {
		lock = g.one(":", ":", ":my.lock", ": $HOME/other.lock")
	}
	return start + more + lock + "\n" + conditions.String() + action + "\n"
}

func (g *pmGenerator) block(depth int) string {
	if g.chance(30) {
		return "{ " + g.name() + "=" + g.one("1", "two", "$A$B", `"in a block"`) + " }"
	}
	var b strings.Builder
	b.WriteString("{\n")
	for range 1 + g.IntN(3) {
		b.WriteString("  " + g.statement(depth) + "\n")
	}
	return b.String() + "}"
}

// action is an action and the flags that go with it; most do not deliver.
func (g *pmGenerator) action() (flags, action string) {
	copies := "c"
	if g.chance(12) {
		copies = ""
	}
	part := g.one("", "", "", "h", "b", "r", "hr", "br")
	wait := g.one("w", "w", "W")
	switch g.IntN(10) {
	case 0:
		return copies + part, g.one("mbox1", "mbox2", "sub/mbox", "no/such/dir", "/dev/null", "box$A", `"$B"`)
	case 1, 2:
		return copies + part, g.one("md1/", "md2/", "sub/md/", "dir", "mh/.", "md1/ md2/", "box.d", "no/such/md/")
	case 3:
		return copies + part + wait, "| eat " + g.one("0", "0", "1", "75")
	case 4:
		g.files++
		return copies + part + wait, fmt.Sprintf("| cat >>out%d; exit %s", g.files, g.one("0", "0", "3"))
	case 5:
		return part + "f" + wait, "| " + g.one("cat", "sed -e s/a/b/g", "sed -e 's/^Subject: /&[x] /'", "eat 1", "sed -e '$d'", "tr a-m A-M | cat")
	case 6:
		return g.one("", "h", "b") + wait, g.name() + "=| " + g.one("sed -n 2p", "wc -l", "eat 1", "grep -i subject", "sed -n '$p'")
	case 7:
		return copies + part + wait, "! " + g.one("one@example.com", "$A", `"$B"`, "one@example.com two@example.com", `"$@"`)
	default:
		return copies, fmt.Sprintf("| cat >out%d", g.next())
	}
}

func (g *pmGenerator) next() int {
	g.files++
	return g.files
}

// condition is what follows the star.
func (g *pmGenerator) condition() string {
	not := g.one("", "", "", "! ")
	weight := ""
	if g.chance(20) {
		weight = g.one("1^0 ", "2^1 ", "-1^0 ", "10^.5 ", "-3^1 ", "1^2 ", "0.3^1 ", "5^-1 ")
	}
	switch n := g.IntN(12); {
	case n == 0:
		return weight + not + "? eat " + g.one("0", "1", "2")
	case n == 1:
		return weight + not + g.one("<", ">") + g.one(" 100", "200", " 0", " 1000")
	case n < 4:
		return weight + not + g.one("A", "B", "MATCH", "UNSET", "H", "B", "HB", "BH", "LOGNAME") + " ?? " + g.regexp()
	case n == 4:
		return "$ " + weight + not + g.one(`$\A`, "^Subject:.*$B", "${UNSET:-tiny}", `(${D+x}|a)`, `$\MATCH`)
	case n < 7:
		right := g.simple()
		before := g.one("", " ", ".*")
		if right == "a|ab" {
			before = "" // what repeats left of \/ gives procmail a wrong MATCH (package pattern)
		}
		return weight + not + g.one("^Subject:", "^X-Test:", "^To:", "^^From", "") + before + `\/` + right
	case n == 7:
		return weight + not + g.one("^TO_receiver", "^FROM_DAEMON", "^TOother", "^FROM_MAILER")
	default:
		return weight + not + g.regexp()
	}
}

// simple is a regular expression without anything redundant.
func (g *pmGenerator) simple() string {
	return g.one(".*", ".+", "[a-z]+", "[^ ]*", "[0-9]+", "a|ab", "(a|b)+", ".*$", "b$", "x?y?", "tiny")
}

// regexp is any regular expression without a match to extract.
func (g *pmGenerator) regexp() string {
	var b strings.Builder
	b.WriteString(g.one("", "", "^", "^^", "^Subject:.*"))
	for range 1 + g.IntN(4) {
		b.WriteString(g.one("a", "b", "t", "i", ".", "[abc]", "[^a]", "[a-]", "(ab|a)", "(a|b)", `\.`, "$", "^", " ", "tiny", "[]x]", `(\<)a`, `b\>`, "aab", "x") +
			g.one("", "", "", "*", "+", "?"))
	}
	b.WriteString(g.one("", "", "", "$", "^^", "(a|b|)")) // repeated, this one would never end
	return b.String()
}
