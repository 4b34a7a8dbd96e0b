package main

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"syscall"
	"time"
)

// pmEntry is a file in the sandbox of a case.
type pmEntry struct {
	kind     byte // f, d, l, or x for anything else
	mode     uint32
	data     string // contents of a file, target of a link
	ino      uint64
	nlink    uint64
	uid, gid uint32
}

// same says whether kind, mode and contents are.
func (e pmEntry) same(o pmEntry) bool {
	return e.kind == o.kind && e.mode == o.mode && e.data == o.data && e.uid == o.uid && e.gid == o.gid
}

// scanPM reads the tree below root. reader is the user whose eyes it is seen
// with: root reads what that user could not, which is no part of the result.
func scanPM(root string, reader int) map[string]pmEntry {
	tree := map[string]pmEntry{}
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return nil
		}
		var st syscall.Stat_t
		if syscall.Lstat(path, &st) != nil {
			return nil
		}
		e := pmEntry{kind: 'x', mode: st.Mode & 0o7777, ino: st.Ino, nlink: uint64(st.Nlink), uid: st.Uid, gid: st.Gid}
		hidden := reader != 0 && int(st.Uid) == reader && st.Mode&0o400 == 0
		switch st.Mode & syscall.S_IFMT {
		case syscall.S_IFREG:
			e.kind = 'f'
			if data, err := os.ReadFile(path); err == nil && !hidden {
				e.data = string(data)
			} else {
				e.data = "(unreadable)"
			}
		case syscall.S_IFDIR:
			e.kind = 'd'
		case syscall.S_IFLNK:
			e.kind = 'l'
			e.data, _ = os.Readlink(path)
		}
		rel, _ := filepath.Rel(root, path)
		tree[rel] = e
		if e.kind == 'd' && hidden {
			return fs.SkipDir
		}
		return nil
	})
	return tree
}

// pmNames maps names that no two runs share, those of new files in Maildirs and
// directories of messages, to tokens, one for each file in the order of directory
// and contents.
func pmNames(before, after map[string]pmEntry) map[string]string {
	var news []string
	for rel, e := range after {
		old, ok := before[rel]
		named := e.kind == 'f' || strings.HasPrefix(filepath.Base(rel), "BOGUS.")
		if named && (!ok || !old.same(e) || old.ino != e.ino) {
			news = append(news, rel)
		}
	}
	sort.Slice(news, func(i, j int) bool {
		a, b := news[i], news[j]
		if da, db := pmParent(a), pmParent(b); da != db {
			return da < db
		}
		if after[a].data != after[b].data {
			return after[a].data < after[b].data
		}
		return a < b
	})
	names, tokens := map[string]string{}, map[uint64]int{}
	for _, rel := range news {
		dir, name := pmParent(rel), filepath.Base(rel)
		ino := after[rel].ino
		token := func(form string) string {
			if tokens[ino] == 0 {
				tokens[ino] = len(tokens) + 1
			}
			return fmt.Sprintf(form, tokens[ino])
		}
		code := pmInode(ino)
		switch sub := filepath.Base(dir); {
		case (sub == "new" || sub == "cur" || sub == "tmp") && len(name) > 8:
			tail := ""
			if _, flags, ok := strings.Cut(name, ":2,"); ok {
				tail = ":2," + flags
			}
			names[name] = token("@U%d@") + tail
		case strings.HasSuffix(name, code) && len(name) > len(code):
			names[name] = strings.TrimSuffix(name, code) + token("@I%d@")
		case strings.HasPrefix(name, "msg.") && dir != "" && len(name) > 6:
			names[name] = token("msg.@I%d@")
		}
	}
	return names
}

// pmParent is the directory of a relative path, "" at the top.
func pmParent(rel string) string {
	dir := filepath.Dir(rel)
	if dir == "." {
		return ""
	}
	return dir
}

// pmInode is an inode number as procmail makes names of it, the least digit first.
func pmInode(n uint64) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	var b []byte
	for {
		b = append(b, digits[n&63])
		if n >>= 6; n == 0 {
			return string(b)
		}
	}
}

