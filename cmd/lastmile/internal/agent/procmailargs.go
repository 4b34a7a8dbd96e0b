package agent

import (
	"io"
	"strings"
)

// ProcmailUsage is what is said about a wrong option.
const ProcmailUsage = "Usage: procmail [-vptoY] [-f fromwhom] [parameter=value | rcfile] ...\n" +
	"   Or: procmail [-toY] [-f fromwhom] [-a argument] -d recipient ...\n" +
	"   Or: procmail [-ptY] [-f fromwhom] -m [parameter=value] ... rcfile [argument] ...\n" +
	"   Or: procmail --lint rcfile | --explain rcfile\n"

// ProcmailArgs is procmail's command line (procmail(1)).
type ProcmailArgs struct {
	Version, Help bool
	preserve      bool // -p
	filter        bool // -m
	override      bool // -o
	IgnoreLength  bool // -Y
	tempFail      bool // -t
	Study         bool // nothing is to be delivered (--explain)
	from          string
	hasFrom       bool
	args          []string // -a
	Recipients    []string // -d
	Words         []string // assignments and rcfiles
	// Complaints is what is to be said about it. Nothing in it stops a delivery.
	Complaints []string
}

// ParseProcmail reads the arguments without the program's name. Options are
// single letters and may be bundled; the first word that is none ends them. What
// is wrong is said and passed over: mail must not be lost for a typo.
func ParseProcmail(argv []string) *ProcmailArgs {
	a := &ProcmailArgs{}
	at := 0
	deliver, ended := false, false
	for at < len(argv) && strings.HasPrefix(argv[at], "-") && !deliver && !ended {
		word := argv[at]
		at++
		for i := 1; i < len(word); i++ {
			letter, rest := word[i], word[i+1:]
			if ended = letter == '-' && rest == ""; ended {
				break
			}
			if strings.IndexByte("frad", letter) < 0 {
				if !a.flag(letter) {
					a.complain("procmail: Unrecognised options: \""+strings.TrimPrefix(word[i:], "-")+"\"\n", ProcmailUsage, "Processing continued\n")
					break
				}
				if a.Version || a.Help {
					return a
				}
				continue
			}
			missing := rest == "" && at == len(argv)
			if rest == "" && !missing {
				rest = argv[at]
				at++
			}
			deliver = a.value(letter, rest, missing) || deliver
			break
		}
	}
	if a.Words = argv[at:]; deliver {
		a.Recipients = append(a.Recipients, a.Words...)
		a.Words = nil
	}
	a.conflicts()
	return a
}

// flag takes an option without a value, and reports whether there is one.
func (a *ProcmailArgs) flag(letter byte) bool {
	switch letter {
	case 'v':
		a.Version = true
	case 'h', '?':
		a.Help = true
	case 'p':
		a.preserve = true
	case 'm':
		a.filter = true
	case 'o':
		a.override = true
	case 'Y', 'y':
		a.IgnoreLength = true
	case 't':
		a.tempFail = true
	default:
		return false
	}
	return true
}

// value takes an option with a value, and reports whether what follows are
// recipients.
func (a *ProcmailArgs) value(letter byte, value string, missing bool) (deliver bool) {
	switch letter {
	case 'f', 'r':
		if missing {
			a.complain("procmail: Missing name\n")
		} else {
			a.from, a.hasFrom = value, true
		}
	case 'a':
		if missing {
			a.complain("procmail: Missing argument\n")
		} else {
			a.args = append(a.args, value)
		}
	case 'd':
		if missing {
			a.complain("procmail: Missing recipient\n")
			return false
		}
		a.Recipients = append(a.Recipients, value)
		return true
	}
	return false
}

// conflicts drops what does not go together.
func (a *ProcmailArgs) conflicts() {
	switch {
	case len(a.Recipients) > 0 && (a.preserve || a.filter):
		a.preserve, a.filter = false, false
	case a.filter && len(a.args) > 0:
		a.args = nil
	default:
		return
	}
	a.complain("procmail: Conflicting options\n", ProcmailUsage)
}

// say says the complaints.
func (a *ProcmailArgs) say(stderr io.Writer) { io.WriteString(stderr, strings.Join(a.Complaints, "")) }

func (a *ProcmailArgs) complain(lines ...string) { a.Complaints = append(a.Complaints, lines...) }

// assigned returns the value of the last assignment to a variable.
func (a *ProcmailArgs) assigned(name string) (value string, ok bool) {
	for _, word := range a.Words {
		if n, v, isAssignment := strings.Cut(word, "="); isAssignment && n == name {
			value, ok = v, true
		} else if !isAssignment && a.filter {
			break // the rcfile: what follows are its arguments
		}
	}
	return value, ok
}

// rcfile returns the rcfile of -m.
func (a *ProcmailArgs) rcfile() string {
	for _, word := range a.Words {
		if !strings.Contains(word, "=") {
			return word
		}
	}
	return ""
}
