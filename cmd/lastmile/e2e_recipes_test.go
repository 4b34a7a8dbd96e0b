package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lastmile/cmd/lastmile/internal/doctor"
	"lastmile/cmd/lastmile/internal/lab"
)

// printed returns what lastmile doctor --recipe prints for a caller.
func printed(t *testing.T, caller string) string {
	t.Helper()
	out, err := exec.Command(lab.Binary(t), "doctor", "--recipe", caller).Output()
	if err != nil {
		t.Fatalf("doctor --recipe %s: %v", caller, err)
	}
	return string(out)
}

// setup returns the lines of a recipe that are no comment, between two patterns
// or to the end.
func setup(text, from string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			kept = append(kept, line)
		}
	}
	text = strings.Join(kept, "")
	if at := regexp.MustCompile("(?m)" + from).FindStringIndex(text); at != nil {
		return text[at[0]:]
	}
	return ""
}

// printedRecipes begin the recipes of README that doctor prints, by caller.
var printedRecipes = map[string][]string{
	"pipe": {`^lastmile +unix`, `^virtual_transport`}, "local": {`^mailbox_command = \S*lastmile`}, "forward": {`^"\|\S*lastmile`},
	"fetchmail": {`^mda "`}, "getmail": {`^\[destination\]`}, "mpop": {`^delivery mda`}, "fdm": {`^action "inbox"`},
}

// What README shows is what doctor prints.
func TestRecipesAreREADMEs(t *testing.T) {
	for caller, starts := range printedRecipes {
		text, ok := doctor.Recipe(caller)
		if !ok {
			t.Fatalf("no recipe for %s", caller)
		}
		for _, start := range starts {
			if want := strings.TrimSpace(recipe(t, start)); !strings.Contains(text, want) {
				t.Errorf("recipe %s\n%s\ndoes not have README's\n%s", caller, text, want)
			}
		}
	}
	for _, caller := range doctor.Recipes() {
		if text, ok := doctor.Recipe(caller); !ok || text == "" {
			t.Errorf("no recipe for %s", caller)
		}
	}
}

// The recipes for Postfix, as they are printed, deliver; the second pass of what
// they stored is refused.
func TestRecipesPostfix(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	const path = "/usr/local/bin/lastmile"
	here := strings.NewReplacer(path, "@LASTMILE@", "/var/vmail/", "@ROOT@/vmail/")
	master, main, _ := strings.Cut(here.Replace(setup(printed(t, "pipe"), `^lastmile`)), "virtual_transport")
	p := lab.StartPostfix(t, lab.PostfixConfig{
		Users:     []string{"vmail", "alice", "fred"},
		MasterCF:  master,
		MainCF:    "virtual_transport" + main + "virtual_mailbox_domains = sink.test, virtual.test\n" + here.Replace(setup(printed(t, "local"), `^mailbox_command`)),
		Transport: "sink.test virtual:\n",
	})
	owned(t, p, "vmail", "vmail")
	forward := strings.ReplaceAll(printed(t, "forward"), path, lab.Binary(t))
	writeText(t, filepath.Join(p.Home("fred"), ".forward"), forward)
	for to, maildir := range map[string]string{
		"bob@virtual.test": filepath.Join(p.Root(), "vmail/virtual.test/bob/Maildir"),
		"alice@local.test": filepath.Join(p.Home("alice"), "Maildir"),
		"fred@local.test":  filepath.Join(p.Home("fred"), "Maildir"),
	} {
		p.Inject(t, "sender@sink.test", to, e2eMessage("to "+to))
		p.Drain(t)
		if r := p.Result(t, to); r.Status != "sent" {
			t.Errorf("%s: %s", to, r.Line)
			continue
		}
		p.Inject(t, "sender@sink.test", to, e2eStored(t, maildir))
		p.Drain(t)
		if got, want := e2eOutcome(p.Result(t, to)), e2eRefusal(to); got != want {
			t.Errorf("second pass for %s: got %s, want %s", to, got, want)
		}
	}
	// Where they run, doctor has nothing to say about them.
	for _, f := range examineHere(t, p).Findings {
		if f.ID != "root-mail" && f.ID != "time-limit" { // the instance has no alias for root, and a limit of 20 s
			t.Errorf("a recipe has the finding %+v", f)
		}
	}
}

