package formail

import "strings"

// resentPrefix is the one incomplete name that -a takes: it says which fields
// show the sender.
const resentPrefix = "Resent-"

// field takes the field of an option that wants one. It may be complete ("To: x"
// or "To:"); most options also take the beginning of a name ("Resent-", "").
func (p *parser) field(letter byte) *mistake {
	if !p.value() {
		return badUsage
	}
	text := p.rest
	p.rest = ""
	n := nameLength([]byte(text))
	switch {
	case n > 0:
	case letter == 'R':
		// what is left over is the new name, or a mistake
	case letter == 'a' && len(text) == len(resentPrefix) && hasPrefixFold([]byte(text), resentPrefix):
		p.resent = true
		return nil
	case letter == 'a' || letter == 'A' || -n != len(text):
		return badField(text)
	}
	f := newField([]byte(text + "\n"))
	switch letter {
	case 'a':
		p.ifAbsent = append(p.ifAbsent, f)
	case 'A':
		p.always = append(p.always, f)
	case 'i':
		p.renameInsert = append(p.renameInsert, f)
	case 'I':
		p.deleteInsert = append(p.deleteInsert, f)
	case 'x':
		p.extract = append(p.extract, f)
	case 'X':
		p.extractWhole = append(p.extractWhole, f)
	case 'u':
		p.first = append(p.first, f)
	case 'U':
		p.last = append(p.last, f)
	case 'R':
		return p.renaming(f, n > 0)
	}
	return nil
}

// renaming takes the second name of -R: it may be attached to the first one.
// Only the beginning of a name can be replaced by one, or by nothing.
func (p *parser) renaming(from *field, complete bool) *mistake {
	attached := strings.TrimLeft(string(from.text[from.name:]), " \t\n")
	name := attached
	n := nameLength([]byte(name))
	switch {
	case n < 0 && complete:
		return badField(attached)
	case n == 0 && attached != "":
		return badField(attached)
	case n == 0 && len(p.args) == 0:
		return badField("")
	case n == 0:
		name, p.args = p.args[0], p.args[1:]
		n = nameLength([]byte(name))
		if n == 0 && name != "" || n <= 0 && complete {
			return badField(name)
		}
	}
	if n < 0 {
		n = -n
	}
	p.renames = append(p.renames, rename{from: from, to: name[:n]})
	return nil
}
