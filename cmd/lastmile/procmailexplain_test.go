package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

// studyDefaults are the assignments that a case of testdata/procmail begins with.
var studyDefaults = []string{"HOME=@HOME@", "PATH=@PATH@", "SHELL=/bin/sh", "LOGNAME=tester", "SENDMAIL=@HOME@/bin/sendmail", "ORGMAIL=@HOME@/orgmail", "DEFAULT=@HOME@/inbox", "COMSAT=no", "LOGFILE=@HOME@/log"}

// explainDiffers are the cases in which what really happens is not what can be
// seen beforehand.
var explainDiffers = map[string]string{
	"mbox-symlink":        "the folder is a link, and the tree shows what it leads to",
	"fail-disk-full":      "that the disk is full is found out by writing",
	"fail-disk-full-last": "that the disk is full is found out by writing",
	"mbox-big-message":    "its folder is removed before the tree is recorded",
	"var-logfile-switch":  "the log is a further file in the tree",
}

// minCompared is how many cases there are at least that start no program.
const minCompared = 280

// TestExplainAgrees holds the destinations and the exit status that --explain
// names against what procmail 3.22 has done (.want), for every case that starts no
// program, and makes sure that --explain itself has changed nothing.
func TestExplainAgrees(t *testing.T) {
	binary := lab.Binary(t)
	cases, err := filepath.Glob("../../testdata/procmail/*.case")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	t.Run("cases", func(t *testing.T) {
		for _, path := range cases {
			name := strings.TrimSuffix(filepath.Base(path), ".case")
			t.Run(name, func(t *testing.T) {
				reason := explainDiffers[name]
				if reason == "" {
					reason = agrees(t, binary, strings.TrimSuffix(path, ".case"))
				}
				if reason != "" { // no peer is missing, so this is no skip: minCompared sees to it that there are not too many
					t.Log("not compared: " + reason)
					return
				}
				compared++
			})
		}
	})
	if compared < minCompared {
		t.Errorf("%d cases compared, want at least %d", compared, minCompared)
	}
	t.Logf("%d cases compared", compared)
}

var studySection = regexp.MustCompile(`(?m)^-- ([a-z][^\n]*?) --\n?`)

// studyScene is a case of testdata/procmail with its files in a home directory.
type studyScene struct {
	home     string
	env      []string
	sections map[string]string // by the first word of their headings
	fill     *strings.Replacer
	rcfile   string // empty if there is none
	// several is set if there is more than one message, or user.
	several bool
}

// newStudyScene reads a case and writes its files.
func newStudyScene(t *testing.T, path string) *studyScene {
	t.Helper()
	data, err := os.ReadFile(path + ".case")
	if err != nil {
		t.Fatal(err)
	}
	s := &studyScene{home: t.TempDir(), sections: map[string]string{}}
	os.Chmod(s.home, 0o755)
	programs := s.home + "/bin:/usr/local/bin:/usr/bin:/bin"
	s.fill = strings.NewReplacer("@HOME@", s.home, "@PATH@", programs)
	s.env = []string{"PATH=" + programs, "HOME=" + s.home, "TZ=UTC0", "LOGNAME=tester", "USER=tester"}
	at := studySection.FindAllSubmatchIndex(data, -1)
	for i, m := range at {
		end := len(data)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		s.section(t, string(data[m[2]:m[3]]), s.fill.Replace(string(data[m[1]:end])))
	}
	return s
}

func (s *studyScene) section(t *testing.T, heading, body string) {
	t.Helper()
	words := strings.Fields(heading)
	switch {
	case words[0] == "file":
		mode := uint64(0o644)
		if len(words) > 2 {
			mode, _ = strconv.ParseUint(words[2], 8, 32)
		}
		studyFile(t, filepath.Join(s.home, words[1]), body, fs.FileMode(mode))
	case heading == "rc":
		s.rcfile = s.home + "/.procmailrc"
		studyFile(t, s.rcfile, body, 0o644)
	case heading == "message:escaped":
		s.sections["message"] = studyEscaped(strings.TrimRight(body, "\n"))
	case len(words) > 1 && heading != "message 1", words[0] == "spool", words[0] == "users", words[0] == "signal", words[0] == "tmpfs":
		s.several = true
	default:
		s.sections[words[0]] = body
	}
}

// setUp runs the script that a case begins with.
func (s *studyScene) setUp() error {
	setup, ok := s.sections["setup"]
	if !ok {
		return nil
	}
	cmd := exec.Command("/bin/sh", "-c", "umask 022\n"+setup)
	cmd.Dir, cmd.Env = s.home, s.env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("setup: %w: %s", err, out)
	}
	return nil
}

// args returns procmail's arguments.
func (s *studyScene) args() (args []string) {
	for line := range strings.Lines(orElse(s.sections, "args", "@DEFAULTS@")) {
		switch line = strings.TrimSuffix(line, "\n"); line {
		case "@DEFAULTS@":
			for _, a := range studyDefaults {
				args = append(args, s.fill.Replace(a))
			}
		case "@EMPTY@":
			args = append(args, "")
		case "":
		default:
			args = append(args, line)
		}
	}
	return args
}