// The recipes for retrievers, as they are printed, empty a POP3 box: the loop
// goes into quarantine.
func TestRecipesRetrievers(t *testing.T) {
	t.Parallel()
	lab.Need(t, "fetchmail", "getmail", "fdm", "mpop", "dovecot")
	one := func(t *testing.T, caller, pattern string) string {
		t.Helper()
		m := regexp.MustCompile("(?m)" + pattern).FindStringSubmatch(setup(printed(t, caller), ""))
		if m == nil {
			t.Fatalf("the recipe for %s has no %s", caller, pattern)
		}
		return m[1]
	}
	for name, run := range map[string]func(t *testing.T, f *lab.Fetcher, here func(string) string) lab.Run{
		"fetchmail": func(t *testing.T, f *lab.Fetcher, here func(string) string) lab.Run {
			return f.Fetchmail(t, lab.FetchmailConfig{MDA: here(one(t, "fetchmail", `^mda "(.*)"`))})
		},
		"mpop": func(t *testing.T, f *lab.Fetcher, here func(string) string) lab.Run {
			return f.Mpop(t, here(one(t, "mpop", `^delivery mda "(.*)"`)))
		},
		"fdm": func(t *testing.T, f *lab.Fetcher, here func(string) string) lab.Run {
			return f.Fdm(t, here(one(t, "fdm", `^action "inbox" pipe "(.*)"`)))
		},
		"getmail": func(t *testing.T, f *lab.Fetcher, here func(string) string) lab.Run {
			return f.Getmail(t, "SimplePOP3Retriever", strings.Fields(here(getmail(t, one(t, "getmail", `^arguments = \((.*)\)$`))))...)
		},
		"getmail Multidrop": func(t *testing.T, f *lab.Fetcher, here func(string) string) lab.Run {
			arguments, _, _ := strings.Cut(one(t, "getmail", `^arguments = \((.*)\)$`), `"--"`)
			return f.Getmail(t, "MultidropPOP3Retriever", strings.Fields(here(getmail(t, arguments+recipe(t, multidropArguments))))...)
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

// multidropArguments begins what README has getmail6 call with a Multidrop retriever,
// from "--" on.
const multidropArguments = `^"--stamped-by", "mta", `

// getmail returns the command line of the arguments in a getmailrc.
func getmail(t *testing.T, arguments string) string {
	t.Helper()
	var words []string
	if err := json.Unmarshal([]byte("["+arguments+"]"), &words); err != nil {
		t.Fatalf("%v: %s", err, arguments)
	}
	return "/usr/local/bin/lastmile " + strings.Join(words, " ")
}

// The line for fetchmailrc in README.ja.md cures the founding case: the provider's
// stamp is no loop, and a real one goes into quarantine.
func TestRecipeJapanese(t *testing.T) {
	t.Parallel()
	lab.Need(t, "fetchmail", "dovecot")
	d := lab.StartDovecot(t)
	f := lab.NewFetcher(t, d)
	m := regexp.MustCompile("(?m)" + japaneseRecipe).FindStringSubmatch(page(t, "../../README.ja.md"))
	if m == nil {
		t.Fatal("README.ja.md has no line for fetchmailrc")
	}
	mda := strings.ReplaceAll(m[1], "/usr/local/bin/lastmile deliver", lab.Binary(t)+" deliver --maildir "+f.Maildir())
	fetch := func(message []byte) {
		t.Helper()
		d.Put(t, message)
		if r := f.Fetchmail(t, lab.FetchmailConfig{MDA: mda}); r.Exit != 0 || r.Output != "" || d.Count(t) != 0 {
			t.Fatalf("got %+v, %d messages left on the server", r, d.Count(t))
		}
	}
	fetch(foundingMail(t, lab.Account))
	stored := e2eStored(t, f.Maildir())
	fetch(stored)
	e2eStored(t, f.Maildir())
	e2eStored(t, filepath.Join(f.Maildir(), ".Loops"))
}

// japaneseRecipe begins the recipe of README.ja.md.
const japaneseRecipe = `^mda "(.*)"$`

// The texts of the cases are in postconf's own form: read as main.cf and
// master.cf, it prints them unchanged.
func TestDoctorCasesArePostconfs(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postconf")
	dirs, err := filepath.Glob("../../testdata/doctor/*/postconf-n")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no cases")
	}
	old := time.Unix(1, 0) // postconf waits a second for a file that has just been written
	for _, path := range dirs {
		dir, etc := filepath.Dir(path), t.TempDir()
		texts := map[string]string{"-n": "main.cf", "-M": "master.cf"}
		for option, name := range texts {
			text, err := os.ReadFile(filepath.Join(dir, "postconf"+option))
			if err != nil {
				t.Fatal(err)
			}
			texts[option] = string(text)
			writeText(t, filepath.Join(etc, name), string(text))
			if err := os.Chtimes(filepath.Join(etc, name), old, old); err != nil {
				t.Fatal(err)
			}
		}
		for option, want := range texts {
			out, err := exec.Command("postconf", "-c", etc, option).Output()
			got := strings.Replace(string(out), "config_directory = "+etc+"\n", "", 1)
			if err != nil || got != want {
				t.Errorf("%s: postconf %s: %v\n%s\nwant\n%s", dir, option, err, got, want)
			}
		}
	}
}

// owned makes a directory of a test account in the instance's root.
func owned(t *testing.T, p *lab.Postfix, dir, user string) {
	t.Helper()
	path := filepath.Join(p.Root(), dir)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("chown", "--reference", p.Home(user), path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// examineHere runs doctor where Postfix runs: in the mount namespace of the
// instance, whose users and /etc/postfix only its processes see. Its root is named for
// a chroot: a namespace is entered at the root of the system around that.
func examineHere(t *testing.T, p *lab.Postfix, args ...string) doctor.Report {
	t.Helper()
	pid, err := os.ReadFile(filepath.Join(p.Root(), "queue/pid/master.pid"))
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"--target", strings.TrimSpace(string(pid)), "--mount", "--root", "--wd", "--", lab.Binary(t), "doctor", "--json"}, args...)
	out, err := exec.Command("nsenter", args...).Output()
	var r doctor.Report
	if jsonErr := json.Unmarshal(out, &r); jsonErr != nil {
		t.Fatalf("doctor --json: %v, %v: %s", err, jsonErr, out)
	}
	if status := 0; len(r.Findings) > 0 {
		status = 1
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != status {
			t.Errorf("doctor with findings: %v, want exit status 1", err)
		}
	} else if err != nil {
		t.Errorf("doctor without findings: %v", err)
	}
	return r
}
