package procmailrc

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// quiet is a Host that a test can expand texts with: it knows the time, and takes
// the log.
type quiet struct {
	Host
	logged strings.Builder
}

func (*quiet) PID() int          { return 4711 }
func (*quiet) Now() time.Time    { return time.Unix(1704363072, 0) }
func (*quiet) Ended() bool       { return false }
func (h *quiet) Log(text string) { h.logged.WriteString(text) }

// testInterp returns an interpreter with some variables.
func testInterp() (*interp, *quiet) {
	h := &quiet{}
	in := &interp{host: h, vars: newVars([]string{"A=one", "B=two words", "E=", "R=a.b*[c]"}), args: []string{"first", "second arg"}, settings: newSettings(), control: new(Control)}
	return in, h
}

func TestExpandWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		``:                               {""},
		`a b	c`:                          {"a", "b", "c"},
		`  a  `:                          {"a"},
		`'a b'"c d" e\ f`:                {"a bc d", "e f"},
		`$A $B "$B"`:                     {"one", "two", "words", "two words"},
		`x$B-y`:                          {"xtwo", "words-y"},
		`${A}x ${U-d e} ${U:-"f g"}`:     {"onex", "d", "e", "f g"},
		`${A+set} ${E:-empty} ${E-kept}`: {"set", "empty"},
		`a#b #c`:                         {"a#b"},
		`a\tb "a\tb" '\t'`:               {"atb", `a\tb`, `\t`},
		`"$A" '$A' \$A`:                  {"one", "$A", "$A"},
		`$$ $# $1 $3 $`:                  {"4711", "2", "first", "$"},
		`$\R`:                            {`()a\.b\*\[c]`},
		`a\
b`: {"ab"},
		"a\nb": {"a"},
	} {
		in, _ := testInterp()
		e, ok := in.expand(&textIn{text: text}, toWords, "", false)
		if !ok || !slices.Equal(e.words, want) {
			t.Errorf("%s: %q, %v; want %q", text, e.words, ok, want)
		}
	}
}

func TestExpandPositional(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`cmd "$@" end`: {"cmd", "first", "second arg", "end"},
		`cmd $@`:       {"cmd", "@"},
		`"$@"`:         {"first", "second arg"},
	} {
		in, _ := testInterp()
		e, _ := in.expand(&textIn{text: text}, toWords, "", false)
		if got := e.args(in.args); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		in.args = nil
		if got := e.args(in.args); !slices.Equal(got, e.words) {
			t.Errorf("%s without arguments: %q, want %q", text, got, e.words)
		}
	}
}

// A value ends where the expander stops reading, and the rest of the line is left.
func TestExpandValue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		`a b`:          {"a", "b"},
		`"a b" c`:      {"a b", "c"},
		`$B c`:         {"two words", "c"},
		`${U-x y} z`:   {"x", "y} z"},
		`${U-"x y"} z`: {"x y", "z"},
		`#no`:          {"", ""},
		`'open`:        {"open", ""},
	} {
		in, _ := testInterp()
		src := &textIn{text: text}
		e, ok := in.expand(src, toValue, "", false)
		if rest := src.text[src.at:]; !ok || e.String() != want[0] || rest != want[1] {
			t.Errorf("%s: %q and %q left, %v; want %q", text, e.String(), rest, ok, want)
		}
	}
}

// What is skipped ends where it would if it were used.
func TestExpandSkips(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`a "b
c" d` + "\nrest", `${A-"x y"} ${U:-$B}` + "\nrest", "`echo a; echo \\`b\\``\nrest", `'$A' \` + "\n b\nrest"} {
		in, h := testInterp()
		src := &textIn{text: text}
		in.expand(src, toWords, "", true)
		if rest := src.text[src.at:]; rest != "rest" || h.logged.Len() > 0 {
			t.Errorf("%q: %q left, want the last line; logged %q", text, rest, h.logged.String())
		}
	}
}

func TestExpandOverflow(t *testing.T) {
	t.Parallel()
	in, h := testInterp()
	in.lineBuf = minLineBuf
	for n, want := range map[int]bool{minLineBuf: true, minLineBuf + 1: false} {
		_, ok := in.expand(&textIn{text: strings.Repeat("x", n)}, toText, "", false)
		if ok != want {
			t.Errorf("%d bytes: %v, want %v", n, ok, want)
		}
	}
	if in.vars.get("PROCMAIL_OVERFLOW") != "yes" || !strings.Contains(h.logged.String(), "Exceeded LINEBUF") {
		t.Errorf("PROCMAIL_OVERFLOW is %q, logged %q", in.vars.get("PROCMAIL_OVERFLOW"), h.logged.String())
	}
}
