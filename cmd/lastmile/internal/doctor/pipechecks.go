package doctor

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// onPipe runs a rule for every pipe(8) service that is looked at.
func (h *host) onPipe(rule func(c *command, s *service)) {
	for _, c := range h.commands {
		if c.service != nil {
			rule(c, c.service)
		}
	}
}

// pipePrivileges: pipe(8) must keep root's rights to become user= (Postfix
// pipe.c, CA_MAIL_SERVER_PRIVILEGED; master(5), column unpriv, default y).
func pipePrivileges(h *host, add add) {
	h.onPipe(func(c *command, s *service) {
		if s.unprivileged != "n" {
			add(c.where, "pipe(8) dies with \"service "+s.name+" requires privileged operation\" and all its mail waits", s.line, s.column(3, "n"))
		}
	})
}

// pipeChroot: in the queue directory there is no such program, and no Maildir
// (master(5), column chroot: default y before compatibility_level 1).
func pipeChroot(h *host, add add) {
	old := h.main.number("compatibility_level") == 0
	h.onPipe(func(c *command, s *service) {
		if s.chroot == "y" || s.chroot == "-" && old {
			add(c.where, "the command is started in a chroot jail, where "+h.main.get("queue_directory")+" is the root directory: programs and mailboxes outside are not found", s.line, s.column(4, "n"))
		}
	})
}

// pipeAccount returns the user of a service, or what Postfix has against it.
func (h *host) pipeAccount(s *service) (a *account, objection string) {
	name, group, hasGroup := strings.Cut(s.attributes["user"], ":")
	switch {
	case name == "":
		return nil, "user= is missing"
	case name == "root":
		return nil, "user=root is refused"
	case name == h.main.get("mail_owner"):
		return nil, "user=" + name + " is the owner of the mail system and is refused"
	}
	if h.Files == nil {
		return nil, ""
	}
	if a = h.account(name); a == nil {
		return nil, "there is no user " + name
	}
	if hasGroup && group != "" {
		gid, ok := h.groups[group]
		if !ok {
			return nil, "there is no group " + group
		}
		a.gid = gid
	}
	switch owner := h.account(h.main.get("mail_owner")); {
	case a.uid == 0:
		return nil, "user=" + name + " has root's uid and is refused"
	case a.gid == 0:
		return nil, "the group of user=" + s.attributes["user"] + " is root's and is refused"
	case owner != nil && a.gid == owner.gid:
		return nil, "the group of user=" + s.attributes["user"] + " is the mail system's and is refused"
	}
	if gid, ok := h.groups[h.main.get("setgid_group")]; ok && a.gid == gid {
		return nil, "the group of user=" + s.attributes["user"] + " is setgid_group and is refused"
	}
	return a, ""
}

// pipeUser: each of these is fatal in Postfix pipe.c, get_service_attr.
func pipeUser(h *host, add add) {
	h.onPipe(func(c *command, s *service) {
		if _, objection := h.pipeAccount(s); objection != "" {
			add(c.where, objection+": pipe(8) dies, and all mail of this transport waits", s.line, s.setAttribute("user", "vmail"))
		}
	})
}

// pipeLetters are the flags of pipe(8).
const pipeLetters = "BDFORXhqu.>"

// pipeFlags: an unknown letter is fatal, although the log says "ignored"
// (Postfix pipe.c, get_service_attr).
func pipeFlags(h *host, add add) {
	h.onPipe(func(c *command, s *service) {
		flags := s.attributes["flags"]
		known := strings.Map(func(r rune) rune {
			if strings.ContainsRune(pipeLetters, r) {
				return r
			}
			return -1
		}, flags)
		if known != flags {
			add(c.where, "pipe(8) dies of a flag that it does not know, and all mail of this transport waits", s.line, s.setAttribute("flags", known))
		}
	})
}

// pipeMacros are the macros of argv= (pipe(8), Command argument macros).
var pipeMacros = []string{"client_address", "client_helo", "client_hostname", "client_port", "client_protocol", "domain", "envid", "extension", "mailbox", "nexthop", "original_recipient", "queue_id", "recipient", "sasl_method", "sasl_sender", "sasl_username", "sender", "size", "user"}

