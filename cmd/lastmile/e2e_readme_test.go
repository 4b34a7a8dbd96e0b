package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

// The recipes of README are run as they stand there. Only what a machine must
// differ in is replaced: the path of the binary, the user and directory of
// virtual mailboxes, and for retrievers the Maildir and the recipient.

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

func TestREADMEPostfix(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	const path = "/usr/local/bin/lastmile"
	master := strings.NewReplacer(path, "@LASTMILE@", "/var/vmail/", "@ROOT@/vmail/").Replace(recipe(t, `^lastmile +unix`))
	main := recipe(t, `^virtual_transport`) + "virtual_mailbox_domains = sink.test, virtual.test\nlocal_destination_recipient_limit = 1\n" +
		strings.ReplaceAll(recipe(t, `^mailbox_command`), path, "@LASTMILE@")
	p := lab.StartPostfix(t, lab.PostfixConfig{
		Users:    []string{"vmail", "alice", "fred"},
		MasterCF: master,
		MainCF:   main + "\n",
		// sink.test is where bounces go; it stays with virtual(8).
		Transport: "sink.test virtual:\n",
	})
	vmail := filepath.Join(p.Root(), "vmail")
	if err := os.Mkdir(vmail, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("chown", "--reference", p.Home("vmail"), vmail).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	forward := strings.ReplaceAll(recipe(t, `^"\|`), path, lab.Binary(t))
	if err := os.WriteFile(filepath.Join(p.Home("fred"), ".forward"), []byte(forward), 0o644); err != nil {
		t.Fatal(err)
	}

	recipes := map[string]string{
		"bob+lists@virtual.test": filepath.Join(vmail, "virtual.test/bob/Maildir"),
		"alice@local.test":       filepath.Join(p.Home("alice"), "Maildir"),
		"fred@local.test":        filepath.Join(p.Home("fred"), "Maildir"),
	}
	for to := range recipes {
		p.Inject(t, "sender@sink.test", to, e2eMessage("to "+to))
	}
	p.Drain(t)
	for to, maildir := range recipes {
		if r := p.Result(t, to); r.Status != "sent" {
			t.Errorf("%s: %s", to, r.Line)
			continue
		}
		first := e2eStored(t, maildir)
		p.Inject(t, "sender@sink.test", to, first)
		p.Drain(t)
		if got, want := e2eOutcome(p.Result(t, to)), e2eRefusal(to); got != want {
			t.Errorf("second pass for %s\n got %s\nwant %s", to, got, want)
		}
		e2eMaildir(t, maildir, 1)
	}
}

func TestREADMERetrievers(t *testing.T) {
	t.Parallel()
	lab.Need(t, "fetchmail", "getmail", "fdm", "mpop", "dovecot")
	for name, run := range map[string]func(t *testing.T, f *lab.Fetcher, here func(string) string) lab.Run{
		"fetchmail": func(t *testing.T, f *lab.Fetcher, here func(string) string) lab.Run {
			return f.Fetchmail(t, lab.FetchmailConfig{MDA: here(recipe(t, `^mda "(.*)"`))})
		},
		"mpop": func(t *testing.T, f *lab.Fetcher, here func(string) string) lab.Run {
			return f.Mpop(t, here(recipe(t, `^delivery mda "(.*)"`)))
		},
		"fdm": func(t *testing.T, f *lab.Fetcher, here func(string) string) lab.Run {
			return f.Fdm(t, here(recipe(t, `^action "inbox" pipe "(.*)"`)))
		},
		"getmail": func(t *testing.T, f *lab.Fetcher, here func(string) string) lab.Run {
			var arguments []string
			if err := json.Unmarshal([]byte("["+recipe(t, `(?m)^arguments = \((.*)\)$`)+"]"), &arguments); err != nil {
				t.Fatal(err)
			}
			return f.Getmail(t, "SimplePOP3Retriever", strings.Fields(here(strings.Join(append([]string{"/usr/local/bin/lastmile"}, arguments...), " ")))...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := lab.StartDovecot(t)
			d.Put(t, fetchPlain(t, "first"), foundingMail(t, lab.Account))
			f := lab.NewFetcher(t, d)
			here := func(command string) string {
				return strings.NewReplacer("/usr/local/bin/lastmile deliver", lab.Binary(t)+" deliver --maildir "+f.Maildir(), "you@example.com", lab.Account).Replace(command)
			}
			if r := run(t, f, here); r.Exit != 0 || r.Output != "" || d.Count(t) != 0 {
				t.Fatalf("got %+v, %d messages left on the server", r, d.Count(t))
			}
			e2eStored(t, f.Maildir())
			e2eStored(t, filepath.Join(f.Maildir(), ".Loops"))
		})
	}
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
