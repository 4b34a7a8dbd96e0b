package lint

import (
	"fmt"
	"strings"

	"lastmile/delivery/procmailrc"
)

// onAssignment is called for each assignment.
func (l *linter) onAssignment(a procmailrc.AssignmentLine) {
	l.begin(a.Position)
	l.recipe, l.condition = nil, condition{}
	same := a.File == l.last.File && a.Line == l.lastEnd && !l.last.Unset
	before := l.last
	l.last, l.lastEnd, l.lookups = a, a.Line+strings.Count(a.Text, "\n"), nil
	if a.Unset {
		l.unset(a, same, before)
		return
	}
	l.value(a)
	switch a.Name {
	case "LOGFILE":
		l.logs = true
	case "LOCKFILE":
		l.locked = a.Value != ""
	case "VERBOSE":
		if procmailrc.Number(a.Value, 0) != 0 {
			at := a.Position
			l.verbose = &at
		}
	case "INCLUDERC", "SWITCHRC":
		l.unfollowed = l.unfollowed || strings.Contains(a.Value, procmailrc.Unknown)
	case "EXITCODE":
		l.exitCode(a)
	case "HOST":
		l.host(a)
	}
	l.assigned[a.Name] = true
}

// unset is about a word without "=", which removes a variable.
func (l *linter) unset(a procmailrc.AssignmentLine, same bool, before procmailrc.AssignmentLine) {
	switch {
	case same:
		l.find(before.Position, Error, "value-blank", fmt.Sprintf("the value of %s ends at the blank, and the variable %s is removed", before.Name, a.Name), "put the value into quotes")
	case l.misread || a.Name == "SWITCHRC" || l.assigned[a.Name] || isSpecial(a.Name):
	default:
		l.find(a.Position, Warning, "word", fmt.Sprintf("the word %s alone removes the variable of that name, which nothing has set", a.Name), "")
	}
}

// isSpecial tells whether procmail sets a variable itself, or acts on it.
func isSpecial(name string) bool {
	switch name {
	case "LOCKFILE", "LOGFILE", "LOGABSTRACT", "VERBOSE", "TRAP", "EXITCODE", "INCLUDERC", "MATCH", "LASTFOLDER", "DEFAULT", "ORGMAIL",
		"COMSAT", "TIMEOUT", "HOST", "SHELLMETAS", "UMASK", "LOG", "MAILDIR", "LOCKEXT", "MSGPREFIX", "SENDMAIL", "SENDMAILFLAGS":
		return true
	}
	return false
}

// value is about what was written behind the "=".
func (l *linter) value(a procmailrc.AssignmentLine) {
	text := strings.TrimRight(a.Text, " \t")
	if strings.HasSuffix(text, "}") && strings.Count(text, "}") > strings.Count(text, "${") && !strings.ContainsAny(text, "'\"`") {
		l.find(a.Position, Error, "brace-value", fmt.Sprintf("the } belongs to the value of %s and does not close the block", a.Name), "write a blank before it, or put it on a line of its own")
	}
	if strings.HasPrefix(a.Value, "~/") && namesFile(a.Name) {
		l.tilde(a.Position, a.Value)
	}
	if name := variableIn(a.Value); name != "" && strings.Contains(text, "'") && a.Name != "TRAP" && !strings.Contains(text, `"`) {
		l.find(a.Position, Warning, "quotes-single", fmt.Sprintf("$%s is not expanded between single quotes, nor when the variable %s is used", name, a.Name), `write double quotes`)
	}
}

// namesFile tells whether the value of a variable is a folder, a directory or a
// file.
func namesFile(name string) bool {
	switch name {
	case "MAILDIR", "DEFAULT", "ORGMAIL", "LOGFILE", "LOCKFILE", "INCLUDERC", "SWITCHRC":
		return true
	}
	return strings.HasSuffix(name, "DIR")
}

// variableIn returns the name of a variable that stands in a text with its $.
func variableIn(text string) string {
	for i := strings.IndexByte(text, '$'); i >= 0 && i+1 < len(text); {
		name := strings.TrimPrefix(text[i+1:], "{")
		end := 0
		for end < len(name) && (isAlphanumeric(name[end]) || name[end] == '_') {
			end++
		}
		if isName(name[:end]) {
			return name[:end]
		}
		next := strings.IndexByte(text[i+1:], '$')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return ""
}

// exitCode is about the exit status that an rcfile chooses.
func (l *linter) exitCode(a procmailrc.AssignmentLine) {
	what := "the MTA makes of it what sysexits.h says"
	switch a.Value {
	case "":
		return
	case "0":
		what = "the message counts as delivered"
	case "75":
		what = "the MTA keeps the message and tries again"
	case "67", "77":
		what = "the MTA gives the message back to its sender"
	}
	l.find(a.Position, Info, "exitcode", fmt.Sprintf("the exit status is %s whatever becomes of the message: %s", readable(a.Value), what), "")
}

// host is about an assignment to HOST that ends the rcfile.
func (l *linter) host(a procmailrc.AssignmentLine) {
	if a.Value == l.HostName() {
		return
	}
	if l.assigned["EXITCODE"] {
		l.find(a.Position, Info, "host", "on every other host the rcfile ends here, without a delivery, with the exit status that EXITCODE says", "")
		return
	}
	l.find(a.Position, Warning, "host", "on every other host the rcfile ends here, and the message is thrown away unless a further rcfile is named on the command line", "set EXITCODE before it if the message is to be given back (67) or kept (75)")
}
