package procmailrc

import (
	"slices"
	"strconv"
	"strings"
)

// vars are the variables. All of them are environment variables of every program
// that is run; what was set last stands last.
type vars struct {
	env   []string // NAME=value
	index map[string]int
}

// newVars takes an environment over. Entries without "=", a name's second
// entry, and what could make a program load foreign code are left out.
func newVars(environ []string) *vars {
	v := &vars{index: map[string]int{}}
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if _, twice := v.index[name]; ok && !twice && !loadsCode(entry) {
			v.set(name, value)
		}
	}
	return v
}

// loadsCode tells whether a variable is one of a dynamic linker's.
func loadsCode(entry string) bool {
	for _, prefix := range [...]string{"LD_", "_RLD", "LIBPATH=", "ELF_LD_", "AOUT_LD_"} {
		if strings.HasPrefix(entry, prefix) {
			return true
		}
	}
	return false
}

func (v *vars) lookup(name string) (string, bool) {
	i, ok := v.index[name]
	if !ok {
		return "", false
	}
	return v.env[i][len(name)+1:], true
}

func (v *vars) get(name string) string {
	value, _ := v.lookup(name)
	return value
}

func (v *vars) set(name, value string) {
	v.unset(name)
	v.index[name] = len(v.env)
	v.env = append(v.env, name+"="+value)
}

func (v *vars) unset(name string) {
	i, ok := v.index[name]
	if !ok {
		return
	}
	delete(v.index, name)
	v.env[i] = "" // the holes are closed in environ
}

// environ returns the environment for a program.
func (v *vars) environ() []string {
	return slices.DeleteFunc(slices.Clone(v.env), func(entry string) bool { return entry == "" })
}

func (v *vars) clone() *vars {
	c := &vars{env: slices.Clone(v.env), index: make(map[string]int, len(v.index))}
	for name, i := range v.index {
		c.index[name] = i
	}
	return c
}

// Number reads a number or one of the words for one that procmailrc(5) allows:
// "on", yes, true and enabled are 1, "off", no, false and disabled 0, all is 2.
// Anything else is otherwise.
func Number(value string, otherwise int) int {
	s := strings.TrimLeft(value, " \t\n\v\f\r")
	if n, digits := leadingInt(s); digits > 0 {
		return n
	}
	if s == "" {
		return otherwise
	}
	switch s[0] | 0x20 {
	case 'y', 't', 'e':
		return 1
	case 'n', 'f', 'd':
		return 0
	case 'a':
		return 2
	case 'o':
		switch low := strings.ToLower(s); {
		case strings.HasPrefix(low, "on"):
			return 1
		case strings.HasPrefix(low, "off"):
			return 0
		}
	}
	return otherwise
}

// leadingInt reads a decimal number as strtol(3) does, without its leading
// blanks, and returns its length; a number too large becomes the largest.
func leadingInt(s string) (n, length int) {
	end := 0
	if end < len(s) && (s[end] == '-' || s[end] == '+') {
		end++
	}
	digits := end
	for end < len(s) && isDigit(int(s[end])) {
		end++
	}
	if end == digits {
		return 0, 0
	}
	n, _ = strconv.Atoi(s[:end]) // out of range, it returns the nearest
	return n, end
}