// macroUnknown: mail waits with 4.3.5 (Postfix pipe.c, parse_callback).
func macroUnknown(h *host, add add) {
	h.onPipe(func(c *command, s *service) {
		for _, word := range s.argv {
			for _, name := range macros(word) {
				known := slices.Contains(pipeMacros, name) && (name != "envid" || h.Version == "" || !versionBefore(h.Version, 3, 9))
				if known {
					continue
				}
				better := "$$" + name
				for _, m := range pipeMacros {
					if strings.EqualFold(m, name) || name == "rcpt" && m == "recipient" {
						better = "${" + m + "}"
					}
				}
				changed := s.line
				for _, form := range []string{"${" + name + "}", "$(" + name + ")", "$" + name} {
					changed = strings.ReplaceAll(changed, form, better)
				}
				add(c.where, "pipe(8) knows no macro ${"+name+"}: all mail waits with 4.3.5 (mail system configuration error)", s.line, changed)
			}
		}
	})
}

// macroUser: before 3.12 an argument with $user is left out for a recipient
// whose user part is empty, such as ""@example.com, and those behind it move up
// (Postfix pipe.c, expand_argv; HISTORY 20260717).
func macroUser(h *host, add add) {
	if !versionBefore(h.Version, 3, 12) {
		return
	}
	h.onPipe(func(c *command, s *service) {
		for _, word := range s.argv {
			if !has(word, "user") {
				continue
			}
			better := ""
			if c.isLastmile() {
				better = strings.NewReplacer("${user}", "{user}", "$user", "{user}", "${domain}", "{domain}", "$domain", "{domain}", "${extension}", "{extension}").Replace(s.line)
				better = strings.Replace(better, "-- {user}@{domain}", "-- ${recipient}", 1)
			}
			add(c.where, "Postfix before 3.12 leaves out the argument "+word+" for a recipient without a user part (\"\"@example.com), and the others move up: mail goes to the wrong place", s.line, better)
			return
		}
	})
}

// macroShell: pipe(8) quotes nothing, so an address is a part of the program
// that the shell runs (pipe.c, expand_argv; pipe(8): the command is executed without a shell).
func macroShell(h *host, add add) {
	h.onPipe(func(c *command, s *service) {
		for i, word := range s.argv {
			if i == 0 || len(macros(word)) == 0 {
				continue
			}
			safe := ""
			if s.argv[i-1] == "-c" && isShell(s.argv[0]) {
				safe = positional(s, word)
			} else if _, ok := c.call.value("shell"); ok && c.deliver() && s.argv[i-1] == "--command" {
				safe = s.change(word, strings.NewReplacer("${recipient}", `"$$RECIPIENT"`, "${sender}", `"$$SENDER"`, "${original_recipient}", `"$$ORIGINAL_RECIPIENT"`).Replace(word))
			}
			if safe != "" {
				add(c.where, "a shell runs what a stranger writes into an address: ${"+macros(word)[0]+"} is put into the command as it is", s.line, safe)
			}
		}
	})
}

func isShell(program string) bool {
	return slices.Contains([]string{"sh", "bash", "dash"}, path.Base(program))
}

// positional returns the line with the macros of a shell command as its
// arguments, $1 and so on.
func positional(s *service, word string) string {
	changed, args := word, " sh"
	for n, name := range macros(word) {
		changed = strings.NewReplacer(`"${`+name+`}"`, fmt.Sprintf(`"$$%d"`, n+1), "${"+name+"}", fmt.Sprintf(`"$$%d"`, n+1)).Replace(changed)
		args += " ${" + name + "}"
	}
	return s.change(word, changed) + args
}

// limitLine is what every transport with one recipient at a time needs.
func limitLine(name string) string { return name + "_destination_recipient_limit = 1" }

// elsewhere says that the limit stands where the queue manager, which needs it,
// does not look.
func elsewhere(s *service) string {
	if _, ok := s.overrides[s.name+"_destination_recipient_limit"]; ok {
		return "; -o in master.cf does not help, it is the queue manager that needs the limit"
	}
	return ""
}

// recipientLimit: flags D and O need one recipient per request (Postfix pipe.c,
// deliver_message).
func recipientLimit(h *host, add add) {
	h.onPipe(func(c *command, s *service) {
		if (s.flag("D") || s.flag("O")) && h.main.recipientLimit(s.name) != 1 {
			add(c.where, "flags="+s.attributes["flags"]+" wants one recipient at a time: a message for several waits with 4.3.5 (mail system configuration error)"+elsewhere(s),
				h.main.line(s.name+"_destination_recipient_limit"), limitLine(s.name))
		}
	})
}

