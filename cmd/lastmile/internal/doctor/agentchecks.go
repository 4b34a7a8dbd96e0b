package doctor

import (
	"slices"
	"strings"
	"time"
)

// onLastmile runs a rule for every command that starts lastmile deliver.
func (h *host) onLastmile(rule func(c *command)) {
	for _, c := range h.commands {
		if c.deliver() {
			rule(c)
		}
	}
}

// noCommand: lastmile delivers with deliver alone (lastmile(1)); anything else
// is refused under Postfix with 4.3.5. Its procmail front is not judged here.
func noCommand(h *host, add add) {
	for _, c := range h.commands {
		if !c.isLastmile() || c.call.subcommand == "deliver" || c.call.subcommand == "procmail" {
			continue
		}
		if (c.route == viaForward || c.route == viaAlias) && len(c.words) == 1 && strings.Contains(c.line, c.text+" ") {
			continue // forward-unquoted says what is wrong
		}
		replace := c.replace(c.words[0], c.words[0]+" deliver")
		if slices.Contains([]string{"check", "explain", "doctor", "help", "version", "formail", "lockfile", "key", "completion"}, c.call.subcommand) {
			replace = c.replace(c.words[0]+" "+c.call.subcommand, c.words[0]+" deliver")
		}
		problem := "only lastmile deliver delivers: all its mail waits with 4.3.5"
		if slices.Contains([]string{"check", "explain", "formail", "lockfile"}, c.call.subcommand) {
			problem = "only lastmile deliver delivers: where " + c.call.subcommand + " exits 0 Postfix takes the message for delivered, and it is lost"
		}
		add(c.where, problem, c.line, replace)
	}
}

// optionUnknown: a mistake in the command line defers (lastmile(1)).
func optionUnknown(h *host, add add) {
	h.onLastmile(func(c *command) {
		for _, o := range c.call.unknown {
			if glued(o) {
				continue
			}
			add(c.where, "lastmile deliver has no option "+o+": all its mail waits with 4.3.5", c.line, strings.Replace(c.line, " "+quoteFor(c, o), "", 1))
		}
	})
}

// glued reports whether gluedSender is about this word.
func glued(word string) bool {
	return len(word) > 2 && word[1] != '-' && slices.Equal(macros(word), []string{"sender"})
}

func quoteFor(c *command, text string) string {
	if c.service == nil && c.route != viaMailbox {
		return quoteInner(text)
	}
	return text
}

// recipientOf is how the recipient reaches a command, by route.
func recipientOf(c *command) string {
	switch {
	case c.service != nil:
		return "${recipient}"
	case c.route == viaForward, c.route == viaAlias:
		return `\"$RECIPIENT\"`
	}
	return `"$RECIPIENT"`
}

// recipientMissing: lastmile wants one recipient (lastmile(1)).
func recipientMissing(h *host, add add) {
	h.onLastmile(func(c *command) {
		switch {
		case len(c.call.args) == 0:
			add(c.where, "no recipient is given to lastmile: all its mail waits with 4.3.5", c.line, h.withRecipient(c))
		case len(c.call.args) > 1 && (c.call.dashes || !isOption(c.call.args[1])):
			add(c.where, "several arguments are given where lastmile wants one recipient: all its mail waits with 4.3.5", c.line, "")
		}
	})
}

// withRecipient puts the recipient behind the last word of the command.
func (h *host) withRecipient(c *command) string {
	last := quoteFor(c, c.words[len(c.words)-1])
	i := strings.LastIndex(c.line, last)
	if i < 0 {
		return ""
	}
	end := i + len(last)
	if end < len(c.line) && c.line[end] == '"' && c.service == nil && c.route == viaMailbox {
		end++
	}
	dashes := " -- "
	if c.call.dashes {
		dashes = " "
	}
	replaced := c.line[:end] + dashes + recipientOf(c) + c.line[end:]
	if c.service == nil && !c.shell {
		replaced = strings.Replace(replaced, recipientOf(c), recipientOf(c)+" || exit 75", 1)
	}
	return replaced
}

func isOption(word string) bool { return len(word) > 1 && word[0] == '-' }

// optionsAfterRecipient: options end at the first argument (lastmile(1)).
func optionsAfterRecipient(h *host, add add) {
	h.onLastmile(func(c *command) {
		if c.call.dashes || len(c.call.args) < 2 || !isOption(c.call.args[1]) {
			return
		}
		replace := ""
		recipient := c.words[len(c.words)-len(c.call.args)]
		if before, after, ok := strings.Cut(c.line, " "+recipient+" "); ok && c.service != nil {
			replace = before + " " + strings.TrimSuffix(after, " --") + " -- " + recipient
		}
		add(c.where, "options stand behind the recipient, where lastmile reads none: all its mail waits with 4.3.5", c.line, replace)
	})
}

