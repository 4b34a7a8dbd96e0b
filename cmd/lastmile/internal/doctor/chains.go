package doctor

import (
	"errors"
	"io/fs"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// forward is what local(8) finds in a user's home directory.
type forward struct {
	path    string
	entries []entry
	ignored string // why Postfix passes it over
	object  object
}

// at names a line of a file.
func at(file string, line int) string { return file + ":" + strconv.Itoa(line) }

// readAliases reads the sources of alias_maps and, from there, the .forward
// files of every user that mail can reach.
func (h *host) readAliases() {
	if h.Files == nil {
		return
	}
	for _, table := range listWords(h.main.get("alias_maps")) {
		text, ok := h.table(table)
		kind, name, _ := strings.Cut(strings.TrimPrefix(table, "proxy:"), ":")
		if !ok {
			h.unread = true
			if _, set := h.main["alias_maps"]; set {
				h.note("alias_maps " + table + " cannot be read here")
			}
			continue
		}
		h.aliases = append(h.aliases, parseAliases(name, text, kind != "texthash")...)
	}
	for _, name := range h.Aliases {
		text, err := h.disk.text(name)
		if err != nil {
			h.note("aliases " + name + ": " + err.Error())
			continue
		}
		h.aliases = append(h.aliases, parseAliases(name, text, true)...)
	}
	users := slices.Clone(h.Users)
	for _, a := range h.aliases {
		for _, e := range a.entries {
			users = append(users, h.localName(e.text))
		}
	}
	for len(users) > 0 {
		name := users[0]
		users = users[1:]
		if _, seen := h.forwards[name]; seen || name == "" {
			continue
		}
		f := h.readForward(name)
		h.forwards[name] = f
		for _, e := range f.entries {
			users = append(users, h.localName(e.text))
		}
	}
}

// forwardUsers are the users whose .forward was looked for, in order.
func (h *host) forwardUsers() []string {
	var names []string
	for name := range h.forwards {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// readForward reads the .forward that Postfix would take for mail without an
// address extension (local/dotforward.c): a regular file by lstat, of root or
// the user, not writable for everybody.
func (h *host) readForward(name string) *forward {
	f := &forward{}
	a := h.account(name)
	if a == nil {
		return f
	}
	for _, template := range listWords(h.main.raw("forward_path")) {
		if strings.Contains(template, "extension") {
			continue
		}
		path := strings.NewReplacer("$home", a.home, "${home}", a.home, "$user", name, "${user}", name).Replace(template)
		o, err := h.disk.lstat(path)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				h.note(path + ": " + err.Error())
			}
			continue
		}
		f.path, f.object = path, o
		switch {
		case o.mode&fs.ModeSymlink != 0:
			f.ignored = "it is a symbolic link"
		case !o.mode.IsRegular():
			f.ignored = "it is no regular file"
		case o.uid != 0 && o.uid != a.uid:
			f.ignored = "it belongs to somebody else than root and the user"
		case o.mode&0o002 != 0:
			f.ignored = "everybody may write it"
		}
		if f.ignored == "" {
			text, err := h.disk.text(path)
			if err != nil {
				h.note(path + ": " + err.Error())
			}
			f.entries = parseForward(text)
		}
		return f
	}
	return f
}

// localName returns the local name that an item of a list leads to, "" for
// everything else: commands, files, lists, "\user", other domains.
func (h *host) localName(text string) string {
	if text == "" || strings.ContainsAny(text[:1], `|/\:~`) {
		return ""
	}
	local, domain := text, ""
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		local, domain = text[:i], text[i+1:]
	}
	if domain != "" && !oneOf(h.main.get("mydestination"), domain) {
		return ""
	}
	return strings.ToLower(local)
}

// node is an alias or a user's own mailbox: an alias that names itself means
// the user (Postfix local/alias.c).
type node struct {
	alias bool
	name  string
}

