package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// procmailDir holds the cases: rcfiles, messages, and what procmail 3.22 makes of
// them. The README there describes the format.
var procmailDir = filepath.Join("..", "..", "testdata", "procmail")

// pmCase is one case, as its file tells it.
type pmCase struct {
	name     string
	path     string // without .case
	tags     []string
	ignore   []string          // sections of the snapshot that are not compared
	sections map[string]string // by the first word of their headings
	files    []pmFile
	messages map[int]string

	// What only root can set up.
	users     []pmUser
	spool     []pmFile // in /var/mail
	rootFiles []pmFile // below /, that is, below /etc
	tmpfs     [][2]string

	signals []pmSignal
}

// pmFile is a file that a case finds in its place.
type pmFile struct {
	path  string
	mode  os.FileMode
	owner string // USER or USER:GROUP, "" for whoever runs the case
	body  string
}

// pmUser is an account of a case; home is where it says, even if there is no such
// directory.
type pmUser struct {
	name     string
	uid, gid int
	home     string
}

// pmSignal is sent to the program: after a time, or once a file has appeared.
type pmSignal struct {
	name  string
	after time.Duration
	when  string // below the home directory of the case
}

var pmSection = regexp.MustCompile(`(?m)^-- ([a-z][^\n]*?) --$`)

// readPMCase parses PATH.case. Every byte is kept: messages are no text.
func readPMCase(path string) (*pmCase, error) {
	data, err := os.ReadFile(path + ".case")
	if err != nil {
		return nil, err
	}
	c := &pmCase{name: filepath.Base(path), path: path, sections: map[string]string{}, messages: map[int]string{}}
	at := pmSection.FindAllSubmatchIndex(data, -1)
	for i, m := range at {
		end := len(data)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		start := min(m[1]+1, end)
		if err := c.section(strings.Fields(string(data[m[2]:m[3]])), string(data[start:end])); err != nil {
			return nil, fmt.Errorf("%s.case: section %q: %w", c.name, data[m[2]:m[3]], err)
		}
	}
	c.tags = strings.Fields(c.sections["tags"])
	c.ignore = strings.Fields(c.sections["ignore"])
	if len(c.messages) == 0 {
		c.messages[1] = ""
	}
	if err := c.readUsers(); err != nil {
		return nil, fmt.Errorf("%s.case: %w", c.name, err)
	}
	if c.isolated() != slices.Contains(c.tags, "needs:root") {
		return nil, fmt.Errorf("%s.case: tag needs:root belongs to cases with users, spool, root file or tmpfs, and only to them", c.name)
	}
	return c, nil
}

// section takes one section over; words are those of its heading.
func (c *pmCase) section(words []string, body string) error {
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	switch words[0] {
	case "file":
		return addPMFile(&c.files, word(1), word(2), word(3), body)
	case "root":
		if word(1) != "file" {
			return fmt.Errorf("want root file PATH")
		}
		return addPMFile(&c.rootFiles, word(2), word(3), word(4), body)
	case "spool":
		return addPMFile(&c.spool, word(1), word(2), word(3), body)
	case "tmpfs":
		c.tmpfs = append(c.tmpfs, [2]string{word(1), word(2)})
	case "signal":
		s := pmSignal{name: word(1)}
		if word(2) == "when" {
			s.when = word(3)
		} else if seconds, err := strconv.ParseFloat(word(3), 64); err != nil {
			return err
		} else {
			s.after = time.Duration(seconds * float64(time.Second))
		}
		c.signals = append(c.signals, s)
	case "message", "message:escaped":
		n := 1
		if len(words) > 1 {
			var err error
			if n, err = strconv.Atoi(words[1]); err != nil {
				return err
			}
		}
		if words[0] == "message:escaped" {
			body = unescapePM(strings.TrimRight(body, "\n"))
		}
		c.messages[n] = body
	default:
		c.sections[words[0]] = body
	}
	return nil
}

