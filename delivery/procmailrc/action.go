package procmailrc

import (
	"strings"
)

// action reads a recipe's action, and does it if the conditions matched. What is
// not done is read all the same, to find its end.
func (in *interp) action(r *recipe, match bool, skip *int, lastSucceeded *bool) howRecipe {
	a := action{recipe: r, match: match, from: in.offset()}
	switch {
	case in.src.take('!'):
		in.forward(&a)
	case in.src.take('|'):
		in.pipe(&a)
	case in.src.peek() == eof:
		in.log("Incomplete recipe\n")
		return recipeDone
	default:
		in.other(&a, skip)
	}
	in.traceDone(&a)
	if !a.done {
		return recipeDone
	}
	*lastSucceeded = a.succeeded
	if a.block {
		return recipeDone
	}
	if a.delivers && a.succeeded && !in.walking {
		if !r.flags.has('c') {
			return recipeDelivered
		}
		if in.logAbstract == 2 {
			in.abstract(in.vars.get("LASTFOLDER"))
		}
	}
	return recipeDone
}

// action is a recipe's action while it is read and done.
type action struct {
	recipe *recipe
	match  bool
	// capturing is set if the output goes into the variable capture, or nowhere
	// if that is empty.
	capturing bool
	capture   string
	// done is set if something was done, and succeeded how it went.
	done, succeeded bool
	// delivers is set if what was done is a delivery, or with flag c a copy.
	delivers bool
	block    bool
	from     int // where it begins in the rcfile
}

// other reads an action that is neither "!" nor "|": a block, a capture into a
// variable, or folders.
func (in *interp) other(a *action, skip *int) {
	filter := a.recipe.flags.has('f')
	if filter {
		a.recipe.flags.drop('f')
		in.extraneous("filter-flag")
	}
	begin, isName, overflow := in.src.name(in.lineBuf - 4)
	switch {
	case overflow:
		in.overflow()
		in.src.logicalLine(in.lineBuf)
		a.done = a.match
		return
	case isName:
		blank := in.src.skipBlanks()
		if in.src.take('=') {
			name := begin
			if begin += "="; blank {
				begin = name + "\x00="
			}
			if in.src.skipBlanks() {
				begin += "\x00"
			}
			if c := in.src.peek(); c == '!' || c == '|' {
				a.captures(name, blank)
				in.captured(a)
				return
			}
		} else if blank {
			begin += "\x00"
		}
	case begin == "" && in.src.take('{'):
		if c := in.src.peek(); c == ' ' || c == '\t' || c == '\n' {
			in.src.next()
			in.openBlock(a, skip)
			return
		}
		begin = "{"
	}
	e, ok := in.expand(&in.src, toWords, begin, !a.match)
	in.traceAction(a, FolderAct, e.words, "")
	if !a.match {
		return
	}
	a.done = true
	if !ok {
		return
	}
	text := in.what(a.recipe)
	if filter { // who wrote that wanted no part of the message
		text.from, text.to = 0, in.mail.len()
	}
	in.toFolder(a, e.words, text)
}

// captures says which variable takes the output. With a blank before the "="
// procmail 3.22 takes the last letter of the name for that sign.
func (a *action) captures(name string, blank bool) {
	a.capturing, a.capture = true, name
	if blank {
		a.capture = name[:len(name)-1]
	}
}

// captured reads the program of a capture.
func (in *interp) captured(a *action) {
	if in.src.take('!') {
		in.forward(a)
		return
	}
	in.src.take('|')
	in.pipe(a)
}

// toFolder delivers to one folder or more.
func (in *interp) toFolder(a *action, words []string, text part) {
	a.delivers = true
	if a.recipe.locks {
		in.lockFor(a.recipe, words[0])
	}
	a.succeeded = in.deliver(words, text, a.recipe, false)
	in.traceDelivered(Delivered{Words: words, Copy: a.recipe.flags.has('c'), OK: a.succeeded})
}

// forward reads addresses and hands the message to sendmail.
func (in *interp) forward(a *action) {
	begin := in.sendmail + "\x00"
	for _, flag := range strings.FieldsFunc(in.sendmailFlags, func(c rune) bool { return c == ' ' || c == '\t' || c == '\n' }) {
		begin += flag + "\x00"
	}
	begin += in.senderArgs()
	e, ok := in.expand(&in.src, toWords, begin, !a.match)
	in.traceAction(a, ForwardAct, e.words, "")
	if !a.match {
		return
	}
	if a.done = true; !ok {
		return
	}
	text := in.what(a.recipe)
	if text.from == 0 {
		text.from = min(text.to, in.mail.afterFrom())
	}
	if !in.rules.strict {
		// Without flag w procmail does not ask whether sendmail has taken the
		// message, which is gone if it has not.
		a.recipe.flags.put('w')
	}
	in.program(a, in.words(e), text)
}

// senderArgs are the arguments that keep the envelope sender of a message that is
// forwarded: without them a bounce would go to the user, and forwarded again.
func (in *interp) senderArgs() string {
	if in.rules.strict || !in.rules.hasSender {
		return ""
	}
	sender := in.rules.sender
	if sender == "" {
		sender = "<>"
	}
	return "-f\x00" + sender + "\x00"
}

// pipe reads a command line and runs it over the message.
func (in *interp) pipe(a *action) {
	text, overflow := in.src.logicalLine(in.lineBuf)
	if overflow {
		in.overflow()
		return
	}
	if !a.match {
		in.traceAction(a, PipeAct, nil, "")
		return
	}
	a.done = true
	c := in.command(text)
	in.traceAction(a, PipeAct, c.words, c.shell)
	if c.shell == "" && len(c.words) == 1 && c.words[0] == "" {
		in.toFolder(a, []string{"|"}, in.what(a.recipe))
		return
	}
	in.program(a, c, in.what(a.recipe))
}
