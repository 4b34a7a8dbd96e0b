package doctor

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// shellLine is a command of local(8), as Postfix exec_command.c and the shell
// read it.
type shellLine struct {
	shell   bool     // it runs through /bin/sh -c
	words   []string // of the program that counts: the agent, else the first
	exec    bool     // "exec" stands before it
	guarded bool     // a failure to start it ends in a status that defers
	bare    []string // variables that stand without quotes in words
}

// plain are the characters that need no shell (Postfix exec_command.c, ok_chars).
func plain() *regexp.Regexp { return regexp.MustCompile(`^[0-9A-Za-z!@%_=+:,./ \t-]*$`) }

// guard is what makes the shell defer when a command could not be started, or
// failed without a status code in its output.
func guard() *regexp.Regexp { return regexp.MustCompile(`^exit[ \t]+(75|71)\b`) }

// parseShell cuts a command line into the programs that it starts.
func parseShell(line string) shellLine {
	if plain().MatchString(line) {
		return shellLine{words: strings.Fields(line)}
	}
	parts, operators := programs(line)
	s := shellLine{shell: true}
	chosen := -1
	for i, p := range parts {
		p.skipPrefix()
		if len(p.words) == 0 || guard().MatchString(strings.Join(p.words, " ")) {
			continue
		}
		if chosen < 0 || isAgent(p.words[0]) {
			chosen, s.words, s.bare, s.exec = i, p.words, p.bare, p.exec
			if isAgent(p.words[0]) {
				break
			}
		}
	}
	for i := range parts {
		if i > chosen && operators[i] == "||" && guard().MatchString(strings.Join(parts[i].words, " ")) {
			s.guarded = true
		}
	}
	return s
}

// part is one simple command.
type part struct {
	words, bare []string
	exec        bool
}

func assignment() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`) }

// skipPrefix drops assignments and exec before the program.
func (p *part) skipPrefix() {
	for len(p.words) > 0 && (assignment().MatchString(p.words[0]) || p.words[0] == "exec") {
		p.exec = p.exec || p.words[0] == "exec"
		p.words = p.words[1:]
	}
}

// programs cuts a line at the shell's operators. operators[i] stands before
// parts[i].
func programs(line string) (parts []*part, operators []string) {
	parts, operators = []*part{{}}, []string{""}
	for i := 0; i < len(line); {
		c := line[i]
		switch {
		case c == ' ' || c == '\t':
			i++
		case c == '#':
			return parts, operators
		case strings.IndexByte("|&;()<>\n", c) >= 0:
			n := 1
			if i+1 < len(line) && line[i+1] == c {
				n = 2
			}
			parts, operators = append(parts, &part{}), append(operators, line[i:i+n])
			i += n
		default:
			i += parts[len(parts)-1].word(line[i:])
		}
	}
	return parts, operators
}

// word takes one word of the shell, without its quotes, and returns its length.
func (p *part) word(text string) int {
	var b strings.Builder
	var quote byte
	i := 0
	for ; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != '\'' && c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			b.WriteByte(c)
		case c == '\'' || c == '"':
			quote = c
		case strings.IndexByte(" \t\n|&;()<>", c) >= 0:
			p.words = append(p.words, b.String())
			return i
		default:
			if names := macros(text[i:]); c == '$' && len(names) > 0 {
				p.bare = append(p.bare, names[0])
			}
			b.WriteByte(c)
		}
	}
	p.words = append(p.words, b.String())
	return i
}

// agents are the delivery agents whose set-up is looked at.
var agents = []string{"lastmile", "procmail", "maildrop"}

func isAgent(program string) bool { return slices.Contains(agents, path.Base(program)) }

// builtins are commands of the shell that need no file.
var builtins = []string{"test", "[", "if", "while", "until", "case", "for", "{", "!", "read", "set", "cd", "umask", "true", "false", "exit", "echo", "printf", "export", "unset", "trap", ":", ".", "eval", "ulimit"}
