package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lastmile/loopcheck"
)

// testdata/explain/README.md has the format of the cases, and where they come from.

// explained runs explain --json in this process and returns the causes and the
// line of the stamp, 0 for none.
func explained(t *testing.T, message []byte, recipient string, flags ...string) (causes []string, line int) {
	t.Helper()
	args := append([]string{"lastmile", "explain", "--json"}, flags...)
	if recipient != "-" {
		args = append(args, "--", recipient)
	}
	var out bytes.Buffer
	p := inThisProcess(bytes.NewReader(message), &out)
	status := p.Status(p.app().Run(args))
	var e struct {
		Verdict string
		Stamp   *struct{ Line int }
		Causes  []struct{ Cause string }
	}
	if err := json.Unmarshal(out.Bytes(), &e); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if want := map[string]int{"pass": 0, "loop": 1, "hops": 1}[e.Verdict]; status != want {
		t.Errorf("exit status %d for verdict %s", status, e.Verdict)
	}
	for _, c := range e.Causes {
		causes = append(causes, c.Cause)
	}
	if e.Stamp != nil {
		line = e.Stamp.Line
	}
	return causes, line
}

func TestExplainSamples(t *testing.T) {
	t.Setenv("MAIL_CONFIG", "")
	want, err := os.ReadFile("../../testdata/explain/samples.want")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(want)) {
		f := strings.Fields(line)
		if f[0] == "#" {
			continue
		}
		seen[f[0]] = true
		message, err := os.ReadFile("../../testdata/samples/" + f[0] + ".eml")
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := explained(t, message, f[1]); strings.Join(got, " ") != strings.Join(f[2:], " ") {
			t.Errorf("%s for %s: %q, want %s", f[0], f[1], got, f[2:])
		}
	}
	samples, _ := filepath.Glob("../../testdata/samples/*.eml")
	for _, path := range samples {
		if name := strings.TrimSuffix(filepath.Base(path), ".eml"); !seen[name] {
			t.Errorf("nothing is expected of %s", name)
		}
	}
}

func TestExplainCases(t *testing.T) {
	t.Setenv("MAIL_CONFIG", "")
	paths, _ := filepath.Glob("../../testdata/explain/*.case")
	if len(paths) < 25 {
		t.Fatalf("%d cases", len(paths))
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".case"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			about, message, _ := bytes.Cut(text, []byte("\n\n"))
			want := map[string]string{}
			for line := range strings.Lines(string(about)) {
				key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
				if !slices.Contains([]string{"recipient", "cause", "line", "flags", "env", "why"}, key) {
					t.Errorf("unknown key %q", key)
				}
				want[key] = strings.TrimSpace(value)
			}
			if want["recipient"] == "" || want["why"] == "" {
				t.Error("recipient or why is missing")
			}
			if name, value, ok := strings.Cut(want["env"], "="); ok {
				t.Setenv(name, value)
			}
			causes, line := explained(t, message, want["recipient"], strings.Fields(want["flags"])...)
			if strings.Join(causes, " ") != want["cause"] || strconv.Itoa(line) != want["line"] {
				t.Errorf("%q, line %d; want %s, line %s", causes, line, want["cause"], want["line"])
			}
		})
	}
}

// Every sentence is there in both languages, with the same placeholders, and
// every cause has its words.
func TestCatalogue(t *testing.T) {
	holes := regexp.MustCompile(`%[sd]|\{[a-z]+\}`)
	same := func(what string, pair [2]string) {
		t.Helper()
		if pair[0] == "" || pair[1] == "" {
			t.Errorf("%s: a language is missing: %q", what, pair)
		}
		count := func(s string) map[string]int {
			m := map[string]int{}
			for _, h := range holes.FindAllString(s, -1) {
				m[h]++
			}
			return m
		}
		a, b := count(pair[0]), count(pair[1])
		for h := range a {
			if (a[h] > 0) != (b[h] > 0) || strings.HasPrefix(h, "%") && a[h] != b[h] {
				t.Errorf("%s: placeholder %s differs: %q", what, h, pair)
			}
		}
		if len(a) != len(b) {
			t.Errorf("%s: placeholders differ: %q", what, pair)
		}
	}
	for i, pair := range catalogue {
		same("sentence "+strconv.Itoa(i), pair)
	}
	all := []loopcheck.Cause{loopcheck.ProviderStamp, loopcheck.ThisHop, loopcheck.TrueLoop, loopcheck.Resent, loopcheck.Reinjected,
		loopcheck.ForeignStamp, loopcheck.OtherStamp, loopcheck.NearMiss, loopcheck.TooManyHops, loopcheck.BackToMyself, loopcheck.Clean}
	for _, c := range all {
		same(string(c)+", why", causes[c].why)
		same(string(c)+", cure", causes[c].cure)
	}
	if len(causes) != len(all) {
		t.Errorf("%d causes have words, want %d", len(causes), len(all))
	}
	for _, cures := range []map[string][2]string{fetcherCures, callerCures} {
		for name, pair := range cures {
			same("cure for "+name, pair)
		}
	}
}

// The picture fits a terminal, whatever is in the message.
func TestPictureWidth(t *testing.T) {
	t.Setenv("MAIL_CONFIG", "")
	paths, _ := filepath.Glob("../../testdata/*/*.eml")
	for _, lang := range []string{"C", "en_US.UTF-8", "ja_JP.UTF-8"} {
		t.Setenv("LC_ALL", lang)
		for _, path := range paths {
			message, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			p := inThisProcess(bytes.NewReader(message), &out)
			p.Status(p.app().Run([]string{"lastmile", "explain", "--", "receiver@example1.jp"}))
			for line := range strings.Lines(out.String()) {
				if w := width(strings.TrimSuffix(line, "\n")); w > columns {
					t.Errorf("%s in %s: %d columns: %s", path, lang, w, line)
				}
				if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return r < ' ' }) {
					t.Errorf("%s in %s: a control character: %q", path, lang, line)
				}
			}
		}
	}
}
