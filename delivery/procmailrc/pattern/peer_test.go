package pattern

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// needProcmail returns the program. Without it the test is skipped, or fails with
// REQUIRE_PEERS=1.
func needProcmail(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("procmail")
	if err != nil {
		if os.Getenv("REQUIRE_PEERS") == "1" {
			t.Fatal("REQUIRE_PEERS=1, but not installed: procmail")
		}
		t.Skip("not installed: procmail")
	}
	return program
}

// rcfile writes the recipes down; each logs what came of it.
func rcfile(recipes []recipe, value string) string {
	var b strings.Builder
	// SHELL for the commands that do not run here either; LINEBUF for macros.
	b.WriteString("SHELL=/bin/sh\nLINEBUF=100000\nDEFAULT=/dev/null\nLOGABSTRACT=no\nVERBOSE=no\nT='" + value + "'\n")
	for i := range recipes {
		fmt.Fprintf(&b, "MATCH=%s\n%s\n{ LOG=\"+\" }\nLOG=\"\x02%d\x03$=\x03$MATCH\x04\"\n", unset, recipes[i].String(), i)
	}
	return b.String()
}

// ask has procmail evaluate the recipes.
func ask(t *testing.T, program, dir string, recipes []recipe, m *sample) []outcome {
	t.Helper()
	rc := filepath.Join(dir, "rc")
	log := filepath.Join(dir, "log")
	if err := os.WriteFile(rc, []byte("LOGFILE="+log+"\n"+rcfile(recipes, m.value)), 0o600); err != nil {
		t.Fatal(err)
	}
	os.Remove(log)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, program, "-m", rc)
	command.Env = []string{"PATH=/usr/bin:/bin"}
	command.Stdin = strings.NewReader(m.header + m.body)
	if out, err := command.CombinedOutput(); err != nil {
		said, _ := os.ReadFile(log)
		i := bytes.Count(said, []byte{4})
		t.Fatalf("procmail: %v: %s, at %s", err, out, recipes[min(i, len(recipes)-1)].String())
	}
	said, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var outcomes []outcome
	for entry := range bytes.SplitSeq(said, []byte{4}) {
		before, after, ok := strings.Cut(string(entry), "\x02")
		if !ok {
			continue
		}
		fields := strings.SplitN(after, "\x03", 3)
		if len(fields) != 3 || fields[0] != strconv.Itoa(len(outcomes)) {
			t.Fatalf("procmail's log: %q after %d", entry, len(outcomes))
		}
		score, err := strconv.Atoi(fields[1])
		if err != nil {
			t.Fatalf("procmail's log: %q", entry)
		}
		outcomes = append(outcomes, outcome{strings.HasSuffix(before, "+"), score, fields[2]})
	}
	if len(outcomes) != len(recipes) {
		t.Fatalf("procmail evaluated %d recipes of %d", len(outcomes), len(recipes))
	}
	return outcomes
}

// TestProcmailTables has procmail say what stands in the tables.
func TestProcmailTables(t *testing.T) {
	t.Parallel()
	program, dir := needProcmail(t), t.TempDir()
	said := func(expr, text string) outcome {
		// procmail takes one backslash away, and then does not look for a "!" or
		// a number in front.
		r := recipe{conditions: []condition{{area: "T", expr: `\` + expr}}}
		return ask(t, program, dir, []recipe{r}, &sample{header: "From a\n\n", value: text})[0]
	}
	for _, test := range matchCases() {
		// Such a text cannot be in a variable, nor such a line in an rcfile.
		if strings.Contains(test.text, "\x00") || strings.HasSuffix(test.expr, `\`) || test.expr == "" {
			continue
		}
		if got := said(test.expr, test.text); got.matched != test.want {
			t.Errorf("%q in %q: procmail says %v", test.expr, test.text, got.matched)
		}
	}
	for _, test := range extractCases() {
		want := test.want
		if test.theirs != "" {
			want = test.theirs
		}
		if want == hangs {
			continue
		}
		if want == noMatch {
			want = unset
		}
		if got := said(test.expr, test.text); got.match != want {
			t.Errorf("%q in %q: procmail says %q, not %q", test.expr, test.text, got.match, want)
		}
	}
}