// pmNorm replaces what differs from run to run.
type pmNorm struct {
	names      map[string]string
	order      []string // of names, the longest first
	home, base string
	user       string // who ran the program
	keepSpool  bool   // the case is about /var/mail
	now        time.Time
}

var (
	pmUnique     = regexp.MustCompile(`\b\d{9,11}\.[A-Za-z0-9]+_\d\.[A-Za-z0-9.-]+`)
	pmTimeLine   = regexp.MustCompile(`^procmail: \[\d+\] .*\d{4}$`)
	pmSpoolLine  = regexp.MustCompile(`^procmail: Couldn't create "/var/(spool/)?mail/`)
	pmNewFile    = regexp.MustCompile(`(/new/)\d{9,}\.\S*`)
	pmMovingName = regexp.MustCompile(`@[UI]\d*@|/(new|cur)/|msg\.`)
	pmFolderTabs = regexp.MustCompile(`^(  Folder: .*?)\t+( *\d+)$`)
	pmDate       = regexp.MustCompile(`(Mon|Tue|Wed|Thu|Fri|Sat|Sun) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})`)
)

// text replaces what it can anywhere.
func (n *pmNorm) text(s string) string {
	return n.dates(n.places(s))
}

func (n *pmNorm) places(s string) string {
	for _, name := range n.order {
		s = strings.ReplaceAll(s, name, n.names[name])
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, n.home, "@HOME@"), n.base, "@BASE@")
	return pmUnique.ReplaceAllString(s, "@U@")
}

// log also drops the lines that tell the time, and the blanks before a size that
// depend on the length of a unique name.
func (n *pmNorm) log(s string) string {
	var lines []string
	for line := range strings.SplitSeq(n.places(s), "\n") {
		if pmTimeLine.MatchString(line) || !n.keepSpool && pmSpoolLine.MatchString(line) {
			continue
		}
		if strings.HasPrefix(line, "  Folder: ") {
			line = pmNewFile.ReplaceAllString(line, "${1}@U@")
			if pmMovingName.MatchString(line) {
				line = pmFolderTabs.ReplaceAllString(line, "$1\t$2")
			}
		}
		lines = append(lines, line)
	}
	return n.dates(strings.Join(lines, "\n"))
}

// dates replaces the dates of this hour, and the name before them in a From_ line
// that the program made up.
func (n *pmNorm) dates(s string) string {
	s = pmDate.ReplaceAllStringFunc(s, func(m string) string {
		t, err := time.Parse("Jan _2 15:04:05 2006", m[4:])
		if err == nil && t.Sub(n.now).Abs() < 1000*time.Second {
			return "@DATE@"
		}
		return m
	})
	from := regexp.MustCompile(`(?m)^(>?From )` + regexp.QuoteMeta(n.user) + `(  ?@DATE@)`)
	return from.ReplaceAllString(s, "${1}@USER@${2}")
}

// newPMNorm sorts the names so that no name is replaced within a longer one.
func newPMNorm(names map[string]string, home, base, user string, keepSpool bool) *pmNorm {
	n := &pmNorm{names: names, home: home, base: base, user: user, keepSpool: keepSpool, now: time.Now().UTC()}
	for name := range names {
		n.order = append(n.order, name)
	}
	slices.SortFunc(n.order, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return n
}

// escapePM makes bytes printable.
func escapePM(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case c == '\\':
			b.WriteString(`\\`)
		case c == '\t':
			b.WriteString(`\t`)
		case c >= 32 && c < 127:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}

// writePMBlock shows a text, a line each, and whether its last line has an end.
func writePMBlock(w *bytes.Buffer, text string) {
	if text == "" {
		return
	}
	body, ended := strings.CutSuffix(text, "\n")
	for line := range strings.SplitSeq(body, "\n") {
		shown := escapePM(line)
		if len(line) > 400 {
			shown = fmt.Sprintf("%s...(%d bytes, sha1 %.12s)", escapePM(line[:60]), len(line), fmt.Sprintf("%x", sha1.Sum([]byte(line))))
		}
		fmt.Fprintf(w, "  | %s\n", shown)
	}
	if !ended {
		w.WriteString("  \\ no newline at end\n")
	}
}
