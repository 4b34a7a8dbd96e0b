package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

const cases = "../../../../testdata/doctor"

// users are the accounts of every case.
var users = map[string]int{"root": 0, "uucp": 10, "postfix": 110, "list": 38, "alice": 1001, "bob": 1002, "carol": 1003, "vmail": 5000, "nobody": 65534}

// mailHost returns the file system of a case: what every mail host has, changed
// by the case's own files.
func mailHost(t *testing.T, dir string) fstest.MapFS {
	t.Helper()
	m := fstest.MapFS{}
	put := func(name, owner string, mode fs.FileMode, text string) {
		m[strings.Trim(name, "/")] = &fstest.MapFile{Data: []byte(text), Mode: mode, Sys: &syscall.Stat_t{Uid: uint32(users[owner]), Gid: uint32(users[owner])}}
	}
	var passwd, group strings.Builder
	for name, id := range users {
		home := "/home/" + name
		if id < 1000 || name == "nobody" {
			home = "/nonexistent"
		}
		fmt.Fprintf(&passwd, "%s:x:%d:%d::%s:/bin/sh\n", name, id, id, home)
		fmt.Fprintf(&group, "%s:x:%d:\n", name, id)
		if id > 1000 && id < 2000 {
			put(home, name, fs.ModeDir|0o755, "")
		}
	}
	put("/etc/passwd", "root", 0o644, passwd.String())
	put("/etc/group", "root", 0o644, group.String()+"postdrop:x:111:\n")
	put("/etc/aliases", "root", 0o644, "postmaster: root\nroot: alice\n")
	put("/var/vmail", "vmail", fs.ModeDir|0o700, "")
	for _, program := range []string{"/usr/local/bin/lastmile", "/usr/local/bin/filter", "/usr/bin/procmail", "/usr/bin/maildrop", "/usr/sbin/sendmail", "/bin/sh"} {
		put(program, "root", 0o755, "")
	}
	for file, path := range map[string]string{"aliases": "/etc/aliases", "transport": "/etc/postfix/transport", "commands": "/etc/postfix/commands"} {
		if text, err := os.ReadFile(filepath.Join(dir, file)); err == nil {
			put(path, "root", 0o644, string(text))
		}
	}
	for _, user := range []string{"alice", "bob", "carol"} {
		if text, err := os.ReadFile(filepath.Join(dir, "forward-"+user)); err == nil {
			put("/home/"+user+"/.forward", user, 0o644, string(text))
		}
	}
	tree, _ := os.ReadFile(filepath.Join(dir, "tree"))
	for line := range strings.Lines(string(tree)) {
		f := strings.Fields(line)
		if f[0] == "-" {
			delete(m, strings.Trim(f[1], "/"))
			continue
		}
		bits, err := strconv.ParseUint(f[0], 8, 32)
		if err != nil {
			t.Fatal(err)
		}
		mode, text := fs.FileMode(bits), ""
		if strings.HasSuffix(f[2], "/") {
			mode |= fs.ModeDir
		} else if old := m[strings.Trim(f[2], "/")]; old != nil {
			text = string(old.Data)
		}
		put(f[2], f[1], mode, text)
	}
	return m
}

// options are those of lastmile deliver that the cases use.
func options(name string) (takesValue, known bool) {
	known = slices.Contains([]string{"f", "sender", "original-recipient", "recipient-delimiter", "maildir", "mbox", "command", "timeout", "stamped-by", "dry-run", "shell"}, name)
	return name != "dry-run" && name != "shell", known
}

func caseSetup(t *testing.T, dir string) Setup {
	t.Helper()
	s := Setup{Files: mailHost(t, dir), Users: []string{"alice"}, Version: "3.7.11", Option: options}
	for file, text := range map[string]*string{"postconf-n": &s.Main, "postconf-M": &s.Master} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		*text = string(data)
	}
	return s
}

// brief is a report as the file want has it: without the prose.
func brief(r *Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s: %s (%s)\n", f.Severity, f.Where, f.ID)
		if f.Line != "" {
			b.WriteString("- " + f.Line + "\n")
		}
		if f.Replace != "" {
			b.WriteString("+ " + strings.ReplaceAll(f.Replace, "\n", "\n+ ") + "\n")
		}
	}
	for _, note := range r.Notes {
		b.WriteString("note: " + note + "\n")
	}
	return b.String()
}

