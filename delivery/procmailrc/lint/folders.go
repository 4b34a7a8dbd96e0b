package lint

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"lastmile/delivery/procmailrc"
)

// folderAction looks at a recipe that delivers to folders.
func (l *linter) folderAction(r *recipe, a procmailrc.ActionLine, lookups []lookup) {
	name := a.Words[0]
	l.variables(a.Position, a.Text, name, lookups)
	for _, word := range a.Words {
		if strings.HasPrefix(word, "~") {
			l.tilde(a.Position, word)
		}
	}
	switch {
	case name == "/dev/null":
		l.thrownAway(r, a)
		return
	case name == "|", name == "":
		return
	}
	if r.has("hb") && !(r.has("h") && r.has("b")) && !r.has("c") {
		part, lost := "header", "body"
		if r.has("b") {
			part, lost = lost, part
		}
		l.find(r.Position, Warning, "part-only", fmt.Sprintf("only the %s is delivered, and the %s is lost", part, lost), "remove the flag, or add c if a copy is meant")
	}
	l.folderLock(r, a, name)
}

// noFolder is about what is taken for a folder and was meant to be something else.
func (l *linter) noFolder(a procmailrc.ActionLine, name string) bool {
	at := a.Position
	equals := strings.IndexByte(name, '=')
	switch {
	case strings.HasPrefix(name, ":"):
		l.find(l.recipe.Position, Error, "action-missing", fmt.Sprintf("the recipe has no action: the next line is taken for one, and mail goes to a folder named %q", name), "write the action, or remove the recipe")
	case strings.HasPrefix(name, "{"):
		l.find(at, Error, "brace-blank", fmt.Sprintf("mail goes to a folder named %q: a block begins with a { and a blank or line end", name), "write { and a blank")
	case looksLikeCondition(a.Text):
		l.find(at, Error, "condition-star", fmt.Sprintf("mail goes to a folder named %q: a condition begins with *", name), "write * "+a.Text)
	case equals > 0 && isName(name[:equals]), isName(name) && len(a.Words) > 1 && strings.HasPrefix(a.Words[1], "="):
		l.find(at, Error, "assignment-action", fmt.Sprintf("mail goes to a folder named %q: an assignment is no action", name), "write { "+strings.TrimSpace(a.Text)+" }")
	default:
		return false
	}
	return true
}

// isName tells whether a text can be the name of a variable.
func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && c != '_' || i == 0 && c <= '9' {
			return false
		}
	}
	return s != ""
}

// variables is about variables in a folder's name that nothing has set.
func (l *linter) variables(at procmailrc.Position, text, name string, lookups []lookup) {
	if l.unfollowed || strings.Contains(text, "-") && strings.Contains(text, "${") || strings.Contains(text, "+") && strings.Contains(text, "${") {
		return
	}
	for _, v := range lookups {
		if v.set || v.name == "" {
			continue
		}
		problem := fmt.Sprintf("$%s is not set here, so that the folder is %q", v.name, name)
		cure := "set it, or write ${" + v.name + ":-otherwise}"
		if v.name == "MATCH" {
			problem = fmt.Sprintf(`no condition before this has a \/ that would set MATCH, so that the folder is %q`, name)
			cure = `write \/ before what MATCH is to have`
		}
		severity := Warning
		if name == "" || strings.HasPrefix(name, "/") {
			severity = Error
		}
		l.find(at, severity, "variable-unset", problem, cure)
	}
}

// tilde is about a name that a shell would expand.
func (l *linter) tilde(at procmailrc.Position, word string) {
	l.find(at, Error, "tilde", fmt.Sprintf("the ~ is not expanded: %s is in a directory named ~", word), "write $HOME"+strings.TrimLeft(word, "~"))
}

// thrownAway is about mail that goes to /dev/null.
func (l *linter) thrownAway(r *recipe, a procmailrc.ActionLine) {
	conditional := r.conditional()
	for _, b := range l.levels {
		conditional = conditional || b.conditional
	}
	switch {
	case r.has("c"):
		l.find(a.Position, Warning, "dev-null-copy", "only a copy is thrown away, and the message goes on", "remove the flag c")
	case !conditional:
		l.find(a.Position, Error, "dev-null-all", "every message that gets here is thrown away", "add a condition")
	default:
		l.find(a.Position, Info, "dev-null", "what matches is thrown away, and cannot be brought back", "deliver to a folder until the conditions have proved right")
	}
	if r.Locks {
		l.find(r.Position, Info, "lock-needless", "/dev/null needs no lockfile", "remove the second colon")
	}
}

// folderLock is about the lockfile of a folder, and about the folder itself.
func (l *linter) folderLock(r *recipe, a procmailrc.ActionLine, name string) {
	if a.Folder.Kind != procmailrc.Mbox {
		switch {
		case r.Locks && r.LockFile == "":
			l.find(r.Position, Warning, "lock-needless", "a directory needs no lockfile, and this one would be inside of it, where it cannot be made as long as the directory is missing", "remove the second colon")
		case r.Locks:
			l.find(r.Position, Info, "lock-needless", "a directory needs no lockfile", "remove the second colon")
		}
		return
	}
	if !r.Locks && !l.locked {
		l.find(r.Position, Warning, "lock-missing", fmt.Sprintf("%s is an mbox, and programs that look for %[1]s.lock do not see that it is being written", readable(name)), "add a colon: "+r.start("")+":")
	}
	above := a.Folder.Path[:strings.LastIndexByte(a.Folder.Path, '/')+1]
	if above == "" || above[0] == '~' || strings.Contains(above, procmailrc.Unknown) || strings.Contains(l.Directory(), procmailrc.Unknown) {
		return
	}
	if _, err := l.Stat(above); errors.Is(err, syscall.ENOENT) {
		l.find(a.Position, Warning, "folder-directory", fmt.Sprintf("%s does not exist, and is not made for an mbox", above), "mkdir -p "+above)
	}
}
