package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// service is a line of master.cf (master(5)) that starts pipe(8).
type service struct {
	name         string
	line         string // with one blank between its columns
	unprivileged string // the fourth column
	chroot       string // the fifth
	overrides    settings
	attributes   map[string]string // as pipe(8) names them, in lower case
	argv         []string          // words, macros as they stand
}

// columns is the number of fields before the command of a service.
const columns = 7

// parseServices returns the services that start pipe(8).
func parseServices(text string) ([]*service, error) {
	var services []*service
	lines := logicalLines(text)
	for _, line := range lines {
		words := strings.Fields(line)
		if len(words) <= columns {
			return nil, fmt.Errorf("%w -M: %q", ErrNoSetup, line)
		}
		if words[1] == "unix" && words[columns] == "pipe" {
			services = append(services, parsePipe(words))
		}
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%w -M: it is empty", ErrNoSetup)
	}
	return services, nil
}

// parsePipe reads attributes as Postfix pipe.c does: argv= is the last.
func parsePipe(words []string) *service {
	s := &service{
		name: words[0], line: strings.Join(words, " "), unprivileged: words[3], chroot: words[4],
		overrides: settings{}, attributes: map[string]string{},
	}
	args := groups(strings.Join(words[columns+1:], " "))
	for i := 0; i < len(args); i++ {
		if args[i] == "-o" && i+1 < len(args) {
			i++
			name, value, _ := strings.Cut(args[i], "=")
			s.overrides[strings.TrimSpace(name)] = strings.TrimSpace(value)
			continue
		}
		name, value, ok := strings.Cut(args[i], "=")
		if !ok {
			continue // -v
		}
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "argv" {
			s.argv = append([]string{value}, args[i+1:]...)
			break
		}
		s.attributes[name] = value
	}
	return s
}

// groups cuts a text into words; { } makes one of several (master(5)).
func groups(text string) []string {
	var words []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		end := strings.IndexAny(text, " \t")
		if text[0] == '{' {
			if end = closing(text); end < 0 {
				return append(words, text)
			}
			words = append(words, strings.TrimSpace(text[1:end]))
			text = text[end+1:]
			continue
		}
		if end < 0 {
			end = len(text)
		}
		words, text = append(words, text[:end]), text[end:]
	}
	return words
}

// closing returns the index of the brace that closes the first one, or -1.
func closing(text string) int {
	depth := 0
	for i, c := range text {
		switch c {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func (s *service) where() string { return "master.cf: " + s.name }

func (s *service) flag(letter string) bool { return strings.Contains(s.attributes["flags"], letter) }

// change returns the line with a part replaced.
func (s *service) change(old, new string) string { return strings.Replace(s.line, old, new, 1) }

// column returns the line with another value in a column, counted from 0.
func (s *service) column(n int, value string) string {
	words := strings.Fields(s.line)
	words[n] = value
	return strings.Join(words, " ")
}

// setAttribute returns the line with an attribute set.
func (s *service) setAttribute(name, value string) string {
	words := strings.Fields(s.line)
	i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(strings.ToLower(w), name+"=") })
	if i < 0 {
		i = slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(strings.ToLower(w), "argv=") })
		if i < 0 {
			i = len(words)
		}
		words = slices.Insert(words, i, "")
	}
	words[i] = name + "=" + value
	return strings.Join(words, " ")
}

// macros returns the names of the macros in a word of argv, as Postfix
// mac_parse.c reads them: ${name}, $(name), $name; $$ is none.
func macros(word string) []string {
	var names []string
	for i := strings.IndexByte(word, '$'); i >= 0 && i+1 < len(word); i = strings.IndexByte(word, '$') {
		word = word[i+1:]
		switch word[0] {
		case '$':
			word = word[1:]
		case '{', '(':
			end := strings.IndexAny(word, "})")
			if end < 0 {
				return append(names, word[1:])
			}
			names, word = append(names, strings.TrimSpace(word[1:end])), word[end+1:]
		default:
			end := strings.IndexFunc(word, func(r rune) bool {
				return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
			})
			if end < 0 {
				end = len(word)
			}
			names, word = append(names, word[:end]), word[end:]
		}
	}
	return names
}

// perRecipient are the macros that make pipe(8) repeat an argument for each
// recipient of a request.
var perRecipient = []string{"recipient", "original_recipient", "user", "extension", "mailbox", "domain"}

// has reports whether a word of argv contains one of the macros.
func has(word string, names ...string) bool {
	return slices.ContainsFunc(macros(word), func(m string) bool { return slices.Contains(names, m) })
}
