package formail

import (
	"math"
	"os"
	"strconv"
	"strings"
)

// options is what the command line says, by option letter.
type options struct {
	noEscape     bool   // -b
	berkeley     bool   // -Y: no Content-Length
	prefix       string // -p: put before From_ lines in bodies, and before the lines of a body replied to
	join         bool   // -c
	zap          bool   // -z
	force        bool   // -f: no From_ line wanted
	reply        bool   // -r
	keepBody     bool   // -k
	trust        bool   // -t: reply to the header's sender
	resent       bool   // -a Resent-: the sender of Resent- fields before others
	every        bool   // -e: messages need no empty line before them
	digest       bool   // -d
	babyl        bool   // -B
	verbose      bool   // -q-
	summary      bool   // -l
	folder       string // of -l
	minFields    int    // -m; 0: not given
	cache        *cache // -D
	skip         int    // +N
	total        int    // -N; negative: all
	parallel     bool   // -n
	maxChildren  int    // of -n; at most 0: no limit
	split        bool   // -s
	command      []string
	ifAbsent     []*field // -a
	always       []*field // -A
	renameInsert []*field // -i
	deleteInsert []*field // -I
	extract      []*field // -x
	extractWhole []*field // -X
	first        []*field // -u
	last         []*field // -U
	renames      []rename // -R
}

// rename is an option -R: fields named from are to be named to.
type rename struct {
	from *field
	to   string
}

// maxFolder is how many bytes of a folder's name -l shows: the size stands at
// column 72.
const maxFolder = sizeColumn - len(folderLabel) - 1

// mistake is why the command line cannot be followed. Its text is what is said
// before the usage, "" for nothing.
type mistake struct {
	status int
	text   string
}

// badUsage is a command line that makes no sense.
var badUsage = &mistake{status: exitUsage}

// badField is a field name that is none, or not allowed where it stands.
func badField(name string) *mistake {
	return &mistake{status: exitUsage, text: "formail: Invalid field-name: \"" + name + "\"\n"}
}

// parser reads the arguments: options in bundles, values attached or not.
type parser struct {
	options
	args []string // still to be read
	rest string   // of the argument that is being read
	help string   // what -h or -v wants to be printed
}

// parse reads all arguments.
func (p *parser) parse() *mistake {
	p.prefix, p.total = ">", -1
	for len(p.args) > 0 {
		p.rest, p.args = p.args[0], p.args[1:]
		if p.rest == "" || p.rest[0] != '-' && p.rest[0] != '+' {
			return badUsage
		}
		sign := p.rest[0]
		p.rest = p.rest[1:]
		if sign == '+' {
			n, ok := p.number()
			if !ok {
				return badUsage
			}
			p.skip = n
		}
		for p.rest != "" {
			if bad := p.option(); bad != nil {
				return bad
			}
			if p.help != "" {
				return badUsage
			}
			if p.split {
				p.command = p.args
				return nil
			}
		}
	}
	return nil
}

// option reads one option of a bundle.
func (p *parser) option() *mistake {
	letter := p.rest[0]
	p.rest = p.rest[1:]
	if flag := p.flag(letter); flag != nil {
		*flag = true
		return nil
	}
	switch letter {
	case 'B':
		p.babyl, p.every, p.digest = true, true, true
	case 'q':
		p.rest, p.verbose = strings.CutPrefix(p.rest, "-")
	case 's':
		if p.rest != "" {
			return badUsage
		}
		p.split = true
	case 'h', '?':
		p.help = helpText
	case 'v':
		p.help = versionText
	case 'n':
		if !p.value() {
			return badUsage
		}
		p.parallel = true
		p.maxChildren, p.rest = LeadingNumber(p.rest)
	case 'm', 'D':
		return p.numbered(letter)
	case 'p', 'l':
		if !p.value() {
			return badUsage
		}
		p.text(letter)
	case 'a', 'A', 'i', 'I', 'x', 'X', 'u', 'U', 'R':
		return p.field(letter)
	default:
		p.rest = string(letter) + p.rest
		n, ok := p.number()
		if !ok {
			return badUsage
		}
		p.total = n
	}
	return nil
}

// flag returns the option that a letter sets and nothing more, or nil.
func (p *parser) flag(letter byte) *bool {
	switch letter {
	case 'b':
		return &p.noEscape
	case 'Y':
		return &p.berkeley
	case 'c':
		return &p.join
	case 'z':
		return &p.zap
	case 'f':
		return &p.force
	case 'r':
		return &p.reply
	case 'k':
		return &p.keepBody
	case 't':
		return &p.trust
	case 'e':
		return &p.every
	case 'd':
		return &p.digest
	}
	return nil
}

// value makes the next argument the value, if none is attached.
func (p *parser) value() bool {
	if p.rest != "" {
		return true
	}
	if len(p.args) == 0 {
		return false
	}
	p.rest, p.args = p.args[0], p.args[1:]
	return true
}

// text takes the value of -p or -l.
func (p *parser) text(letter byte) {
	value := p.rest
	p.rest = ""
	if letter == 'p' {
		p.prefix = value
		return
	}
	if len(value) > maxFolder {
		value = value[:maxFolder]
	}
	p.summary, p.folder = true, string(withoutTabs([]byte(value)))
}

// numbered takes the number of -m, or the number and the file name of -D.
func (p *parser) numbered(letter byte) *mistake {
	if !p.value() {
		return badUsage
	}
	n, ok := p.number()
	switch {
	case !ok:
		return badUsage
	case letter == 'm':
		p.minFields = n
		return nil
	case !p.value():
		return badUsage
	}
	path := p.rest
	p.rest = ""
	p.cache.close()
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return &mistake{status: exitCantCreate, text: "formail: Couldn't open \"" + path + "\"\n"}
	}
	p.cache = &cache{file: file, size: int64(n)}
	return nil
}

// number takes the digits that stand next.
func (p *parser) number() (int, bool) {
	if p.rest == "" || p.rest[0] < '0' || p.rest[0] > '9' {
		return 0, false
	}
	var n int
	n, p.rest = LeadingNumber(p.rest)
	return n, true
}

// LeadingNumber reads a decimal number as strtol(3) does, blanks and a sign
// before it, as large as fits; 0 if there is none. It returns what follows.
func LeadingNumber(s string) (int, string) {
	start := 0
	for start < len(s) && (s[start] == ' ' || s[start] >= '\t' && s[start] <= '\r') {
		start++
	}
	digits := start
	if digits < len(s) && (s[digits] == '-' || s[digits] == '+') {
		digits++
	}
	end := digits
	for end < len(s) && '0' <= s[end] && s[end] <= '9' {
		end++
	}
	if end == digits {
		return 0, s
	}
	n, err := strconv.Atoi(s[start:end])
	if err != nil {
		n = math.MaxInt
		if s[start] == '-' {
			n = math.MinInt
		}
	}
	return n, s[end:]
}