// noDashes: a recipient that begins with "-" would be read as options. Postfix
// takes no such address unless allow_min_user is set (postconf(5)), but aliases
// and older queues may have one.
func noDashes(h *host, add add) {
	h.onLastmile(func(c *command) {
		if c.call.dashes || len(c.call.args) != 1 || !strings.Contains(c.call.args[0], "$") {
			return
		}
		recipient := c.call.args[0]
		form := recipient
		if c.service == nil && !strings.Contains(c.line, " "+form) {
			form = strings.TrimSpace(quoteFor(c, `"`+recipient+`"`))
		}
		add(c.where, "a recipient that begins with - is read as an option, and its mail waits with 4.3.5: -- must stand before it", c.line,
			strings.Replace(c.line, " "+form, " -- "+form, 1))
	})
}

// dryRun: lastmile refuses it under Postfix, where it would lose mail.
func dryRun(h *host, add add) {
	h.onLastmile(func(c *command) {
		if _, ok := c.call.value("dry-run"); ok {
			add(c.where, "--dry-run delivers nothing and is refused under Postfix: all its mail waits with 4.3.5", c.line, strings.Replace(c.line, " --dry-run", "", 1))
		}
	})
}

// stampedByNone: with it the stamp that Postfix has just put on top counts
// (pipe(8), flag D; local(8), prepend_delivered_header), and it names the
// recipient.
func stampedByNone(h *host, add add) {
	h.onLastmile(func(c *command) {
		if who, _ := c.call.value("stamped-by"); who == "none" && c.stamped(h) {
			add(c.where, "Postfix puts Delivered-To on top of every message for this command, and --stamped-by none counts it: every message bounces with 5.4.6 mail forwarding loop",
				c.line, withoutOption(c.line, "--stamped-by", "none"))
		}
	})
}

// mailConfig: by MAIL_CONFIG in its environment lastmile knows that Postfix has
// started it, and the stamp on top for one of this delivery. Postfix exports it
// unless export_environment says otherwise (postconf(5)).
func mailConfig(h *host, add add) {
	exported := h.main.get("export_environment")
	for _, word := range listWords(exported) {
		if name, _, _ := strings.Cut(word, "="); name == "MAIL_CONFIG" {
			return
		}
	}
	h.onLastmile(func(c *command) {
		if who, given := c.call.value("stamped-by"); (!given || who == "auto") && c.stamped(h) {
			add(c.where, "export_environment has no MAIL_CONFIG, so lastmile cannot tell the stamp that Postfix has just made from an old one: every message bounces with 5.4.6 mail forwarding loop",
				h.main.line("export_environment"), "export_environment = "+strings.TrimSpace("MAIL_CONFIG "+exported))
		}
	})
}

// stampedByMTA: with it whatever stamp stands on top is passed over. Where
// Postfix puts none there, that is an old one as soon as header_checks take the
// Received field above it away, and a loop goes on.
func stampedByMTA(h *host, add add) {
	h.onLastmile(func(c *command) {
		if who, _ := c.call.value("stamped-by"); who == "mta" && !c.stamped(h) {
			add(c.where, "Postfix puts no Delivered-To on top for this command, so --stamped-by mta can only pass over an older one, and miss a loop", c.line, withoutOption(c.line, "--stamped-by", "mta"))
		}
	})
}

func withoutOption(line, name, value string) string {
	return strings.NewReplacer(" "+name+" "+value, "", " "+name+"="+value, "").Replace(line)
}

// timeLimit: what reaches the limit of Postfix is killed and bounced with 5.3.0
// (Postfix pipe_command.c; pipe(8), transport_time_limit; local(8),
// command_time_limit). What reaches lastmile's own waits.
func timeLimit(h *host, add add) {
	h.onLastmile(func(c *command) {
		name := "command_time_limit"
		text := h.main.get(name)
		if s := c.service; s != nil {
			name = s.name + "_time_limit"
			if value, ok := s.overrides[name]; ok {
				text = value
			} else if _, ok := h.main[name]; ok {
				text = h.main.get(name)
			}
		}
		limit, ok := duration(text)
		if own := c.call.timeout(); ok && limit <= own {
			add(c.where, "Postfix ends the command after "+limit.String()+" and bounces the message with 5.3.0; lastmile would give up only after "+own.String()+", and the message would wait",
				h.main.line(name), name+" = "+seconds(own+100*time.Second))
		}
	})
}
