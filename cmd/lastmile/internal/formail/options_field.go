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
	if letter == 'R' {
		return p.renaming(f, n > 0)
	}
	fields := p.fields(letter)
	*fields = append(*fields, f)
	return nil
}

// fields returns where the fields of an option are kept.
func (p *parser) fields(letter byte) *[]*field {
	switch letter {
	case 'a':
		return &p.ifAbsent
	case 'A':
		return &p.always
	case 'i':
		return &p.renameInsert
	case 'I':
		return &p.deleteInsert
	case 'x':
		return &p.extract
	case 'X':
		return &p.extractWhole
	case 'u':
		return &p.first
	}
	return &p.last
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
