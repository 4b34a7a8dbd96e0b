package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

const (
	pmAtOnce     = 32 // cases: most of them wait for a clock
	pmMostDiffer = 3  // per cent
)

// TestProcmailCases runs every case with our program in procmail's place. Where we
// do better on purpose the case says so under "differs", and NAME.ours has what we
// do.
func TestProcmailCases(t *testing.T) {
	t.Parallel()
	ours := ourProcmail(t)
	cases := pmCases(t)
	differ := 0
	for _, c := range cases {
		if _, ok := c.sections["differs"]; ok {
			differ++
		}
	}
	if differ*100 > len(cases)*pmMostDiffer {
		t.Errorf("%d of %d cases differ from procmail, more than %d %%", differ, len(cases), pmMostDiffer)
	}
	runPMCases(t, ours, cases, judgeOurs)
}

// judgeOurs compares with what procmail does, or with what we do instead.
func judgeOurs(t *testing.T, c *pmCase, got []byte) {
	want := pmWant(t, c)
	reason, differs := c.sections["differs"]
	if !differs {
		pmCompare(t, c, "procmail does", want, got)
		return
	}
	if strings.TrimSpace(reason) == "" {
		t.Error("differs without a reason")
	}
	ours, err := os.ReadFile(c.path + ".ours")
	if err != nil {
		t.Fatal(err)
	}
	if c.compared(ours) == c.compared(want) {
		t.Error("the .ours is no longer different from the .want: remove it, and the section")
	}
	pmCompare(t, c, "expected of us", ours, got)
}

// TestConfirmProcmailCases runs every case with the real procmail: what the cases
// say of it must be true. With RECORD_PROCMAIL=1 in the environment it writes the
// .want files instead, which nothing else does, of cases that end the same way
// twice.
func TestConfirmProcmailCases(t *testing.T) {
	t.Parallel()
	real := realProcmail(t)
	if !recordProcmail() {
		runPMCases(t, real, pmCases(t), func(t *testing.T, c *pmCase, got []byte) {
			pmCompare(t, c, "recorded", pmWant(t, c), got)
		})
		return
	}
	runPMCases(t, real, pmCases(t), func(t *testing.T, c *pmCase, got []byte) {
		record := c.compared(got) + "\n"
		if err := os.WriteFile(c.path+".want", []byte(record), 0o644); err != nil {
			t.Fatal(err)
		}
	})
}

func recordProcmail() bool { return os.Getenv("RECORD_PROCMAIL") == "1" }

// sameAgain runs a case again: what does not end the same way twice is no record.
func (p pmProgram) sameAgain(c *pmCase, first []byte) error {
	second, err := p.run(c)
	if err != nil {
		return err
	}
	if a, b := c.compared(first), c.compared(second); a != b {
		return fmt.Errorf("the second run differs:\n%s", pmDiff(a, b))
	}
	return nil
}

// pmCases reads all of the cases.
func pmCases(t *testing.T) []*pmCase {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(procmailDir, "*.case"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", procmailDir, err)
	}
	var cases []*pmCase
	for _, file := range files {
		c, err := readPMCase(strings.TrimSuffix(file, ".case"))
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	return cases
}

// runPMCases runs each case that can run here. They are started before their turn
// to be judged comes, and many at once: one that waits for a lock or for the next
// second keeps no processor busy.
func runPMCases(t *testing.T, p pmProgram, cases []*pmCase, judge func(*testing.T, *pmCase, []byte)) {
	type result struct {
		snapshot []byte
		err      error
	}
	slots := make(chan struct{}, pmAtOnce)
	// The longest first: they are what the test would wait for at the end.
	slices.SortStableFunc(cases, func(a, b *pmCase) int {
		return cmp.Compare(b.cost(), a.cost())
	})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			pmNeed(t, c)
			done := make(chan result, 1)
			go func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				snapshot, err := p.run(c)
				if err == nil && recordProcmail() {
					err = p.sameAgain(c, snapshot)
				}
				done <- result{snapshot, err}
			}()
			t.Parallel()
			r := <-done
			if errors.Is(r.err, errNoNamespace) {
				pmLack(t, r.err.Error())
			}
			if r.err != nil {
				t.Fatal(r.err)
			}
			judge(t, c, r.snapshot)
		})
	}
}

// errNoNamespace says that a case cannot have a mount namespace of its own: in a
// container, or a root that is no mount point.
var errNoNamespace = errors.New("no mount namespace for the case")

// pmNeed skips a case that cannot run here.
func pmNeed(t *testing.T, c *pmCase) {
	t.Helper()
	for _, tag := range c.tags {
		what, ok := strings.CutPrefix(tag, "needs:")
		switch {
		case !ok || what == "nonroot": // root never runs these itself
		case what == "root":
			lab.Need(t, "mount", "unshare", "nsenter", "setpriv")
		default:
			if _, err := exec.LookPath(what); err != nil {
				pmLack(t, "not installed: "+what)
			}
		}
	}
}

// pmLack ends the test because something is not here; REQUIRE_PEERS=1 wants it.
func pmLack(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("REQUIRE_PEERS") == "1" {
		t.Fatal("REQUIRE_PEERS=1, but " + reason)
	}
	t.Skip(reason)
}

func pmWant(t *testing.T, c *pmCase) []byte {
	t.Helper()
	want, err := os.ReadFile(c.path + ".want")
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// pmCompare compares what counts of two snapshots.
func pmCompare(t *testing.T, c *pmCase, label string, want, got []byte) {
	t.Helper()
	w, g := c.compared(want), c.compared(got)
	if w == g {
		return
	}
	t.Errorf("%s\n--- %s\n+++ got\n%s", strings.TrimSpace(c.sections["desc"]), label, pmDiff(w, g))
}

// pmDiff shows the lines between the common beginning and the common end, and the
// one before them.
func pmDiff(want, got string) string {
	before, w, g := "", strings.Split(want, "\n"), strings.Split(got, "\n")
	for len(w) > 0 && len(g) > 0 && w[0] == g[0] {
		before = w[0]
		w, g = w[1:], g[1:]
	}
	for len(w) > 0 && len(g) > 0 && w[len(w)-1] == g[len(g)-1] {
		w, g = w[:len(w)-1], g[:len(g)-1]
	}
	var b strings.Builder
	b.WriteString(" " + before + "\n")
	for _, line := range w {
		b.WriteString("-" + line + "\n")
	}
	for _, line := range g {
		b.WriteString("+" + line + "\n")
	}
	return b.String()
}

// TestProcmailCasesComplete finds records without a case, and cases that expect
// something else of us without saying why.
func TestProcmailCasesComplete(t *testing.T) {
	t.Parallel()
	cases := pmCases(t)
	var names []string
	for _, c := range cases {
		names = append(names, c.name)
		if strings.TrimSpace(c.sections["desc"]) == "" {
			t.Errorf("%s.case: no desc", c.name)
		}
	}
	entries, err := os.ReadDir(procmailDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name, kind, _ := strings.Cut(e.Name(), ".")
		i := slices.Index(names, name)
		switch {
		case e.Name() == "README.md" || kind == "case":
		case i < 0:
			t.Errorf("%s: no such case", e.Name())
		case kind == "ours":
			if _, ok := cases[i].sections["differs"]; !ok {
				t.Errorf("%s: the case has no section differs", e.Name())
			}
		case kind != "want":
			t.Errorf("%s: neither a case nor its record", e.Name())
		}
	}
}