// manyRecipients: an argument with the recipient is repeated for each recipient
// (Postfix pipe.c, expand_argv), and lastmile takes one.
func manyRecipients(h *host, add add) {
	h.onPipe(func(c *command, s *service) {
		if !c.deliver() || s.flag("D") || s.flag("O") || h.main.recipientLimit(s.name) == 1 {
			return
		}
		for _, word := range s.argv {
			if has(word, perRecipient...) {
				add(c.where, "a message for several recipients is given to one lastmile, which takes one: it waits with 4.3.5"+elsewhere(s),
					h.main.line(s.name+"_destination_recipient_limit"), limitLine(s.name))
				return
			}
		}
	})
}

// nullSender: the null sender is written out as MAILER-DAEMON (pipe(8),
// null_sender), an address that replies go to. lastmile knows it for the null
// sender in -f, but does not change a Return-Path that Postfix has written.
func nullSender(h *host, add add) {
	h.onPipe(func(c *command, s *service) {
		if _, ok := s.attributes["null_sender"]; ok {
			return
		}
		bySender := !c.isLastmile() && slices.ContainsFunc(s.argv, func(w string) bool { return has(w, "sender") })
		if s.flag("R") || bySender {
			add(c.where, "bounces are delivered as if they came from MAILER-DAEMON: an automatic reply goes out to them", s.line, s.setAttribute("null_sender", ""))
		}
	})
}

// gluedSender: an option and the sender in one argument. Empty with
// null_sender=, it makes an option without its value of it, which takes the
// argument behind it; lastmile reads no glued values at all.
func gluedSender(h *host, add add) {
	h.onPipe(func(c *command, s *service) {
		null, given := s.attributes["null_sender"]
		for _, word := range s.argv {
			option, macro, _ := strings.Cut(word, "$")
			if len(option) != 2 || option[0] != '-' || !slices.Equal(macros("$"+macro), []string{"sender"}) {
				continue
			}
			if c.isLastmile() || given && null == "" {
				add(c.where, fmt.Sprintf("the value must be an argument of its own: %s is misread, for the null sender it even takes the argument behind it", word),
					s.line, s.change(word, option+" $"+macro))
			}
		}
	})
}

// reinjectors are programs that give the message back to an MTA.
var reinjectors = []string{"sendmail", "postforward", "zpostforward", "postsrsd-forward"}

// reinjects reports whether what a service starts sends the message again.
func (h *host) reinjects(s *service) bool {
	for _, word := range s.argv {
		for _, w := range strings.Fields(word) {
			if slices.Contains(reinjectors, path.Base(strings.Trim(w, `"'|`))) {
				return true
			}
		}
	}
	filter := h.main.get("content_filter")
	return filter == s.name || strings.HasPrefix(filter, s.name+":") || strings.Contains(h.Master, "content_filter="+s.name+":")
}

// reinjection: flag D stamps the message and, when it comes back for the same
// recipient, refuses it (Postfix pipe.c and local/recipient.c; FILTER_README
// has no D).
func reinjection(h *host, add add) {
	h.onPipe(func(c *command, s *service) {
		if s.flag("D") && h.reinjects(s) {
			add(c.where, "flag D stamps the message, and this command sends it again: for the same recipient it bounces with 5.4.6 mail forwarding loop",
				s.line, s.setAttribute("flags", strings.ReplaceAll(s.attributes["flags"], "D", "")))
		}
	})
}

// unquotedAddress: without q pipe(8) passes an address in its internal form,
// which sendmail(1) reads as another one, or as several (pipe(8), flag q).
func unquotedAddress(h *host, add add) {
	h.onPipe(func(c *command, s *service) {
		if len(c.words) == 0 || s.flag("q") || !slices.Contains(reinjectors, path.Base(c.words[0])) {
			return
		}
		for _, word := range s.argv {
			if has(word, "recipient", "sender", "original_recipient") {
				add(c.where, "an address with blanks or commas in quotes becomes several: \"a b\"@example.com is passed as a b@example.com", s.line, s.setAttribute("flags", s.attributes["flags"]+"q"))
				return
			}
		}
	})
}
