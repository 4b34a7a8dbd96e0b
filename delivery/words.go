package delivery

import (
	"strings"

	"lastmile/delivery/dsn"
)

// splitWords cuts a command line into words: at blanks and tabs, unless they
// stand between single or double quotes or after a backslash. There is no
// shell, so what a shell would expand or act on is refused where it stands
// without quotes, as is "$" or "`" in double quotes.
func splitWords(line string) (words []string, err error) {
	var word strings.Builder
	inWord := false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == ' ' || c == '\t':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
			continue
		case c == '\'' || c == '"':
			n, err := quoted(line[i:], &word)
			if err != nil {
				return nil, err
			}
			i += n
		case c == '\\' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
		case strings.IndexByte("|&;<>()$`*?[#~\n\\", c) >= 0 && (c != '#' && c != '~' || !inWord):
			return nil, needsShell(c)
		default:
			word.WriteByte(c)
		}
		inWord = true
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// quoted adds what stands between the quotes at the beginning of s to the word,
// and returns the index of the closing quote.
func quoted(s string, word *strings.Builder) (end int, err error) {
	quote := s[0]
	for i := 1; i < len(s); i++ {
		c := s[i]
		switch {
		case c == quote:
			return i, nil
		case quote == '"' && (c == '$' || c == '`'):
			return 0, needsShell(c)
		case quote == '"' && c == '\\' && i+1 < len(s) && strings.IndexByte("\"\\$`", s[i+1]) >= 0:
			i++
			word.WriteByte(s[i])
		default:
			word.WriteByte(c)
		}
	}
	return 0, dsn.Config("a quote is not closed in the command", s)
}

func needsShell(c byte) error {
	return dsn.Config("the command has a " + string(c) + " that only a shell understands: quote it, or give --shell")
}