// next returns where mail goes from a node, by name.
func (h *host) next(n node) []string {
	var items []entry
	if n.alias {
		for _, a := range h.aliases {
			if a.name == n.name {
				items = a.entries // the first database that has it
				break
			}
		}
	} else if f := h.forwards[n.name]; f != nil {
		items = f.entries
	}
	var names []string
	for _, e := range items {
		if name := h.localName(e.text); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// node finds what a name means when it is met on the right side of another;
// an extension is tried with the name first.
func (h *host) node(from node, name string) node {
	user := name
	if delimiters := h.main.get("recipient_delimiter"); delimiters != "" {
		if i := strings.IndexAny(name, delimiters); i > 0 {
			user = name[:i]
		}
	}
	for _, candidate := range []string{name, user} {
		if from.alias && candidate == from.name {
			continue // its own name: the user
		}
		if slices.ContainsFunc(h.aliases, func(a alias) bool { return a.name == candidate }) {
			return node{true, candidate}
		}
	}
	return node{false, user}
}

// loops returns every chain that comes back to where it began, each once.
func (h *host) loops() [][]node {
	var starts []node
	for _, a := range h.aliases {
		starts = append(starts, node{true, a.name})
	}
	for _, name := range h.forwardUsers() {
		starts = append(starts, node{false, name})
	}
	var found [][]node
	done := map[node]bool{}
	var visit func(way []node)
	visit = func(way []node) {
		last := way[len(way)-1]
		for _, name := range h.next(last) {
			if !last.alias && name == last.name {
				continue // the user's own name in .forward: the mailbox
			}
			to := h.node(last, name)
			if i := slices.Index(way, to); i >= 0 {
				found = append(found, append(slices.Clone(way[i:]), to))
			} else if !done[to] {
				visit(append(slices.Clone(way), to))
			}
		}
		done[last] = true
	}
	for _, n := range starts {
		if !done[n] {
			visit([]node{n})
		}
	}
	return found
}

// aliasLoop: aliases that name each other nest until Postfix gives up (5.4.6
// alias database loop, local/alias.c); .forward files that do send the message
// round once and then bounce it (5.4.6 mail forwarding loop,
// local/recipient.c).
func aliasLoop(h *host, add add) {
	for _, way := range h.loops() {
		var names []string
		forwards := false
		for _, n := range way {
			names = append(names, n.name)
			forwards = forwards || !n.alias
		}
		closing := way[len(way)-2]
		where, line := h.nodeLine(closing, way[len(way)-1].name)
		verdict := "5.4.6 alias database loop"
		if forwards {
			verdict = "5.4.6 mail forwarding loop"
		}
		add(where, "mail goes "+strings.Join(names, " -> ")+" and bounces: "+verdict, line, h.cut(closing, way[len(way)-1].name, line))
	}
}

// nodeLine finds the line that leads from a node to a name.
func (h *host) nodeLine(n node, name string) (where, line string) {
	find := func(file string, items []entry) bool {
		for _, e := range items {
			if target := h.localName(e.text); target != "" && h.node(n, target).name == name {
				where, line = at(file, e.line), e.source
				return true
			}
		}
		return false
	}
	if !n.alias {
		find(h.forwards[n.name].path, h.forwards[n.name].entries)
		return where, line
	}
	for _, a := range h.aliases {
		if a.name == n.name && find(a.file, a.entries) {
			break
		}
	}
	return where, line
}

// cut proposes a line without the way back. Where nothing else is left, the
// mail goes into the mailbox: the own name ends the expansion.
func (h *host) cut(n node, name, line string) string {
	head, list := "", line
	if n.alias {
		var ok bool
		if head, list, ok = strings.Cut(line, ":"); ok {
			head += ": "
		} else {
			return ""
		}
	}
	var kept []string
	for _, item := range strings.Split(list, ",") {
		item = strings.TrimSpace(item)
		target := h.localName(strings.Trim(item, `"`))
		if target == "" || h.node(n, target).name != name {
			kept = append(kept, item)
		}
	}
	if len(kept) == 0 {
		kept = []string{n.name}
		if n.alias && h.account(n.name) == nil {
			kept = []string{"root"}
		}
	}
	return head + strings.Join(kept, ", ")
}

// forwardIgnored: local(8) passes over a .forward that somebody else could have
// written, and delivers to the mailbox (local/dotforward.c).
func forwardIgnored(h *host, add add) {
	for _, name := range h.forwardUsers() {
		if f := h.forwards[name]; f.ignored != "" {
			add(f.path, f.ignored+": Postfix ignores the file and puts the mail into the mailbox: "+f.object.String(), "",
				"chown "+name+" "+f.path+"; chmod 644 "+f.path)
		}
	}
}

// forwardUnquoted: without quotes a blank ends the command and what follows are
// addresses (aliases(5); local/token.c).
func forwardUnquoted(h *host, add add) {
	report := func(file string, items []entry) {
		for i, e := range items {
			text, ok := e.command()
			if !ok || e.quoted || i+1 == len(items) || items[i+1].source != e.source {
				continue
			}
			_, rest, _ := strings.Cut(e.source, text)
			if rest = strings.TrimRight(rest, " \t"); rest == "" || rest[0] == ',' {
				continue
			}
			whole := text + rest
			add(at(file, e.line), "without quotes the command is only "+text+": it gets no arguments, and the words behind it are taken for addresses",
				e.source, strings.Replace(e.source, "|"+whole, `"|`+quoteInner(whole)+`"`, 1))
		}
	}
	for _, a := range h.aliases {
		report(a.file, a.entries)
	}
	for _, name := range h.forwardUsers() {
		report(h.forwards[name].path, h.forwards[name].entries)
	}
}
