package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// pmRun is what came of one message.
type pmRun struct {
	exit           string // a number, negative for a signal, or "timeout"
	stdout, stderr string
}

// snapshot writes down everything that the program has left behind.
func (s *pmSandbox) snapshot(runs []pmRun, before, after map[string]pmEntry, post *string) []byte {
	names := pmNames(before, after)
	n := newPMNorm(names, s.home, s.base, s.user, len(s.c.users) > 0)
	var w bytes.Buffer
	for i, r := range runs {
		suffix := ""
		if len(runs) > 1 {
			suffix = fmt.Sprintf(" #%d", i+1)
		}
		fmt.Fprintf(&w, "exit%s: %s\n", suffix, r.exit)
		for _, stream := range []struct{ name, text string }{{"stdout", r.stdout}, {"stderr", r.stderr}} {
			if text := n.log(stream.text); text != "" {
				fmt.Fprintf(&w, "%s%s:\n", stream.name, suffix)
				writePMBlock(&w, text)
			}
		}
	}
	s.writeSent(&w, n)
	s.writeTree(&w, n, before, after)
	if post != nil {
		w.WriteString("post:\n")
		writePMBlock(&w, n.text(*post))
	}
	if log, ok := after["log"]; ok && log.kind == 'f' {
		if text := n.log(log.data); strings.Trim(text, "\n") != "" || log.data == "" {
			w.WriteString("log:\n")
			writePMBlock(&w, text)
		}
	}
	return w.Bytes()
}

// writeSent writes the calls of sendmail, sorted, and the datagrams of comsat.
func (s *pmSandbox) writeSent(w *bytes.Buffer, n *pmNorm) {
	type call struct{ args, stdin string }
	var calls []call
	entries, _ := os.ReadDir(s.rec)
	for _, e := range entries {
		args, err1 := os.ReadFile(filepath.Join(s.rec, e.Name(), "args"))
		stdin, err2 := os.ReadFile(filepath.Join(s.rec, e.Name(), "stdin"))
		if err1 == nil && err2 == nil {
			calls = append(calls, call{n.text(string(args)), n.text(string(stdin))})
		}
	}
	sort.Slice(calls, func(i, j int) bool {
		if calls[i].args != calls[j].args {
			return calls[i].args < calls[j].args
		}
		return calls[i].stdin < calls[j].stdin
	})
	for i, c := range calls {
		fmt.Fprintf(w, "sendmail #%d:", i+1)
		if c.args == "" {
			w.WriteByte(' ')
		}
		for arg := range strings.Lines(c.args) {
			fmt.Fprintf(w, " <%s>", escapePM(strings.TrimSuffix(arg, "\n")))
		}
		w.WriteByte('\n')
		writePMBlock(w, c.stdin)
	}
	if s.comsat != nil {
		w.WriteString("comsat:\n")
		for _, datagram := range s.comsat.received() {
			writePMBlock(w, n.text(datagram)+"\n")
		}
	}
}

// writeTree writes the files that are new, changed or gone. The log has a section
// of its own; bin holds our helpers.
func (s *pmSandbox) writeTree(w *bytes.Buffer, n *pmNorm, before, after map[string]pmEntry) {
	show := func(rel string) string {
		name := filepath.Base(rel)
		if token, ok := n.names[name]; ok {
			name = token
		}
		return escapePM(filepath.Join(pmParent(rel), name))
	}
	links := map[uint64][]string{}
	all := map[string]bool{}
	for rel, e := range after {
		all[rel] = true
		if e.kind == 'f' && e.nlink > 1 {
			links[e.ino] = append(links[e.ino], show(rel))
		}
	}
	for rel := range before {
		all[rel] = true
	}
	var tree bytes.Buffer
	for _, rel := range sortedPM(all, show) {
		if rel == "bin" || strings.HasPrefix(rel, "bin/") || rel == "log" {
			continue
		}
		e, ok := after[rel]
		if !ok {
			fmt.Fprintf(&tree, "- %s\n", show(rel))
			continue
		}
		if old, ok := before[rel]; ok && s.unchanged(old, e) {
			continue
		}
		fmt.Fprintf(&tree, "%c %04o %s", e.kind, e.mode, show(rel))
		if len(s.c.users) > 0 {
			fmt.Fprintf(&tree, " (%s:%s)", s.account(int(e.uid)), s.group(int(e.gid)))
		}
		if e.kind == 'f' && e.nlink > 1 {
			slices.Sort(links[e.ino])
			fmt.Fprintf(&tree, " (linked: %s)", strings.Join(links[e.ino], " "))
		}
		if e.kind == 'l' {
			fmt.Fprintf(&tree, " -> %s", escapePM(n.text(e.data)))
		}
		tree.WriteByte('\n')
		if e.kind == 'f' && s.c.isolated() && filepath.Base(rel) == "log" {
			writePMBlock(&tree, n.log(e.data))
		} else if e.kind == 'f' {
			writePMBlock(&tree, n.text(e.data))
		}
	}
	if tree.Len() > 0 {
		w.WriteString("tree:\n")
		w.Write(tree.Bytes())
	}
}

// unchanged says whether nothing of a file changed that the snapshot would show.
func (s *pmSandbox) unchanged(old, e pmEntry) bool {
	if len(s.c.users) > 0 && (old.uid != e.uid || old.gid != e.gid) {
		return false
	}
	return old.kind == e.kind && old.mode == e.mode && (e.kind == 'd' || old.data == e.data)
}

// sortedPM sorts paths by directory, then by the name that is shown.
func sortedPM(all map[string]bool, show func(string) string) []string {
	var paths []string
	for rel := range all {
		paths = append(paths, rel)
	}
	sort.Slice(paths, func(i, j int) bool {
		a, b := paths[i], paths[j]
		if da, db := pmParent(a), pmParent(b); da != db {
			return da < db
		}
		return show(a) < show(b)
	})
	return paths
}

// account is the name of a user, group that of a group: those of the case, and
// those that every Debian has.
func (s *pmSandbox) account(uid int) string {
	for _, u := range s.c.users {
		if u.uid == uid {
			return u.name
		}
	}
	if uid == 0 {
		return "root"
	}
	return strconv.Itoa(uid)
}

func (s *pmSandbox) group(gid int) string {
	for _, u := range s.c.users {
		if u.gid == gid {
			return u.name
		}
	}
	switch gid {
	case 0:
		return "root"
	case pmMailGroup:
		return "mail"
	}
	return strconv.Itoa(gid)
}
