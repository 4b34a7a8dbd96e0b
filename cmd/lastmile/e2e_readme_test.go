package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

// What README shows is run: its sessions and shell lines here, its recipes for
// procmail here, the others as lastmile doctor --recipe prints them, by
// TestRecipes…; TestRecipesAreREADMEs compares the two. TestREADMELines finds what
// is left.

// readmes are the READMEs, with the locale of their sessions.
var readmes = map[string]string{"README.md": "en_US.UTF-8", "README.ja.md": "ja_JP.UTF-8"}

// readme returns the text of README.
func readme(t *testing.T) string {
	t.Helper()
	return page(t, "../../README.md")
}

// example is a code block or code span of a README.
type example struct {
	language string // of a block
	text     string
}

// examples returns all that a README has.
func examples(t *testing.T, name string) (found []example) {
	t.Helper()
	for _, m := range regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$|`([^`\n]+)`").FindAllStringSubmatch(page(t, "../../"+name), -1) {
		found = append(found, example{m[1], m[2] + m[3]})
	}
	return found
}

// recipe returns the first example of README that a pattern matches, or what the
// pattern's group matches in it.
func recipe(t *testing.T, pattern string) string {
	t.Helper()
	for _, e := range examples(t, "README.md") {
		if m := regexp.MustCompile(pattern).FindStringSubmatch(e.text); len(m) > 1 {
			return m[1]
		} else if m != nil {
			return e.text
		}
	}
	t.Fatalf("README has no recipe with %s", pattern)
	return ""
}

// blocks returns the code blocks of a README in a language.
func blocks(t *testing.T, name, language string) (texts []string) {
	t.Helper()
	for _, e := range examples(t, name) {
		if e.language == language {
			texts = append(texts, e.text)
		}
	}
	return texts
}

// statuses are the exit statuses of the commands in README's sessions that do not
// exit 0: what they show is a loop, or has findings.
var statuses = map[string]int{"lastmile explain": 1, "cat Maildir/new/* | lastmile deliver": 77}

// Every command of every session prints what README says, in a clone, with
// lastmile installed.
func TestREADMESessions(t *testing.T) {
	t.Parallel()
	for name, locale := range readmes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testSessions(t, name, locale)
		})
	}
}

func testSessions(t *testing.T, name, locale string) {
	// The paths in a session are those of a clone in /home/alice; ours must not be
	// so long that a line is broken elsewhere.
	clone, err := os.MkdirTemp("/tmp", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(clone) })
	testdata, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(testdata, filepath.Join(clone, "testdata")); err != nil {
		t.Fatal(err)
	}
	lab.Named(t, "formail")
	sessions := blocks(t, name, "console")
	if len(sessions) < 2 {
		t.Fatalf("%s has %d sessions", name, len(sessions))
	}
	for _, session := range sessions {
		for _, part := range strings.Split(strings.TrimPrefix(session, "$ "), "\n$ ") {
			command, want, _ := strings.Cut(part, "\n")
			if keyless() && strings.Contains(session, "--trust own --maildir") {
				continue
			}
			if want != "" && !strings.HasSuffix(want, "\n") {
				want += "\n"
			}
			status := 0
			for start, n := range statuses {
				if strings.HasPrefix(command, start) {
					status = n
				}
			}
			cmd := exec.Command("sh", "-c", command)
			cmd.Dir = clone
			cmd.Env = []string{"PATH=" + filepath.Dir(lab.Binary(t)) + ":/usr/bin:/bin", "LC_ALL=" + locale}
			out, _ := cmd.CombinedOutput()
			got := strings.ReplaceAll(string(out), clone, "/home/alice")
			if got != "" && !strings.HasSuffix(got, "\n") { // the line of a failure has no end
				got += "\n"
			}
			if got != want || cmd.ProcessState.ExitCode() != status {
				t.Errorf("$ %s\nexit status %d, want %d; got\n%s\nwant\n%s", command, cmd.ProcessState.ExitCode(), status, got, want)
			}
		}
	}
}

// The shell lines work in a clone, with another place to install to; of the tests
// only the building.
func TestREADMEShell(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "local/bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	elsewhere := strings.NewReplacer("sudo ", "", "/usr/local", dir+"/local", "./Maildir", dir+"/Maildir", "-o lastmile", "-o "+dir+"/lastmile",
		"install lastmile", "install "+dir+"/lastmile", "go test ./...", "go test -run '^$' ./loopcheck ./maildir")
	shell := append(blocks(t, "README.md", "sh"), blocks(t, "README.ja.md", "sh")...)
	if len(shell) < 4 {
		t.Fatalf("the READMEs have %d blocks of shell lines", len(shell))
	}
	for _, text := range shell {
		cmd := exec.Command("sh", "-ec", elsewhere.Replace(text))
		cmd.Dir = "../.."
		if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(text, "deliver") && !strings.HasPrefix(string(out), "ok") {
			t.Errorf("%s: %v, %s", text, err, out)
		}
	}
	e2eStored(t, dir+"/Maildir")
	// What it has installed is there, under each name, with its pages.
	out, err := exec.Command(dir+"/local/bin/procmail", "-v").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "procmail v") {
		t.Errorf("procmail -v: %v, %s", err, out)
	}
	pages, _ := filepath.Glob("*.[1578]")
	for _, name := range pages {
		if _, err := os.Stat(filepath.Join(dir, "local/share/man/man"+name[len(name)-1:], name)); err != nil {
			t.Error(err)
		}
	}
}

// procmailRecipes begin the three ways in which Postfix calls procmail.
var procmailRecipes = struct{ pipe, local, forward string }{`^procmail +unix`, `^mailbox_command = \S*procmail.*`, `^"\|IFS.*`}

