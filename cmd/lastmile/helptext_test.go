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
	"lastmile/cmd/lastmile/internal/lab"
)

// helpOf returns what lastmile help says of a command.
func helpOf(t *testing.T, command string) string {
	t.Helper()
	var out strings.Builder
	if err := inThisProcess(nil, &out).main([]string{"lastmile", "help", command}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The help has every option that the manual explains, and names the manual.
func TestHelpAsManual(t *testing.T) {
	t.Parallel()
	for _, c := range inThisProcess(nil, io.Discard).app().Commands {
		if c.Name == "help" {
			continue
		}
		text := helpOf(t, c.Name)
		if !strings.Contains(text, "lastmile(1)") {
			t.Errorf("help %s does not say where the rest stands", c.Name)
		}
		for _, f := range c.Flags {
			if !strings.Contains(text, "--"+f.Names()[0]) {
				t.Errorf("help %s does not have --%s", c.Name, f.Names()[0])
			}
		}
		if slices.Contains(asProcmail, c.Name) {
			for _, letter := range letters(t, c.Name) {
				if c.Name == "lockfile" && letter == "h" { // lockfile(1) does not show it either
					continue
				}
				if !regexp.MustCompile(`(?m)^ .*-` + regexp.QuoteMeta(letter) + `(\W|$|[lu] )`).MatchString(text) {
					t.Errorf("help %s does not have -%s", c.Name, letter)
				}
			}
		}
		for _, m := range regexp.MustCompile(`\b(lastmile[-a-z]*)\((\d)\)`).FindAllStringSubmatch(text, -1) {
			if pages, _ := filepath.Glob(m[1] + "." + m[2]); len(pages) == 0 {
				t.Errorf("help %s names %s, which does not exist", c.Name, m[0])
			}
		}
	}
}

// The examples of the help do what it says they do.
func TestHelpExamples(t *testing.T) {
	t.Parallel()
	count := 0
	for _, c := range inThisProcess(nil, io.Discard).app().Commands {
		_, examples, _ := strings.Cut(helpOf(t, c.Name), "\nexamples:\n")
		for line := range strings.Lines(examples) {
			line = strings.TrimSpace(line)
			if line == "" {
				break
			}
			if line == "lastmile doctor" {
				continue // reads the set-up of this machine
			}
			if _, err := os.Stat(agent.TestOnlyMachineID); err != nil && strings.Contains(line, "--trust own") {
				continue // an empty root: there is no key
			}
			count++
			if !strings.Contains(line, "--maildir") { // not to the mailbox of who runs the test
				line = strings.Replace(line, "lastmile deliver", "lastmile deliver --maildir ./Maildir", 1)
			}
			dir := t.TempDir()
			writeText(t, filepath.Join(dir, "message"), "From: a@example.net\nSubject: x\n\nhello\n")
			writeText(t, filepath.Join(dir, "procmailrc"), "DEFAULT=$HOME/Maildir/\n")
			cmd := exec.Command("sh", "-c", line)
			cmd.Dir = dir
			cmd.Env = []string{"HOME=" + dir, "PATH=" + filepath.Dir(lab.Binary(t)) + ":/usr/bin:/bin"}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v, %s", line, err, out)
			}
			if strings.HasPrefix(line, "lastmile deliver") || strings.Contains(line, "DEFAULT=") {
				inbox, _ := filepath.Glob(dir + "/Maildir/new/*")
				virtual, _ := filepath.Glob(dir + "/mail/example.com/you/new/*")
				if len(inbox)+len(virtual) != 1 {
					t.Errorf("%s: %d messages", line, len(inbox)+len(virtual))
				}
			}
		}
	}
	if count < 10 {
		t.Errorf("%d examples", count)
	}
}
