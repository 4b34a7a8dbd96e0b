package lint

import (
	"fmt"
	"strings"

	"lastmile/delivery/procmailrc"
)

// onAction is called for each action.
func (l *linter) onAction(a procmailrc.ActionLine) {
	l.begin(a.Position)
	lookups := l.lookups
	l.lookups, l.condition = nil, condition{}
	r := l.recipe
	if r == nil {
		return
	}
	here := l.level()
	if r.guarded && a.Act != procmailrc.BlockAct {
		here.guarded = true
	}
	switch a.Act {
	case procmailrc.BlockAct:
		l.levels = append(l.levels, &level{at: a.Position, conditional: r.conditional(), copies: r.has("c"), guarded: here.guarded || r.guarded})
		return
	case procmailrc.FolderAct:
		if l.misread = l.noFolder(a, a.Words[0]); !l.misread {
			l.folderAction(r, a, lookups)
		}
	case procmailrc.ForwardAct:
		l.forward(r, a)
	case procmailrc.PipeAct:
		l.pipe(r, a)
	}
	if !l.misread && r.alwaysDelivers(a) {
		here.hider = r
	}
}

// alwaysDelivers tells whether no message gets past a recipe.
func (r *recipe) alwaysDelivers(a procmailrc.ActionLine) bool {
	switch {
	case r.conditional(), r.has("c"), a.Capturing, r.has("f") && a.Act == procmailrc.PipeAct:
		return false
	case a.Act == procmailrc.FolderAct:
		return true
	}
	return !r.has("wW") && !r.Locks // else it may fail, and what follows is for that
}

// forward looks at "! address".
func (l *linter) forward(r *recipe, a procmailrc.ActionLine) {
	if text := strings.TrimSpace(strings.TrimPrefix(a.Text, "!")); looksLikeCondition(text) {
		l.find(a.Position, Error, "condition-star", "this is taken for an address to forward to: a condition begins with *", "write * ! "+text)
		l.misread = true
		return
	}
	if !l.guarded(r) {
		l.find(a.Position, Warning, "forward-loop", "mail that the other side sends back, or a bounce, is forwarded again", "forward only with the condition * ! ^X-Loop: ADDRESS, and put that field in before: :0 fhw | formail -A \"X-Loop: ADDRESS\"")
	}
}

// guarded tells whether a recipe is kept from sending mail round.
func (l *linter) guarded(r *recipe) bool { return r.guarded || l.level().guarded }

// looksLikeCondition tells whether an action was meant to be a condition.
func looksLikeCondition(text string) bool {
	text = strings.TrimLeft(text, "! \t")
	if text == "" {
		return false
	}
	word, rest, _ := strings.Cut(text, " ")
	switch {
	case text[0] == '^', text[0] == '?' && word != "?*", text[0] == '<', text[0] == '>':
		return true
	case strings.HasPrefix(strings.TrimLeft(rest, " "), "??"):
		return true
	}
	return text[0] == '$' && strings.HasPrefix(rest, "^")
}

// pipe looks at a program.
func (l *linter) pipe(r *recipe, a procmailrc.ActionLine) {
	text := a.Shell
	if text == "" {
		text = strings.Join(a.Words, " ")
	}
	if a.Capturing {
		l.capture(a)
		return
	}
	if r.has("f") {
		if !r.has("wW") && !r.Locks {
			l.find(r.Position, Warning, "filter-wait", "if the filter fails, the message is replaced by whatever it has printed, or by nothing", "add the flag w: "+r.start("w"))
		}
		return
	}
	if file, ok := appendsTo(text); ok && !r.Locks && !l.locked && file != "/dev/null" {
		l.find(r.Position, Warning, "lock-missing", fmt.Sprintf("two messages at the same time mix in %s", file), "add a lockfile: "+r.start("")+":")
	}
	command, arguments, _ := strings.Cut(strings.TrimSpace(text), " ")
	sendmail := func(s string) bool {
		return strings.HasSuffix(s, "sendmail") || strings.Contains(s, "$SENDMAIL") && !strings.Contains(s, "$SENDMAILF")
	}
	if sendmail(command) && !strings.Contains(" "+arguments, " -f") && !hasOption(arguments, 't') {
		l.find(a.Position, Warning, "forward-sender", "the message goes on with the user as its envelope sender, who gets the bounces instead of the sender", "forward with ! ADDRESS, or add -f and the sender")
	}
	switch {
	case l.guarded(r):
	case sendmail(command):
		l.find(a.Position, Warning, "forward-loop", "mail that the other side sends back, or a bounce, is sent again", "add the conditions * ! ^FROM_DAEMON and * ! ^X-Loop: ADDRESS")
	case strings.Contains(text, "formail") && hasOption(text, 'r') && strings.Contains(strings.ToLower(text), "sendmail"):
		l.find(a.Position, Warning, "reply-loop", "two programs that answer each other never end", "add the conditions * ! ^FROM_DAEMON and * ! ^X-Loop: ADDRESS, and the field: formail -rA \"X-Loop: ADDRESS\"")
	}
}

// hasOption tells whether a command line has an option of one letter.
func hasOption(text string, letter byte) bool {
	for word := range strings.FieldsSeq(text) {
		if len(word) > 1 && word[0] == '-' && isAlphanumeric(word[1]) && strings.IndexByte(word, letter) > 0 {
			return true
		}
	}
	return false
}

// appendsTo returns what a shell command appends to.
func appendsTo(text string) (file string, ok bool) {
	quote := byte(0)
	for i := 0; i+1 < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quote != '\'':
			i++
		case quote == c:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == '>' && text[i+1] == '>':
			file = strings.TrimLeft(text[i+2:], " \t")
			if end := strings.IndexAny(file, " \t\n;)&|"); end >= 0 {
				file = file[:end]
			}
			return file, true
		}
	}
	return "", false
}

// capture looks at NAME=| command.
func (l *linter) capture(a procmailrc.ActionLine) {
	before, _, _ := strings.Cut(a.Text, "=")
	if name := strings.TrimRight(before, " \t"); name != before {
		l.find(a.Position, Error, "capture-blank", "with a blank before the = the output is lost", "write "+name+"=| …")
	}
	l.assigned[strings.TrimRight(before, " \t")] = true
}