func addPMFile(to *[]pmFile, path, mode, owner, body string) error {
	f := pmFile{path: path, mode: 0o644, owner: owner, body: body}
	if mode != "" {
		bits, err := strconv.ParseUint(mode, 8, 32)
		if err != nil {
			return err
		}
		f.mode = unixMode(bits)
	}
	*to = append(*to, f)
	return nil
}

// unixMode has the bits as os.Chmod wants them.
func unixMode(bits uint64) os.FileMode {
	mode := os.FileMode(bits & 0o777)
	for bit, flag := range map[uint64]os.FileMode{0o4000: os.ModeSetuid, 0o2000: os.ModeSetgid, 0o1000: os.ModeSticky} {
		if bits&bit != 0 {
			mode |= flag
		}
	}
	return mode
}

// readUsers reads the accounts: NAME UID [GID [HOME]], one a line.
func (c *pmCase) readUsers() error {
	for line := range strings.Lines(c.sections["users"]) {
		f := strings.Fields(line)
		if len(f) < 2 {
			return fmt.Errorf("user %q: want NAME UID [GID [HOME]]", line)
		}
		u := pmUser{name: f[0], home: "@HOME@/" + f[0]}
		var err error
		if u.uid, err = strconv.Atoi(f[1]); err != nil {
			return err
		}
		u.gid = u.uid
		if len(f) > 2 {
			if u.gid, err = strconv.Atoi(f[2]); err != nil {
				return err
			}
		}
		if len(f) > 3 {
			u.home = f[3]
		}
		c.users = append(c.users, u)
	}
	return nil
}

// isolated says whether the case needs a mount namespace of its own.
func (c *pmCase) isolated() bool {
	return len(c.users)+len(c.spool)+len(c.rootFiles)+len(c.tmpfs) > 0
}

// cost is higher for a case that takes longer.
func (c *pmCase) cost() int {
	if slices.Contains(c.tags, "slow") {
		return 100
	}
	return len(c.messages)
}

// numbers returns the numbers of the messages in order.
func (c *pmCase) numbers() []int {
	var n []int
	for i := range c.messages {
		n = append(n, i)
	}
	slices.Sort(n)
	return n
}

var pmEscape = regexp.MustCompile(`\\(x[0-9a-fA-F]{2}|[nrt0\\])`)

func unescapePM(s string) string {
	return pmEscape.ReplaceAllStringFunc(s, func(m string) string {
		switch m[1] {
		case 'x':
			b, _ := strconv.ParseUint(m[2:], 16, 8)
			return string([]byte{byte(b)})
		case 'n':
			return "\n"
		case 'r':
			return "\r"
		case 't':
			return "\t"
		case '0':
			return "\x00"
		default:
			return `\`
		}
	})
}

var pmSnapshotSection = regexp.MustCompile(`^([a-z]+)[ :#]`)
var pmTreeMode = regexp.MustCompile(`^([dflx]) \d{4} `)

// compared returns what counts of a snapshot: without the ignored sections.
func (c *pmCase) compared(snapshot []byte) string {
	text := strings.Trim(string(snapshot), "\n")
	if len(c.ignore) == 0 {
		return text
	}
	var keep []string
	on := true
	for line := range strings.SplitSeq(text, "\n") {
		if m := pmSnapshotSection.FindStringSubmatch(line); m != nil && !isPMTreeLine(line) {
			on = !slices.Contains(c.ignore, m[1])
		}
		if on {
			if slices.Contains(c.ignore, "mode") {
				line = pmTreeMode.ReplaceAllString(line, "$1 ")
			}
			keep = append(keep, line)
		}
	}
	return strings.Trim(strings.Join(keep, "\n"), "\n")
}

func isPMTreeLine(line string) bool {
	return len(line) > 1 && line[1] == ' ' && bytes.IndexByte([]byte("dflx-"), line[0]) >= 0
}
