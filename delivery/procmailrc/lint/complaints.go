package lint

import (
	"fmt"
	"strings"

	"lastmile/delivery/procmailrc"
)

// onComplaint is called for what the interpreter would log. Those about a text that
// is still being read wait until it is known where that begins.
func (l *linter) onComplaint(at procmailrc.Position, text string) {
	for _, early := range [...]string{"Unexpected EOL", "Bad substitution", "Exceeded LINEBUF"} {
		if strings.HasPrefix(text, early) {
			l.waiting = append(l.waiting, text)
			return
		}
	}
	switch {
	case strings.HasPrefix(text, "Closing brace unexpected"):
		at.Column--
		l.complain(at, text)
	case strings.HasPrefix(text, "Missing closing brace"):
		l.unclosed()
	case strings.HasPrefix(text, "Skipped") && l.recipe == nil:
		l.garbage(at, quoted(text))
	default:
		l.complain(l.at, text)
	}
}

// quoted returns what stands between the double quotes of a complaint.
func quoted(text string) string {
	from, to := strings.IndexByte(text, '"'), strings.LastIndexByte(text, '"')
	if from < 0 || to <= from {
		return ""
	}
	return text[from+1 : to]
}

// complain makes a finding of a complaint.
func (l *linter) complain(at procmailrc.Position, text string) {
	what := quoted(text)
	switch {
	case strings.HasPrefix(text, "Unexpected EOL"):
		l.find(at, Error, "quote-open", "a quote or backquote is not closed, so that everything to the end of the file belongs to it", "close it")
	case strings.HasPrefix(text, "Bad substitution"):
		l.find(at, Error, "substitution", fmt.Sprintf("the substitution of %q is not one that procmail knows, and stays in the text as it is", what), "only ${name}, ${name-text}, ${name:-text}, ${name+text} and ${name:+text} are known")
	case strings.HasPrefix(text, "Exceeded LINEBUF"):
		l.find(at, Error, "linebuf", "the line is longer than LINEBUF and is cut, or dropped", "set LINEBUF to more before it, say LINEBUF=32768")
	case strings.HasPrefix(text, "Closing brace unexpected"):
		l.find(at, Error, "brace-unexpected", "this brace closes no block", "remove it, or look for a { without a blank behind it")
	case strings.HasPrefix(text, "Couldn't read"):
		l.unreadable(at, what)
	case strings.HasPrefix(text, "Suspicious rcfile"):
		l.unsafe(what)
	case strings.HasPrefix(text, "Couldn't chdir"):
		l.find(at, Error, "maildir-missing", fmt.Sprintf("the directory %s cannot be entered: folders without a path are then made where procmail stands just now", what), "mkdir -p "+what)
	case strings.HasPrefix(text, "Incomplete recipe"), strings.HasPrefix(text, "Missing action"):
		if l.recipe != nil {
			at = l.recipe.Position
		}
		l.find(at, Error, "action-missing", "the recipe has no action", "write a folder, a |, a ! or a block behind the conditions")
	case strings.HasPrefix(text, "Conflicting"):
		l.find(at, Warning, "flags-conflict", "the flag e cannot be with E or a, which are ignored", "remove one of them")
	case strings.HasPrefix(text, "Invalid regexp"):
		l.find(at, Error, "regexp-parentheses", "the parentheses do not pair, and the condition is what was understood of it", `write \( or \) for a parenthesis itself`)
	case strings.HasPrefix(text, "Extraneous copy"):
		l.find(at, Warning, "copy-filter", "the flag c means nothing to a filter or a capture", "remove the c")
	case strings.HasPrefix(text, "Extraneous"):
		flag, _, _ := strings.Cut(strings.TrimPrefix(text, "Extraneous "), " ignored")
		l.find(at, Warning, "flag-extraneous", "the "+flag+" means nothing to this action", "remove it")
	case strings.HasPrefix(text, "Couldn't determine implicit lockfile"):
		l.find(at, Warning, "lock-nothing", "no file name stands behind a >>, so that the lockfile is .lock in the current directory and protects nothing in particular", "name the lockfile: :0 …: name.lock")
	case strings.HasPrefix(text, "Unable to treat as directory"):
		if strings.HasPrefix(what, "~") {
			return // said already
		}
		if info, err := l.Stat(what); err != nil || info.Dir {
			l.find(at, Error, "folder-directory", fmt.Sprintf("the directory %s cannot be made, nor mail be delivered there", what), "mkdir -p "+what)
			return
		}
		l.find(at, Error, "not-a-directory", fmt.Sprintf("%s is a file, and mail would be appended to it as to an mbox", what), "move the file away, or leave the / out")
	case strings.HasPrefix(text, "Skipped"):
		l.skipped(at, what)
	}
}

