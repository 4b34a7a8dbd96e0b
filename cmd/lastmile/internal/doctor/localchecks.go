package doctor

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// onLocal runs a rule for every command that local(8) starts.
func (h *host) onLocal(rule func(c *command)) {
	for _, c := range h.commands {
		if c.service == nil && len(c.words) > 0 {
			rule(c)
		}
	}
}

// mailboxSizeLimit: local(8) sets it as the limit of files for its commands,
// and dies at the start of a delivery if it is below message_size_limit, or if
// only the latter is unlimited (Postfix local.c, post_init).
func mailboxSizeLimit(h *host, add add) {
	mailbox, message := h.main.number("mailbox_size_limit"), h.main.number("message_size_limit")
	if mailbox <= 0 || message < 0 {
		return
	}
	h.onLocal(func(c *command) {
		switch {
		case message == 0:
			add("main.cf: mailbox_size_limit", "message_size_limit is unlimited and mailbox_size_limit is not: local(8) dies, and all local mail waits", h.main.line("mailbox_size_limit"), "mailbox_size_limit = 0")
		case mailbox < message:
			add("main.cf: mailbox_size_limit", "it is smaller than message_size_limit: local(8) dies, and all local mail waits", h.main.line("mailbox_size_limit"), "mailbox_size_limit = 0")
		case c.isLastmile() && mailbox < message+headroom:
			add("main.cf: mailbox_size_limit", "no file of "+c.where+" may be larger: with the fields that are put on top a message near message_size_limit cannot be stored, and waits with 4.2.2",
				h.main.line("mailbox_size_limit"), "mailbox_size_limit = 0")
		}
	})
}

// headroom is what Postfix and lastmile may put on top of a message: a few
// fields with an address, 2 KiB each at the most.
const headroom = 16 << 10

// commandForbidden: commands in aliases and .forward may be switched off
// (local(8), allow_mail_to_commands): 5.7.1.
func commandForbidden(h *host, add add) {
	allowed := h.main.get("allow_mail_to_commands")
	h.onLocal(func(c *command) {
		if c.route != viaMailbox && !oneOf(allowed, c.route) {
			add(c.where, "allow_mail_to_commands has no "+c.route+": the mail bounces with 5.7.1 mail to command is restricted",
				h.main.line("allow_mail_to_commands"), "allow_mail_to_commands = "+strings.TrimPrefix(allowed+", "+c.route, ", "))
		}
	})
}

// searchPath is where Postfix and its shells look for a program (Postfix
// pipe_command.c; _PATH_DEFPATH).
var searchPath = []string{"/usr/bin", "/bin"}

// consequence says what becomes of the mail when a program cannot be started
// (Postfix pipe_command.c and exec_command.c: without a shell a failure defers,
// but a name without "/" that is not found goes to the shell; a shell that is
// told nothing exits with 126 or 127, which bounces).
func (c *command) consequence() string {
	bare := len(c.words) > 0 && !strings.Contains(c.words[0], "/")
	switch {
	case c.service == nil && c.shell && (!c.guarded || c.exec), c.service == nil && !c.shell && bare, c.service != nil && c.shell && !c.guarded:
		return "all its mail bounces"
	}
	return "all its mail waits"
}

// program looks for the program of a command; problem is empty if the file
// system has it. Of a command that a shell is to find out, nothing is said.
func (h *host) program(c *command) (found object, problem string) {
	if h.Files == nil || len(c.words) == 0 || c.words[0] == "" || strings.ContainsAny(c.words[0], "$`*?~") || slices.Contains(builtins, c.words[0]) {
		return found, ""
	}
	name := c.words[0]
	places := []string{name}
	if !strings.Contains(name, "/") {
		places = nil
		for _, dir := range searchPath {
			places = append(places, path.Join(dir, name))
		}
	} else if !path.IsAbs(name) {
		places = []string{path.Join(h.main.get("queue_directory"), name)}
	}
	for _, place := range places {
		o, err := h.disk.walk(place, nil)
		if err == nil {
			return o, ""
		}
		if hidden(err) {
			return object{}, ""
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return o, place + ": " + err.Error()
		}
	}
	if len(places) > 1 {
		return found, name + " is not in " + strings.Join(searchPath, " or ") + ", where Postfix looks"
	}
	return found, places[0] + " does not exist"
}

