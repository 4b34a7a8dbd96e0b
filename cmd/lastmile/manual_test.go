package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/cmd/lastmile/internal/formail"
	"lastmile/cmd/lastmile/internal/lab"
)

// page returns the source of a manual page.
func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// subsection returns the part of lastmile(1) about a command.
func subsection(t *testing.T, command string) string {
	t.Helper()
	_, text, ok := strings.Cut(page(t, "lastmile.1"), "\n.Ss "+command+"\n")
	if !ok {
		t.Fatalf("lastmile(1) has no subsection %s", command)
	}
	if end := regexp.MustCompile(`(?m)^\.S[sh] `).FindStringIndex(text); end != nil {
		text = text[:end[0]]
	}
	return text
}

// asProcmail are the commands with an option parser of procmail's.
var asProcmail = []string{"procmail", "formail", "lockfile"}

// Every option and command is in the manual, and no other is.
func TestManualHasEveryOption(t *testing.T) {
	text := page(t, "lastmile.1")
	_, described, _ := strings.Cut(text, "\n.Sh DESCRIPTION\n")
	var got, want []string
	for _, c := range inThisProcess(nil, io.Discard).app().Commands {
		if !strings.Contains(text, ".Cm "+c.Name+"\n") {
			t.Errorf("command %s is not in the synopsis", c.Name)
		}
		for _, f := range c.Flags {
			for _, name := range f.Names() {
				if len(name) == 1 {
					want = append(want, "Fl "+name)
				} else {
					want = append(want, "Fl Fl "+name)
				}
			}
		}
	}
	for _, command := range asProcmail {
		described = strings.Replace(described, subsection(t, command), "", 1)
	}
	for _, m := range regexp.MustCompile(`(?:Cm procmail )?Fl (?:Fl [a-z-]+|[a-z]\b)`).FindAllString(described, -1) {
		if strings.HasPrefix(m, "Fl ") && m != "Fl c" { // of /bin/sh and postconf
			got = append(got, m)
		}
	}
	got, want = sorted(got), sorted(want)
	if !slices.Equal(got, want) {
		t.Errorf("the manual has  %q\nthe program has %q", got, want)
	}
}

// letters returns the options that a subsection explains: those of its list.
func letters(t *testing.T, command string) (got []string) {
	t.Helper()
	for _, item := range regexp.MustCompile(`(?m)^\.It (Fl .*)$`).FindAllStringSubmatch(subsection(t, command), -1) {
		for _, m := range regexp.MustCompile(`Fl ([a-zA-Z])\b|Fl \\&(!)`).FindAllStringSubmatch(item[1], -1) {
			got = append(got, m[1]+m[2])
		}
	}
	return sorted(got)
}

// The commands that parse their options as procmail does tell which they know.
func TestManualHasEveryLetter(t *testing.T) {
	var want []string
	for c := byte('A'); c <= 'z'; c++ {
		a := agent.ParseProcmail([]string{"-" + string(c), "x"})
		if len(a.Complaints) == 0 && !strings.ContainsRune("[\\]^_`", rune(c)) {
			want = append(want, string(c))
		}
	}
	if got := letters(t, "procmail"); !slices.Equal(got, want) {
		t.Errorf("procmail: the manual has  %q\nthe program has %q", got, want)
	}
	want = nil
	for _, m := range regexp.MustCompile(`(?m)^\t-([a-z!])`).FindAllStringSubmatch(lockfileHelp, -1) {
		if m[1] != "n" { // -nnn, a number
			want = append(want, m[1])
		}
	}
	if got, want := letters(t, "lockfile"), sorted(want); !slices.Equal(got, sorted(append(want, "h"))) {
		t.Errorf("lockfile: the manual has  %q\nthe program has %q", got, want)
	}
	var help strings.Builder
	formail.Main([]string{"-h"}, strings.NewReader(""), io.Discard, &help)
	want = nil
	for _, m := range regexp.MustCompile(`(?m)^  -([a-zA-Z])`).FindAllStringSubmatch(help.String(), -1) {
		want = append(want, m[1])
	}
	for _, letter := range sorted(want) {
		if letter != "" && !slices.Contains(letters(t, "formail"), letter) {
			t.Errorf("formail: the manual does not have -%s", letter)
		}
	}
}

// Every code that is given by the program is explained.
func TestManualHasEveryCode(t *testing.T) {
	for _, code := range []string{"4.2.0", "4.2.2", "4.3.0", "4.3.5", "4.4.0", "4.4.6", "5.1.1", "5.1.3", "5.4.0", "5.4.6"} {
		if !strings.Contains(page(t, "lastmile.1"), code) {
			t.Errorf("%s is not in the manual", code)
		}
	}
}

func TestManualLint(t *testing.T) {
	lab.Need(t, "mandoc")
	pages, err := filepath.Glob("*.[1578]")
	if err != nil || len(pages) < 2 {
		t.Fatalf("found the pages %q, %v", pages, err)
	}
	for _, name := range pages {
		if out, err := exec.Command("mandoc", "-T", "lint", "-W", "warning", name).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("mandoc -T lint: %v\n%s", err, out)
		}
	}
}

// Our pages name our pages only if there are such.
func TestManualReferences(t *testing.T) {
	pages, _ := filepath.Glob("*.[1578]")
	for _, name := range append(pages, "../../README.md") {
		for _, m := range regexp.MustCompile(`\b(lastmile(?:-[a-z]+)?)[ (]([1578])\b`).FindAllStringSubmatch(page(t, name), -1) {
			if !slices.Contains(pages, m[1]+"."+m[2]) {
				t.Errorf("%s names %s(%s), which does not exist", name, m[1], m[2])
			}
		}
	}
}

func sorted(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

// The tests that lastmile(8) names are there.
func TestManualNamesTests(t *testing.T) {
	var source strings.Builder
	err := filepath.WalkDir("../..", func(path string, _ os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			source.WriteString(page(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+`).FindAllString(page(t, "lastmile.8"), -1)
	if len(names) < 20 {
		t.Errorf("only %d tests are named", len(names))
	}
	for _, name := range names {
		if !strings.Contains(source.String(), "\nfunc "+name+"(") {
			t.Errorf("there is no %s", name)
		}
	}
}