// unreadable is about an rcfile that is missing, or no file.
func (l *linter) unreadable(at procmailrc.Position, name string) {
	if len(l.files) == 0 {
		l.find(procmailrc.Position{File: name, Line: 1, Column: 1}, Error, "rcfile-missing", "the rcfile cannot be read: all mail goes to DEFAULT", "")
		return
	}
	l.unfollowed = true
	problem := fmt.Sprintf("%s cannot be read, and what it should do is not done", name)
	if !strings.HasPrefix(name, "/") {
		problem += "; it is looked for in " + l.Directory()
	}
	l.find(at, Error, "include-missing", problem, "")
}

// onRcfile is called for each rcfile that is read. procmail looks at the permissions
// of the first alone.
func (l *linter) onRcfile(name string) {
	l.files = append(l.files, name)
	const otherWrite = 0o002
	if info, err := l.Stat(name); len(l.files) > 1 && err == nil && info.Mode&otherWrite != 0 {
		l.find(l.at, Warning, "include-unsafe", "everybody may write to "+name+", and so run programs as this user", "chmod o-w "+name)
	}
}

// unsafe is about an rcfile that others could have written.
func (l *linter) unsafe(name string) {
	l.find(procmailrc.Position{File: name, Line: 1, Column: 1}, Error, "rcfile-unsafe",
		"the rcfile or its directory belongs to somebody else, or others may write to it: it is ignored, and all mail goes to DEFAULT",
		"chmod go-w "+name+" and its directory; chown it to the user")
}

// unclosed is about the block that the end of a file closes.
func (l *linter) unclosed() {
	for i := len(l.levels) - 1; i > 0; i-- {
		if b := l.levels[i]; b.at.File == l.at.File {
			l.levels = l.levels[:i]
			l.find(b.at, Error, "brace-open", "the block is not closed: everything to the end of the file belongs to it", "add a } where it should end, on a line of its own")
		}
	}
}

// skipped is about words that the interpreter had no use for.
func (l *linter) skipped(at procmailrc.Position, what string) {
	switch {
	case l.condition.text != "":
		l.find(l.condition.at, Warning, "size-words", fmt.Sprintf("%q behind the number is ignored", what), "sizes are in bytes, without a unit")
	case l.recipe == nil || l.misread || l.recipe.Leftover != "":
	default:
		l.find(at, Warning, "folder-words", fmt.Sprintf("%q behind the folder is ignored: only directories can get a message together", what), "write a comment on a line of its own, and quote a name with blanks")
	}
}

// garbage is about a line that is neither a recipe nor an assignment.
func (l *linter) garbage(at procmailrc.Position, what string) {
	if at.Column == 1 {
		at.Line--
	}
	at.Column = max(1, at.Column-len(what))
	cure := ""
	switch {
	case strings.HasPrefix(what, "*"):
		cure = "a condition stands between the :0 line and the action"
	case strings.HasPrefix(what, "|"), strings.HasPrefix(what, "!"), strings.HasPrefix(what, "{"):
		cure = "an action stands behind a :0 line of its own"
	}
	l.find(at, Error, "garbage", fmt.Sprintf("%q is neither a recipe nor an assignment, and is skipped", what), cure)
}
