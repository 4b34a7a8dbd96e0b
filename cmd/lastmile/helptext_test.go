package main

import (
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

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

// exitStatuses returns the exit statuses in a text, without the status codes there.
func exitStatuses(text string) (found []string) {
	text = regexp.MustCompile(`\b\d\.\d\.\d\b`).ReplaceAllString(text, "")
	return regexp.MustCompile(`\b\d+\b`).FindAllString(text, -1)
}

// items returns, of the section EXIT STATUS of a page, each list item with what it
// says.
func items(t *testing.T, name string) []string {
	t.Helper()
	_, section, _ := strings.Cut(page(t, name), "\n.Sh EXIT STATUS\n")
	section, _, _ = strings.Cut(section, "\n.Sh ")
	section, _, _ = strings.Cut(section, "\n.El\n")
	return strings.Split(section, "\n.It ")[1:]
}

// The help of a command has the exit statuses that the manual has for it: where
// the command is explained, and under EXIT STATUS.
func TestHelpExitStatuses(t *testing.T) {
	t.Parallel()
	all := map[string]bool{}
	for _, c := range inThisProcess(nil, io.Discard).app().Commands {
		_, sentence, ok := strings.Cut(subsection(t, c.Name), "The exit status is ")
		sentence, _, _ = strings.Cut(sentence, "\n.Pp\n")
		want := exitStatuses(sentence)
		if !ok || len(want) == 0 {
			t.Errorf("lastmile(1) does not say how %s exits", c.Name)
		}
		listed := items(t, "lastmile.1")
		if c.Name == "procmail" {
			listed = items(t, "lastmile-procmailrc.5")
		}
		for _, item := range listed {
			number, says, _ := strings.Cut(item, "\n")
			if c.Name == "procmail" || strings.Contains("\n"+says, "\n.Cm "+c.Name+"\n") {
				want = append(want, exitStatuses(number)...)
			}
		}
		if !slices.Contains(asProcmail, c.Name) {
			for _, status := range want {
				all[status] = true
			}
		}
		if c.Name == "help" {
			continue // has no help of its own
		}
		_, list, _ := strings.Cut(helpOf(t, c.Name), "\nexit status:\n")
		list, _, _ = strings.Cut(list, "\n\n")
		var got []string
		for _, m := range regexp.MustCompile(`(?m)^ {3}(\d+) {2,}\S`).FindAllStringSubmatch(list, -1) {
			got = append(got, m[1])
		}
		if got, want := sorted(got), sorted(want); !slices.Equal(got, want) {
			t.Errorf("%s: the help has the exit statuses %q, the manual %q", c.Name, got, want)
		}
	}
	for _, item := range items(t, "lastmile.1") {
		number, _, _ := strings.Cut(item, "\n")
		if !all[number] {
			t.Errorf("no command exits %s", number)
		}
		delete(all, number)
	}
	if len(all) > 0 {
		t.Errorf("EXIT STATUS of lastmile(1) lacks %v", all)
	}
}

// The help fits the width of a terminal.
func TestHelpWidth(t *testing.T) {
	t.Parallel()
	for _, c := range inThisProcess(nil, io.Discard).app().Commands {
		for line := range strings.Lines(helpOf(t, c.Name)) {
			if width(strings.TrimRight(line, "\n")) > columns {
				t.Errorf("help %s: %d columns: %s", c.Name, width(line), line)
			}
		}
	}
}

func TestShortly(t *testing.T) {
	t.Parallel()
	for _, want := range []string{"15m", "720h", "1m30s", "10s", "1h0m5s", "1h30m", "0s"} {
		d, err := time.ParseDuration(want)
		if got := shortly(d); err != nil || got != want {
			t.Errorf("%v: got %s, %v", d, got, err)
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
			if keyless() && strings.Contains(line, "--trust own") {
				continue
			}
			count++
			if !strings.Contains(line, "--maildir") { // not to the mailbox of who runs the test
				line = strings.Replace(line, "lastmile deliver", "lastmile deliver --maildir ./Maildir", 1)
			}
			dir := t.TempDir()
			writeText(t, filepath.Join(dir, "message"), "From: a@example.net\nSubject: x\n\nhello\n")
			writeText(t, filepath.Join(dir, "procmailrc"), "DEFAULT="+dir+"/Maildir/\n")
			cmd := exec.Command("sh", "-c", line)
			cmd.Dir = dir
			cmd.Env = []string{"HOME=" + dir, "PATH=" + filepath.Dir(lab.Binary(t)) + ":/usr/bin:/bin"}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v, %s", line, err, out)
			}
			if strings.HasPrefix(line, "lastmile deliver") || strings.Contains(line, "DEFAULT=") {
				inbox, _ := filepath.Glob(dir + "/Maildir/new/*")
				virtual, _ := filepath.Glob(dir + "/example.com/you/new/*")
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
