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

// explainedOptions returns the options that the section of a command explains: those of
// its lists, and those it has as another command has them.
func explainedOptions(t *testing.T, command string) (names []string) {
	t.Helper()
	text := subsection(t, command)
	option := regexp.MustCompile(`Fl (Fl )?(\w[-\w]*)`)
	for _, item := range regexp.MustCompile(`(?m)^\.It (Fl .*)$`).FindAllStringSubmatch(text, -1) {
		for _, m := range option.FindAllStringSubmatch(item[1], -1) {
			names = append(names, m[2])
		}
	}
	if _, of, ok := strings.Cut(text, "\nIt takes the options of\n.Cm "); ok {
		return append(names, explainedOptions(t, strings.Fields(of)[0])...)
	}
	if _, list, ok := strings.Cut(text, "\nIt takes\n"); ok {
		list, _, _ = strings.Cut(list, "\nas above, and\n")
		for _, m := range option.FindAllStringSubmatch(list, -1) {
			names = append(names, m[2])
		}
	}
	return names
}

// The section of each command explains its options, and no others; and no section
// speaks of an option that no command has.
func TestManualHasEveryOption(t *testing.T) {
	text := page(t, "lastmile.1")
	var all []string
	for _, c := range inThisProcess(nil, io.Discard).app().Commands {
		if !strings.Contains(text, ".Cm "+c.Name+"\n") {
			t.Errorf("command %s is not in the synopsis", c.Name)
		}
		if slices.Contains(asProcmail, c.Name) {
			text = strings.Replace(text, subsection(t, c.Name), "", 1) // TestManualHasEveryLetter
			continue
		}
		var want []string
		for _, f := range c.Flags {
			want = append(want, f.Names()...)
		}
		all = append(all, want...)
		got := explainedOptions(t, c.Name)
		for _, option := range sorted(want) {
			if !slices.Contains(got, option) {
				t.Errorf("%s: the manual does not explain %s", c.Name, option)
			}
		}
		for _, option := range sorted(got) {
			if !slices.Contains(want, option) {
				t.Errorf("%s: the manual explains %s, which it does not have", c.Name, option)
			}
		}
	}
	for _, m := range regexp.MustCompile(`Fl Fl ([a-z][-a-z]*)`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(all, m[1]) {
			t.Errorf("the manual speaks of --%s", m[1])
		}
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