// installed is where README puts lastmile; other agents are in /usr/bin.
func (h *host) installed(program string) string {
	for _, dir := range []string{"/usr/local/bin", "/usr/bin", "/opt/bin", "/usr/local/sbin", "/usr/sbin"} {
		if o, err := h.disk.walk(path.Join(dir, path.Base(program)), nil); err == nil && o.mode&0o111 != 0 {
			return o.path
		}
	}
	return "/usr/local/bin/" + path.Base(program)
}

// programMissing: see consequence.
func programMissing(h *host, add add) {
	for _, c := range h.commands {
		if _, problem := h.program(c); problem != "" {
			add(c.where, problem+": "+c.consequence(), c.line, c.replace(c.words[0], h.installed(c.words[0])))
		}
	}
}

// programNotExecutable: as a missing one, but the user's rights decide.
func programNotExecutable(h *host, add add) {
	for _, c := range h.commands {
		o, problem := h.program(c)
		if problem != "" || o.path == "" {
			continue
		}
		allowed := o.mode.IsRegular() && o.mode&0o111 != 0
		if c.user != nil && allowed {
			_, err := h.disk.walk(o.path, c.user)
			allowed = err == nil && o.may(*c.user, execute) || hidden(err) && !errors.Is(err, errNoAccess)
		}
		if !allowed {
			who := "nobody"
			if c.user != nil {
				who = c.user.String() + " not"
			}
			add(c.where, o.String()+" may be executed by "+who+": "+c.consequence(), c.line, "chmod 755 "+o.path)
		}
	}
}

// unguarded: a shell that does not find the program, or may not execute it,
// exits with 127 or 126, and Postfix bounces that (sys_exits.c). What the
// program prints still goes before the 75 of the guard.
func unguarded(h *host, add add) {
	h.onLocal(func(c *command) {
		if c.shell && !c.guarded && isAgent(c.words[0]) {
			add(c.where, "a shell runs this: on the day when "+c.words[0]+" is missing, in an upgrade for example, all its mail bounces", c.line, c.with(c.text+" || exit 75"))
		}
	})
}

func execWord() *regexp.Regexp { return regexp.MustCompile(`\bexec[ \t]+`) }

// execGuard: when exec fails, the shell ends at once with 126 or 127 (POSIX,
// sh, Consequences of Shell Errors), so what stands behind || never runs.
func execGuard(h *host, add add) {
	h.onLocal(func(c *command) {
		if c.exec && c.guarded {
			add(c.where, "a failing exec ends the shell, so || exit 75 never runs: on the day when "+c.words[0]+" is missing all its mail bounces", c.line,
				c.with(execWord().ReplaceAllString(c.text, "")))
		}
	})
}

// mayBeEmpty are variables of local(8) that are empty or missing for some mail:
// null senders, addresses without an extension (local(8), EXTERNAL COMMAND
// DELIVERY).
var mayBeEmpty = []string{"SENDER", "EXTENSION", "ORIGINAL_RECIPIENT"}

// shellUnquoted: an empty variable without quotes is no argument at all.
func shellUnquoted(h *host, add add) {
	h.onLocal(func(c *command) {
		if !isAgent(c.words[0]) {
			return
		}
		for _, name := range mayBeEmpty {
			if !slices.Contains(c.bare, name) {
				continue
			}
			text := c.text
			for _, form := range []string{"${" + name + "}", "$" + name} {
				text = strings.ReplaceAll(text, form, `"`+form+`"`)
			}
			add(c.where, "without quotes an empty $"+name+" is no argument, and the option before it takes the next word", c.line, c.with(text))
		}
	})
}
