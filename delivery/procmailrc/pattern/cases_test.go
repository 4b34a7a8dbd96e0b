package pattern

type matchCase struct {
	expr, text string
	want       bool
}

// matchCases has the facts about the language, one by one.
func matchCases() []matchCase {
	return []matchCase{
		{"", "", true},
		{"", "x", true},
		{"b", "abc", true},
		{"B", "abc", true},
		{"é", "É", false},
		{"a.c", "a\nc", false},
		{"a.c", "a\x00c", true},
		{"a.c", "a\xffc", true},
		// Anchors take a newline each.
		{"one$two", "one\ntwo", true},
		{"one^two", "one\ntwo", true},
		{"one$^two", "one\ntwo", false},
		{"one$^two", "one\n\ntwo", true},
		{"^a", "a", true},
		{"a$", "a", true},
		{"a$$", "a\n", true},
		{"a$$", "a", false},
		{"^$", "", true},
		{"^$", "a", false},
		{"^$", "a\n\nb", true},
		{"^$", "a\n", true},
		{"a$^", "a\n", true},
		{"(^)+a", "\n\n\na", true},
		// ^^
		{"^^a", "a", true},
		{"^^b", "ab", false},
		{"^^b", "a\nb", false},
		{"^^^a", "a", false},
		{"(^^a|b)", "ca", false},
		{"(^^a|b)", "cb", true},
		{"a^^", "a", true},
		{"a^^", "ab", false},
		{"a^^", "a\n", false},
		{"a$^^", "a\n", true},
		{"a$^^", "a", false},
		{"(a^^|c)", "ba", true},
		{"(a^^|c)d", "ad", false},
		{"a^^b", "ab", false},
		{"a^^()", "a", false},
		// procmail takes a ^^ at the end for the start of the text, too.
		{"^^", "", true},
		{"^^", "a", true},
		{"b*^^", "a", true},
		{"^^a^^", "a", true},
		{"^^a^^", "aa", false},
		{"^^(a^^)?", "b", true},
		// \< and \> take a byte.
		{`()\<cat\>`, "cat", true},
		{`()\<cat\>`, "a cat.", true},
		{`()\<cat\>`, "acat", false},
		{`()\<cat\>`, "cat_", false},
		{`()\<cat\>`, "cat9", false},
		{`cat\> dog`, "cat dog", false},
		{`cat\> dog`, "cat  dog", true},
		{`cat\>$`, "cat", false},
		{`cat\>\<dog`, "cat dog", false},
		// Backslash and what is no letter of a language.
		{`\d\w\s\b\n`, "dwsbn", true},
		{`\*\+\?\.\[\(\)\|\^\$\\`, `*+?.[()|^$\`, true},
		{`a\`, `a\`, true},
		{"a{2}", "aa", false},
		{"a{2}", "a{2}", true},
		{"[[:alpha:]]", "a", false},
		{"[[:alpha:]]", "a]", true},
		// Operators.
		{"a*b", "b", true},
		{"xa+b", "xb", false},
		{"xa+b", "xaab", true},
		{"xa?b", "xb", true},
		{"xa?b", "xaab", false},
		{"xa**b", "xaaab", false},
		{"xa**b", "xaa*b", true},
		{"xa***b", "xa***b", true},
		{"xa+?b", "xa?b", true},
		{"*a", "*a", true},
		{"*a", "a", false},
		{"x(+a|?b)", "x+a", true},
		{"x(+a|?b)", "x?b", true},
		{"x(a|b|)y", "xy", true},
		{"x(|a|b)y", "xby", true},
		{"x(a||b)y", "xy", true},
		{"x(a||b)y", "xcy", false},
		{"x()y", "xy", true},
		{"x(|)y", "xy", true},
		{"x(a*)*y", "xaaay", true},
		{"x((a*)*)*y", "xy", true},
		{"x((a?)+)?y", "xaaay", true},
		{"x(a*b*)*y", "xabbay", true},
		{"x(a*b*)*y", "xabbcy", false},
		{"a|b", "b", true},
		{"^(a|bc)*$", "abcbca", true},
		{"^(a|bc)*$", "abcbcb", false},
		// Classes.
		{"[abc]", "xbx", true},
		{"[a-c]", "B", true},
		{"[^a-c]", "B", false},
		{"^[^x]$", "", false},
		{"a[^x]b", "a\nb", false},
		{"[]]", "]", true},
		{"a[^]]", "a]", false},
		{"[]-]x", "-x", true},
		{"[-a]x", "-x", true},
		{"[a-]x", "-x", true},
		{"[a-c-e]x", "-x", false},
		{"[a-c-e]x", "ex", true},
		{"[z-a]", "m", false},
		{"[z-a]", "a", true},
		{`[\]`, `\`, true},
		{`[\n]`, "\n", false},
		{"x[ab", "xb", true},
		{"x[", "x", false},
		{"x[^", "xy", true},
		{"x[a-", "x-", true},
		// What \/ falls into.
		{`(a\/|x)a`, "aab", false},
		{`(a\/|x)a`, "axa", true},
		{`(a\/|x|y)a`, "aya", true},
		{`(x|a\/)a`, "aab", true},
		{`(a\/)*b`, "ab", true},
		{`^(a\/)*b`, "aab", false},
		{`^(a\/)+b`, "aab", true},
		// Loops that consume nothing.
		{"^(a|b*)*d", "abbad", true},
		{"^(a|b?c*)*d", "abccbd", true},
		{"^(a?b?c?)+d", "cbad", true},
		{"^((a*)*b*)*d", "abaabd", true},
		{"^((a*)+)+d", "aad", true},
		{"^(|a)*d", "aad", true},
		{"^(a|)+d", "aad", true},
		{"^(a|)+d", "aabd", false},
	}
}

type extractCase struct {
	expr, text, want string
	theirs           string // what procmail finds, if it is not the same
}

const (
	noMatch = "(none)"
	hangs   = "(hangs)"
)

func extractCases() []extractCase {
	return []extractCase{
		{`^Subject:.*\/.*`, "a\nSubject: x y\nz", " x y", ""},
		{`^Subject: [a-z]+\/.*`, "Subject: abc d", "bc d", ""},
		{`^Subject: \/.*`, "Subject: abc d\n", "abc d", ""},
		{`^Subject: \/.*$`, "Subject: abc d\nx", "abc d\n", ""},
		{`^Subject: \/.*$`, "Subject: abc d", "abc d", ""}, // the newline is not there
		{`\/^Sub.*`, "Subject", "Subject", ""},
		{`\/^Sub.*`, "x\nSubject", "\nSubject", ""},
		{`^Sub\/ject: \/.*`, "Subject: tiny", "tiny", ""},
		{`\/o.*^^`, "body\n", noMatch, ""},
		{`^\/[a-z]+$^^`, "body\n", "body\n", ""},
		{`^^From \/[^ ]+`, "From a@b c", "a@b", ""},
		{`a\/`, "aa", "", ""},
		{`\/`, "aa", "", ""},
		{`a$\/`, "a", noMatch, ""},
		{`a$\/`, "a\n", "", ""},
		{`\/(a|ab)(c|bcd)`, "abcd", "abcd", ""},
		{`\/(a|ab)`, "xab", "ab", ""},
		{`x(y|\/z)`, "xy", noMatch, ""},
		{`x(y|\/z)`, "xz", "z", ""},
		{`a(x\/y|b)`, "ab", noMatch, ""},
		{`x.*\/y*`, "xzzyy", "", ""},
		{`c\/d`, "ab", noMatch, ""},
		{`a+\/b*`, "aab", "", "ab"},
		{`^(x*)?b*\/c`, "xxc", "c", noMatch},
		{`a(\/)+b`, "aab", "b", hangs},
		{`(\/a*)*b`, "aab", "aab", hangs},
	}
}
