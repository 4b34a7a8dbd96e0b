package doctor

import "strings"

// entry is one item on the right side of an alias or in a .forward file.
type entry struct {
	line   int
	text   string // as an address list has it, without quotes
	quoted bool   // it stood in quotes
	source string // the logical line that it stands in
}

// command returns what follows the "|". "||" is a piece of a command without
// quotes.
func (e entry) command() (string, bool) {
	text, ok := strings.CutPrefix(e.text, "|")
	return text, ok && text != "" && text[0] != '|'
}

// alias is a key of an alias database and what it stands for.
type alias struct {
	name    string
	file    string
	entries []entry
}

// numbered is a logical line with the number of its first physical one.
type numbered struct {
	number int
	text   string
}

// parseAliases reads aliases(5). In a texthash table no colon follows the key
// (Postfix DATABASE_README).
func parseAliases(file, text string, colon bool) []alias {
	var lines []numbered
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#':
		case (line[0] == ' ' || line[0] == '\t') && len(lines) > 0:
			lines[len(lines)-1].text += " " + trimmed
		default:
			lines = append(lines, numbered{number, trimmed})
		}
	}
	var all []alias
	for _, l := range lines {
		end := strings.IndexByte(l.text, ':')
		if !colon {
			end = strings.IndexAny(l.text, " \t")
		}
		if end < 0 {
			continue
		}
		name := strings.ToLower(strings.Trim(strings.TrimSpace(l.text[:end]), `"`))
		all = append(all, alias{name, file, entries(numbered{l.number, l.text[end+1:]}, l.text)})
	}
	return all
}

// parseForward reads a .forward file (aliases(5), local(8)): one list of
// addresses on each line.
func parseForward(text string) []entry {
	var all []entry
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' {
			all = append(all, entries(numbered{number, line}, line)...)
		}
	}
	return all
}

// entries cuts a list: at commas, and at blanks as Postfix tok822_parse.c does
// for addresses without a comma between them.
func entries(l numbered, source string) []entry {
	var all []entry
	var b strings.Builder
	inQuotes, quoted := false, false
	end := func() {
		if b.Len() > 0 {
			all = append(all, entry{l.number, b.String(), quoted, source})
		}
		b.Reset()
		quoted = false
	}
	for i := 0; i < len(l.text); i++ {
		c := l.text[i]
		switch {
		case inQuotes && c == '\\' && i+1 < len(l.text):
			i++
			b.WriteByte(l.text[i])
		case c == '"':
			inQuotes, quoted = !inQuotes, true
		case !inQuotes && (c == ',' || c == ' ' || c == '\t'):
			end()
		default:
			b.WriteByte(c)
		}
	}
	end()
	return all
}
