package doctor

import (
	"slices"
	"strconv"
	"strings"
)

// host is the set-up as the checks see it.
type host struct {
	Setup
	main     settings
	services []*service
	disk     disk // look only if Files is not nil
	accounts map[string]account
	groups   map[string]int
	aliases  []alias
	unread   bool                // some alias databases could not be read
	forwards map[string]*forward // by user
	commands []*command
	report   Report
}

// newHost reads everything; what cannot be read beyond the two texts of
// Postfix is noted.
func newHost(s Setup) (*host, error) {
	h := &host{Setup: s, disk: disk{s.Files}, accounts: map[string]account{}, groups: map[string]int{}, forwards: map[string]*forward{}}
	h.report = Report{Schema: 1, Findings: []Finding{}, Notes: []string{}, Looked: []string{}}
	var err error
	if h.main, err = parseSettings(s.Main); err != nil {
		return nil, err
	}
	if h.services, err = parseServices(s.Master); err != nil {
		return nil, err
	}
	h.readAccounts()
	h.readAliases()
	h.pipeCommands()
	h.mailboxCommands()
	h.aliasCommands()
	h.forwardCommands()
	for _, c := range h.commands {
		if c.isLastmile() {
			c.call = parseInvocation(c.words[1:], s.Option)
		}
		h.report.Looked = append(h.report.Looked, c.where+": "+c.text)
	}
	return h, nil
}

func (h *host) readAccounts() {
	if h.Files == nil {
		return
	}
	text, err := h.disk.text("/etc/passwd")
	if err != nil {
		h.note("/etc/passwd: " + err.Error())
	}
	for line := range strings.Lines(text) {
		if a, ok := parseAccount(line); ok {
			h.accounts[a.name] = a
		}
	}
	text, _ = h.disk.text("/etc/group")
	for line := range strings.Lines(text) {
		if f := strings.Split(line, ":"); len(f) == 4 {
			if gid, err := strconv.Atoi(f[2]); err == nil {
				h.groups[f[0]] = gid
			}
		}
	}
}

// account returns a user; nil if there is none, or none can be looked for.
func (h *host) account(name string) *account {
	if a, ok := h.accounts[name]; ok {
		return &a
	}
	if h.Files == nil || h.Account == nil || name == "" {
		return nil
	}
	a, ok := parseAccount(h.Account(name))
	if !ok {
		return nil
	}
	h.accounts[name] = a
	return &a
}

// pipeCommands are the services that start lastmile, and those that start
// another agent where mail can come to them.
func (h *host) pipeCommands() {
	for _, s := range h.services {
		c := &command{where: s.where(), line: s.line, route: viaPipe, service: s}
		_, c.text, _ = strings.Cut(s.line, "argv=")
		c.words = s.argv
		c.user, _ = h.pipeAccount(s)
		if len(s.argv) > 2 && isShell(s.argv[0]) && s.argv[1] == "-c" {
			inner := parseShell(s.argv[2])
			if len(inner.words) > 0 && (isAgent(inner.words[0]) || h.reinjects(s)) {
				c.shellLine = inner
				c.shell = true
			}
		}
		switch {
		case len(c.words) == 0:
			if h.used(s.name) {
				h.commands = append(h.commands, c)
			}
		case c.isLastmile(), (isAgent(c.words[0]) || h.reinjects(s)) && h.used(s.name):
			h.commands = append(h.commands, c)
		}
	}
}

// used reports whether main.cf, an option of another service or a transport
// table sends mail to a service.
func (h *host) used(name string) bool {
	for parameter := range h.main {
		value := h.main.get(parameter)
		switch {
		case strings.HasSuffix(parameter, "transport_maps"):
			if h.inTables(value, name) {
				return true
			}
		case strings.HasSuffix(parameter, "_transport"), strings.HasSuffix(parameter, "content_filter"):
			if value == name || strings.HasPrefix(value, name+":") {
				return true
			}
		}
	}
	return strings.Contains(h.Master, "content_filter="+name+":") || strings.HasSuffix(h.Master, "content_filter="+name)
}

// inTables looks for a transport on the right sides of transport tables.
func (h *host) inTables(maps, name string) bool {
	for _, table := range listWords(maps) {
		text, ok := h.table(table)
		if !ok {
			h.note("transport table " + table + " cannot be read here: transport " + name + " is taken to be unused")
			continue
		}
		for _, line := range logicalLines(text) {
			for _, word := range strings.Fields(line)[1:] {
				if word == name || strings.HasPrefix(word, name+":") {
					return true
				}
			}
		}
	}
	return false
}

// textTables are the types of tables whose source is a text file
// (DATABASE_README); it lies beside the table, under its name.
var textTables = []string{"hash", "btree", "cdb", "lmdb", "dbm", "sdbm", "texthash", "regexp", "pcre"}

// table returns the source text of a lookup table.
func (h *host) table(table string) (string, bool) {
	table = strings.TrimPrefix(table, "proxy:")
	kind, name, ok := strings.Cut(table, ":")
	if h.Files == nil || !ok || !slices.Contains(textTables, kind) {
		return "", false
	}
	text, err := h.disk.text(name)
	return text, err == nil
}

// mailboxCommands are those that local(8) starts for the users' mail; a
// transport before them (Postfix local/mailbox.c) leaves nothing for them.
func (h *host) mailboxCommands() {
	if h.main.get("mailbox_transport") != "" {
		return
	}
	add := func(where, line, text string) {
		c := &command{where: where, line: line, text: text, route: viaMailbox}
		c.shellLine = parseShell(text)
		h.commands = append(h.commands, c)
	}
	if text := h.main.raw("mailbox_command"); text != "" {
		add("main.cf: mailbox_command", h.main.line("mailbox_command"), text)
	}
	for _, table := range listWords(h.main.get("mailbox_command_maps")) {
		text, ok := h.table(table)
		if !ok {
			h.note("mailbox_command_maps " + table + " cannot be read here")
			continue
		}
		_, name, _ := strings.Cut(strings.TrimPrefix(table, "proxy:"), ":")
		for _, line := range logicalLines(text) {
			if user, value, ok := strings.Cut(line, " "); ok {
				add(name+": "+user, line, strings.TrimSpace(value))
			}
		}
	}
}

// aliasCommands are the "|command" items of alias databases. They have the
// rights of default_privs where root owns the database (Postfix local/alias.c).
func (h *host) aliasCommands() {
	for _, a := range h.aliases {
		var user *account
		if o, err := h.disk.walk(a.file, nil); err == nil && o.uid == 0 {
			user = h.account(h.main.get("default_privs"))
		}
		for _, e := range a.entries {
			if text, ok := e.command(); ok {
				c := &command{where: at(a.file, e.line), line: e.source, text: text, route: viaAlias, user: user}
				c.shellLine = parseShell(text)
				h.commands = append(h.commands, c)
			}
		}
	}
}

// forwardCommands are the "|command" items of .forward files, run as the user.
func (h *host) forwardCommands() {
	for _, name := range h.forwardUsers() {
		f := h.forwards[name]
		for _, e := range f.entries {
			text, ok := e.command()
			if !ok {
				continue
			}
			c := &command{where: at(f.path, e.line), line: e.source, text: text, route: viaForward, user: h.account(name)}
			c.shellLine = parseShell(text)
			h.commands = append(h.commands, c)
		}
	}
}