// The three ways in which Postfix calls procmail, as README has them: a message is
// delivered, and the second pass of it refused.
func TestREADMEProcmail(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	here := strings.NewReplacer("/usr/local/bin/procmail", lab.Named(t, "procmail"), "/etc/lastmile/procmailrc", "@ROOT@/home/vmail/filter.rc", "#alice", "#fred")
	p := lab.StartPostfix(t, lab.PostfixConfig{
		Users:     []string{"vmail", "alice", "fred"},
		MasterCF:  here.Replace(recipe(t, procmailRecipes.pipe)),
		MainCF:    "virtual_transport = procmail\nvirtual_mailbox_domains = sink.test, virtual.test\nprocmail_destination_recipient_limit = 1\n" + here.Replace(recipe(t, procmailRecipes.local)),
		Transport: "sink.test virtual:\n",
	})
	rcfile(t, p, "vmail", "filter.rc", "DEFAULT=$HOME/Maildir/\n")
	for _, user := range []string{"alice", "fred"} {
		rcfile(t, p, user, ".procmailrc", "DEFAULT=$HOME/Maildir/\n")
	}
	rcfile(t, p, "fred", ".forward", here.Replace(recipe(t, procmailRecipes.forward))+"\n")
	for to, user := range map[string]string{"bob@virtual.test": "vmail", "alice@local.test": "alice", "fred@local.test": "fred"} {
		p.Inject(t, "sender@sink.test", to, e2eMessage("to "+to))
		p.Drain(t)
		if r := p.Result(t, to); r.Status != "sent" {
			t.Errorf("%s: %s", to, r.Line)
			continue
		}
		stored := lab.ReadMaildir(t, filepath.Join(p.Home(user), "Maildir"))
		if len(stored) != 1 {
			t.Errorf("%s: %d messages", to, len(stored))
			continue
		}
		p.Inject(t, "sender@sink.test", to, stored[0])
		p.Drain(t)
		if got, want := e2eOutcome(p.Result(t, to)), e2eRefusal(to); got != want {
			t.Errorf("second pass for %s: got %s, want %s", to, got, want)
		}
	}
}

// A page that is longer is not read, nor is a line.
func TestREADMELength(t *testing.T) {
	if n := strings.Count(readme(t), "\n"); n >= 250 {
		t.Errorf("README has %d lines, want less than 250", n)
	}
	for name := range readmes {
		for line := range strings.Lines(page(t, "../../"+name)) {
			if w := width(strings.TrimSuffix(line, "\n")); w > 140 && !strings.HasPrefix(line, "|") {
				t.Errorf("%s has a line of %d columns: %s", name, w, line)
			}
		}
	}
}
