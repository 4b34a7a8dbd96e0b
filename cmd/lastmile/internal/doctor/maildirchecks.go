package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// seconds writes a time as Postfix reads it.
func seconds(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }

// template is the Maildir of a command; none if the message goes elsewhere.
func (c *command) template() (string, bool) {
	for _, elsewhere := range []string{"command", "mbox"} {
		if _, given := c.call.value(elsewhere); given {
			return "", false
		}
	}
	if t, ok := c.call.value("maildir"); ok {
		return t, !strings.Contains(t, "$")
	}
	return "~/Maildir/", true
}

// fixed returns the part of a template that is the same for every recipient,
// and whether that is all of it.
func fixed(template, home string) (at string, whole bool) {
	if rest, ok := strings.CutPrefix(template, "~/"); ok {
		template = path.Join(home, rest)
	}
	at, _, placeholder := strings.Cut(template, "{")
	if placeholder {
		at = at[:strings.LastIndexByte(at, '/')+1]
	}
	return path.Clean("/" + at), !placeholder && strings.HasPrefix(template, "/")
}

// unwritable says why a user cannot deliver to a Maildir, by the rules of
// package maildir: it must belong to the user, or a missing one be made in a
// directory that belongs to the user or root and is not open to everybody.
func (h *host) unwritable(template string, a account) (problem, cure string) {
	at, whole := fixed(template, a.home)
	if !strings.HasPrefix(template, "/") && !strings.HasPrefix(template, "~/") {
		return "the path " + template + " is relative, and Postfix starts commands in " + h.main.get("queue_directory"), ""
	}
	_, create := h.disk.walk(at, nil)
	o, err := h.disk.walk(at, &a)
	owned := fmt.Sprintf("install -d -o %s -m 700 %s", a.name, at)
	switch {
	case errors.Is(err, errNoAccess):
		return "may not enter " + o.String(), "chmod o+x " + o.path
	case hidden(err):
		h.note(at + ": cannot be looked at without more rights")
		return "", ""
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return o.String() + ": " + err.Error(), ""
	case !o.mode.IsDir():
		return o.String() + " is no directory", owned
	case create == nil && whole && o.uid != a.uid:
		return "a Maildir must belong to the user, and it is " + o.String(), "chown -R " + a.name + " " + at
	case create == nil && whole:
		if !o.may(a, write) || !o.may(a, execute) {
			return "may not write " + o.String(), "chmod u+rwx " + at
		}
		return "", ""
	case create != nil && o.uid != a.uid && o.uid != 0:
		return at + " does not exist, and the directory for it is somebody else's: " + o.String(), owned
	case !o.may(a, write):
		missing := "may not create mailboxes in "
		if create != nil {
			missing = at + " does not exist, and the user may not create it in "
		}
		if create == nil {
			owned = "chown " + a.name + " " + at
		}
		return missing + o.String(), owned
	case o.mode&0o002 != 0 && o.mode&fs.ModeSticky == 0:
		return "lastmile makes no mailbox in a directory that everybody may write: " + o.String(), "chmod o-w " + o.path
	}
	return "", ""
}

// maildirUnwritable: such mail waits with 4.2.0, where local(8) itself would
// bounce it (Postfix local/maildir.c).
func maildirUnwritable(h *host, add add) {
	if h.Files == nil {
		return
	}
	h.onLastmile(func(c *command) {
		template, ok := c.template()
		if !ok {
			return
		}
		users := h.mailboxUsers()
		if c.route != viaMailbox {
			users = nil
			if c.user != nil {
				users = []account{*c.user}
			}
		}
		for _, a := range users {
			if problem, cure := h.unwritable(template, a); problem != "" {
				if _, err := h.disk.walk(a.home, nil); c.route != viaMailbox && strings.HasPrefix(template, "~/") && err != nil {
					cure = otherMaildir(c, a)
				}
				add(c.where, "the mail waits with 4.2.0: user "+a.String()+": "+problem, c.line, cure)
			}
		}
	})
}

// otherMaildir proposes a Maildir for a user without a home, such as nobody, whose
// rights commands of aliases have.
func otherMaildir(c *command, a account) string {
	const dir = "/var/local/mail"
	return c.replace(" deliver ", " deliver --maildir "+dir+"/ ") + "\n" + fmt.Sprintf("install -d -o %s -m 700 %s", a.name, dir)
}

// mailboxUsers are the users that the set-up names whose mail reaches
// mailbox_command: no alias and no .forward takes it.
func (h *host) mailboxUsers() []account {
	var users []account
	for _, name := range h.forwardUsers() {
		a := h.account(name)
		if a == nil || a.uid == 0 || len(h.forwards[name].entries) > 0 || h.aliased(name) {
			continue
		}
		users = append(users, *a)
	}
	return users
}

// aliased reports whether an alias sends all mail for a name elsewhere.
func (h *host) aliased(name string) bool {
	for _, a := range h.aliases {
		if a.name == name {
			return !slices.ContainsFunc(a.entries, func(e entry) bool { return h.localName(e.text) == name })
		}
	}
	return false
}

// rootMail: mail for root is given to a command with the rights of
// default_privs (Postfix local/command.c), a user who has no home.
func rootMail(h *host, add add) {
	if h.Files == nil || h.unread || h.account("root") == nil || h.aliased("root") {
		return
	}
	if f := h.forwards["root"]; f != nil && len(f.entries) > 0 {
		return
	}
	h.onLastmile(func(c *command) {
		template, ok := c.template()
		user := h.account(h.main.get("default_privs"))
		if c.route != viaMailbox || c.where != "main.cf: mailbox_command" || !ok || user == nil {
			return
		}
		if problem, _ := h.unwritable(template, *user); problem != "" {
			add("/etc/aliases", "mail for root is delivered with the rights of "+user.String()+" and waits with 4.2.0: "+problem, "", "root: "+h.somebody())
		}
	})
}

// somebody is a user who could have root's mail.
func (h *host) somebody() string {
	best := account{name: "you", uid: 1 << 30}
	for _, a := range h.accounts {
		if a.uid >= 1000 && a.uid < best.uid && a.name != "nobody" {
			best = a
		}
	}
	return best.name
}
