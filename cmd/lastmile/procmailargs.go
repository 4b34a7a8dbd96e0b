package main

import (
	"io"
	"strings"
)

// procmailUsage is what is said about a wrong option.
const procmailUsage = "Usage: procmail [-vptoY] [-f fromwhom] [parameter=value | rcfile] ...\n" +
	"   Or: procmail [-toY] [-f fromwhom] [-a argument] -d recipient ...\n" +
	"   Or: procmail [-ptY] [-f fromwhom] -m [parameter=value] ... rcfile [argument] ...\n" +
	"   Or: procmail --lint rcfile | --explain rcfile\n"

// procmailArgs is procmail's command line (procmail(1)).
type procmailArgs struct {
	version, help bool
	preserve      bool // -p
	filter        bool // -m
	override      bool // -o
	ignoreLength  bool // -Y
	tempFail      bool // -t
	study         bool // nothing is to be delivered (--explain)
	from          string
	hasFrom       bool
	args          []string // -a
	recipients    []string // -d
	words         []string // assignments and rcfiles
	// complaints is what is to be said about it. Nothing in it stops a delivery.
	complaints []string
}

// parseProcmail reads the arguments without the program's name. Options are
// single letters and may be bundled; the first word that is none ends them. What
// is wrong is said and passed over: mail must not be lost for a typo.
func parseProcmail(argv []string) *procmailArgs {
	a := &procmailArgs{}
	at := 0
	deliver := false
	for at < len(argv) && strings.HasPrefix(argv[at], "-") && !deliver {
		word := argv[at]
		at++
		if word == "--" {
			break
		}
		for i := 1; i < len(word); i++ {
			letter, rest := word[i], word[i+1:]
			if strings.IndexByte("frad", letter) < 0 {
				if !a.flag(letter) {
					a.complain("procmail: Unrecognised options: \""+word[i:]+"\"\n", procmailUsage, "Processing continued\n")
					break
				}
				if a.version || a.help {
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
	if a.words = argv[at:]; deliver {
		a.recipients = append(a.recipients, a.words...)
		a.words = nil
	}
	a.conflicts()
	return a
}

// flag takes an option without a value, and reports whether there is one.
func (a *procmailArgs) flag(letter byte) bool {
	switch letter {
	case 'v':
		a.version = true
	case 'h', '?':
		a.help = true
	case 'p':
		a.preserve = true
	case 'm':
		a.filter = true
	case 'o':
		a.override = true
	case 'Y', 'y':
		a.ignoreLength = true
	case 't':
		a.tempFail = true
	default:
		return false
	}
	return true
}

// value takes an option with a value, and reports whether what follows are
// recipients.
func (a *procmailArgs) value(letter byte, value string, missing bool) (deliver bool) {
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
		a.recipients = append(a.recipients, value)
		return true
	}
	return false
}

// conflicts drops what does not go together.
func (a *procmailArgs) conflicts() {
	switch {
	case len(a.recipients) > 0 && (a.preserve || a.filter):
		a.preserve, a.filter = false, false
	case a.filter && len(a.args) > 0:
		a.args = nil
	default:
		return
	}
	a.complain("procmail: Conflicting options\n", procmailUsage)
}

// say says the complaints.
func (a *procmailArgs) say(stderr io.Writer) { io.WriteString(stderr, strings.Join(a.complaints, "")) }

func (a *procmailArgs) complain(lines ...string) { a.complaints = append(a.complaints, lines...) }

// assigned returns the value of the last assignment to a variable.
func (a *procmailArgs) assigned(name string) (value string, ok bool) {
	for _, word := range a.words {
		if n, v, isAssignment := strings.Cut(word, "="); isAssignment && n == name {
			value, ok = v, true
		} else if !isAssignment && a.filter {
			break // the rcfile: what follows are its arguments
		}
	}
	return value, ok
}

// rcfile returns the rcfile of -m.
func (a *procmailArgs) rcfile() string {
	for _, word := range a.words {
		if !strings.Contains(word, "=") {
			return word
		}
	}
	return ""
}