// agrees compares one case, and says why if that is not possible.
func agrees(t *testing.T, binary, path string) (reason string) {
	s := newStudyScene(t, path)
	needs := func(tag string) bool { return strings.HasPrefix(tag, "needs:") || tag == "slow" }
	switch {
	case s.several:
		return "one message of one user, that is what is compared"
	case slices.ContainsFunc(strings.Fields(s.sections["tags"]), needs), os.Geteuid() == 0 && strings.Contains(s.sections["setup"], "chmod"):
		return "needs something of the system"
	}
	if err := s.setUp(); err != nil {
		return err.Error()
	}
	before := studyTree(t, s.home)
	cmd := exec.Command(binary, append([]string{"procmail", "--explain", "--json"}, s.args()...)...)
	cmd.Dir, cmd.Env = filepath.Join(s.home, strings.TrimSpace(orElse(s.sections, "cwd", "."))), append(s.env, strings.Split(strings.TrimSpace(s.sections["env"]), "\n")...)
	cmd.Stdin = strings.NewReader(s.sections["message"])
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if after := studyTree(t, s.home); after != before {
		t.Errorf("--explain has changed\n%s\ninto\n%s", before, after)
	}
	if out.Len() == 0 {
		return "not explained: " + complaint.String()
	}
	var e rcExplanation
	if err := json.Unmarshal(out.Bytes(), &e); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if e.Uncertain {
		return "it starts programs"
	}
	if e.Status != cmd.ProcessState.ExitCode() {
		t.Errorf("status %d, but exit status %d", e.Status, cmd.ProcessState.ExitCode())
	}
	studyCompare(t, path, s.home, &e)
	return ""
}

// studyCompare compares an explanation with what is recorded.
func studyCompare(t *testing.T, path, home string, e *rcExplanation) {
	t.Helper()
	data, err := os.ReadFile(path + ".want")
	if err != nil {
		t.Fatal(err)
	}
	want, status := studyWant(string(data))
	var got []string
	for _, d := range e.Destinations {
		if d.Failed || d.Kind == "nothing" {
			continue
		}
		place := strings.TrimPrefix(strings.ReplaceAll(d.To, home, ""), "/")
		place = strings.ReplaceAll(place, "\r", `\x0d`) // as a snapshot has it
		got = append(got, d.Kind+" "+filepath.Clean(place))
		for _, link := range d.Links {
			kind, folder, _ := strings.Cut(link, " ")
			got = append(got, kind+" "+filepath.Clean(folder))
		}
	}
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("the message would go to %q, procmail has put it into %q", got, want)
	}
	if e.Status != status {
		t.Errorf("exit status %d, want %d", e.Status, status)
	}
}

var (
	inMaildir   = regexp.MustCompile(`^(.*?)/?(?:new|cur)/[^/]+$`)
	inMH        = regexp.MustCompile(`^(.*)/[0-9]+$`)
	inDirectory = regexp.MustCompile(`^(.*)/[^/]*@I[0-9]+@$`)
)

// studyWant reads the folders and the exit status out of a snapshot.
func studyWant(text string) (folders []string, status int) {
	folders = []string{}
	tree := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "exit: "); ok {
			status, _ = strconv.Atoi(rest)
		}
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "f ") {
			if line == "stdout:" {
				folders = append(folders, "stdout |")
			}
			if strings.HasSuffix(line, ":") {
				tree = line == "tree:"
			}
		}
		if !tree || !strings.HasPrefix(line, "f ") {
			continue
		}
		file, _, _ := strings.Cut(line[len("f 0600 "):], " (linked: ")
		kind := "mbox "
		for k, pattern := range map[string]*regexp.Regexp{"maildir ": inMaildir, "mh ": inMH, "directory ": inDirectory} {
			if m := pattern.FindStringSubmatch(file); m != nil {
				kind, file = k, filepath.Clean(m[1])
				break
			}
		}
		folders = append(folders, kind+file)
	}
	// We make an MTA try again where procmail makes it bounce.
	if status == 73 || status == 66 {
		status = 75
	}
	slices.Sort(folders)
	return slices.Compact(folders), status
}

func orElse(sections map[string]string, name, otherwise string) string {
	if text, ok := sections[name]; ok {
		return text
	}
	return otherwise
}

func studyFile(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

var escapes = regexp.MustCompile(`\\(x[0-9a-fA-F]{2}|[nrt0\\])`)

func studyEscaped(text string) string {
	return escapes.ReplaceAllStringFunc(text, func(e string) string {
		if e[1] == 'x' {
			n, _ := strconv.ParseUint(e[2:], 16, 8)
			return string([]byte{byte(n)})
		}
		return map[byte]string{'n': "\n", 'r': "\r", 't': "\t", '0': "\x00", '\\': "\\"}[e[1]]
	})
}

// studyTree returns all there is below a directory.
func studyTree(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		info, _ := d.Info()
		fmt.Fprintf(&b, "%s %v %d %v\n", path, info.Mode(), info.Size(), info.ModTime())
		return nil
	})
	return b.String()
}