// Each set-up has the findings that were foreseen for it, and no others; those
// that work have none. The texts are what a real postconf printed.
func TestCases(t *testing.T) {
	dirs, err := filepath.Glob(cases + "/*/want")
	if err != nil || len(dirs) < 30 {
		t.Fatalf("%d cases, %v", len(dirs), err)
	}
	seen := map[string]bool{}
	for _, path := range dirs {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, want, _ := strings.Cut(string(text), "\n") // the first line says why
			r, err := Examine(caseSetup(t, dir))
			if err != nil {
				t.Fatal(err)
			}
			if got := brief(r); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			if good := strings.HasPrefix(filepath.Base(dir), "good-"); good != (len(r.Findings) == 0) {
				t.Errorf("%d findings", len(r.Findings))
			}
			for _, f := range r.Findings {
				seen[f.ID] = true
			}
		})
	}
	for id := range Severities() {
		if !seen[id] {
			t.Errorf("no case has the finding %s", id)
		}
	}
}

// The proposed line cures what it is proposed for: put in its place, the
// finding is gone and no other has come.
func TestReplacementsCure(t *testing.T) {
	dirs, _ := filepath.Glob(cases + "/*/want")
	cured := 0
	for _, path := range dirs {
		dir := filepath.Dir(path)
		s := caseSetup(t, dir)
		for range 5 { // a line may have more than one fault
			r, err := Examine(s)
			if err != nil {
				t.Fatalf("%s: %v", dir, err)
			}
			if len(r.Findings) == 0 {
				break
			}
			if apply(&s, r.Findings[0]) {
				cured++
			}
		}
		after, err := Examine(s)
		if err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		for _, f := range after.Findings {
			if !strings.HasPrefix(f.Replace, "ch") && !strings.HasPrefix(f.Replace, "install") {
				t.Errorf("%s: still there: %+v", filepath.Base(dir), f)
			}
		}
	}
	if cured < 40 {
		t.Errorf("%d replacements tried", cured)
	}
}

// apply does to the texts what a finding proposes; it reports whether it could.
func apply(s *Setup, f Finding) bool {
	f.Replace, _, _ = strings.Cut(f.Replace, "\n") // what follows is for the shell
	var file string
	switch name, _, _ := strings.Cut(f.Where, ":"); {
	case f.Replace == "" || strings.HasPrefix(f.Replace, "ch") || strings.HasPrefix(f.Replace, "install"):
		return false
	case strings.HasPrefix(f.Line, "allow_mail"), strings.HasPrefix(f.Line, "export_"), name == "main.cf", strings.HasPrefix(f.Where, "master.cf") && !strings.Contains(f.Replace, " unix "):
		setting, _, _ := strings.Cut(f.Replace, " =")
		var kept []string
		for line := range strings.Lines(s.Main) {
			if !strings.HasPrefix(line, setting+" =") {
				kept = append(kept, line)
			}
		}
		s.Main = strings.Join(kept, "") + f.Replace + "\n"
		return true
	case name == "master.cf":
		var kept []string
		for _, line := range logicalLines(s.Master) {
			if strings.Join(strings.Fields(line), " ") != f.Line {
				kept = append(kept, line)
			}
		}
		s.Master = strings.Join(append(kept, f.Replace), "\n") + "\n"
		return true
	default:
		file = strings.Trim(name, "/")
	}
	m := s.Files.(fstest.MapFS)
	text := string(m[file].Data)
	if f.Line == "" {
		text += f.Replace + "\n"
	} else {
		text = strings.Replace(text, f.Line, f.Replace, 1)
	}
	m[file].Data = []byte(text)
	return true
}

// What is no configuration is not judged.
func TestNoSetup(t *testing.T) {
	good := caseSetup(t, cases+"/good-pipe")
	for name, change := range map[string]func(s *Setup){
		"main empty":    func(s *Setup) { s.Main = "# nothing\n" },
		"main prose":    func(s *Setup) { s.Main = "hello\n" },
		"master empty":  func(s *Setup) { s.Master = "" },
		"master prose":  func(s *Setup) { s.Master = "hello world\n" },
		"main swapped":  func(s *Setup) { s.Main = s.Master },
		"both are main": func(s *Setup) { s.Master = s.Main },
	} {
		t.Run(name, func(t *testing.T) {
			s := good
			change(&s)
			if r, err := Examine(s); !errors.Is(err, ErrNoSetup) {
				t.Errorf("got %+v, %v; want ErrNoSetup", r, err)
			}
		})
	}
}

// Of another machine, whose files are not at hand, only the texts are judged.
func TestTextsAlone(t *testing.T) {
	s := caseSetup(t, cases+"/recipient-limit-d")
	s.Files = nil
	r, err := Examine(s)
	if err != nil || len(r.Findings) != 1 || r.Findings[0].ID != "recipient-limit" {
		t.Errorf("got %+v, %v", r, err)
	}
}
