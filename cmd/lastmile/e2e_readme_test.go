package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// What README shows is run. Its recipes are those of lastmile doctor --recipe,
// which TestRecipes… run; TestRecipesAreREADMEs compares the two.

// readme returns the text of README.
func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// recipe returns the first code block of README that a pattern matches, or what
// the pattern's group matches in it.
func recipe(t *testing.T, pattern string) string {
	t.Helper()
	for _, block := range regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```$|`([^`\n]+)`").FindAllStringSubmatch(readme(t), -1) {
		text := block[1] + block[2]
		if m := regexp.MustCompile(pattern).FindStringSubmatch(text); len(m) > 1 {
			return m[1]
		} else if m != nil {
			return text
		}
	}
	t.Fatalf("README has no recipe with %s", pattern)
	return ""
}

// The session and the first command are what a newcomer sees first.
func TestREADMESession(t *testing.T) {
	session := recipe(t, `^\$ lastmile explain`)
	command, want, _ := strings.Cut(session, "\n")
	cmd := exec.Command("sh", "-c", strings.TrimPrefix(command, "$ "))
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "LC_ALL=en_US.UTF-8", "MAIL_CONFIG=")
	got, _ := cmd.Output()
	if string(got) != want || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("exit status %d, want 1; got\n%s\nwant\n%s", cmd.ProcessState.ExitCode(), got, want)
	}

	dir := t.TempDir()
	first := strings.Replace(recipe(t, `(?m)^(go run .*)$`), "./Maildir", dir+"/Maildir", 1)
	cmd = exec.Command("sh", "-c", first)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%s: %v, %q", first, err, out)
	}
	e2eStored(t, dir+"/Maildir")
}

// A page that is longer is not read.
func TestREADMELength(t *testing.T) {
	if n := strings.Count(readme(t), "\n"); n >= 250 {
		t.Errorf("README has %d lines, want less than 250", n)
	}
}
