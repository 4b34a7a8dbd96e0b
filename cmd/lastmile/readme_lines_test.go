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

	"lastmile/cmd/lastmile/internal/doctor"
	"lastmile/cmd/lastmile/internal/lab"
)

// What a reader of the READMEs may type or copy is looked for here, not listed: every
// code block, and every code span with a blank or a slash in it. Each has to be of a
// kind that is tried, or that another test runs; one of no kind fails.

// specimen is a kind of what the READMEs show, and what is done with one of it.
type specimen struct {
	pattern string
	try     func(t *testing.T, text string)
}

// ran is the try of what another test runs: by the same pattern.
func ran(*testing.T, string) {}

func specimens() []specimen {
	all := []specimen{
		{`^(lastmile|procmail|deliver) \S`, tryLine},
		{`^--[a-z]`, tryLine}, // options of deliver
		{`^go test \./\.\.\.$`, ran},
		{`^go test `, tryGoTest},
		{`^go doc `, tryGoDoc},
		{`^go mod tidy$`, ran}, // by TestOutside
		{outsideCommand, ran},
		{`^\.ci/`, tryScript},
		{`^/usr/lib/lastmile/`, tryPackaged},
		{`^(testdata|delivery)/`, tryPath},
		{`^[.~]?/\S+$`, ran}, // files of the reader's machine
		{procmailRecipes.pipe, ran}, {procmailRecipes.local, ran}, {procmailRecipes.forward, ran},
		{multidropArguments, ran}, {japaneseRecipe, ran},
	}
	for _, patterns := range printedRecipes {
		for _, pattern := range patterns {
			all = append(all, specimen{pattern, ran})
		}
	}
	return all
}

// prose are the code spans that nobody types: what programs say, and parts of recipes.
var prose = []string{
	"mail forwarding loop for receiver@example1.jp", "5.4.6 mail forwarding loop for RECIPIENT", "5.4.0 too many hops",
	"5.1.3 bad recipient address syntax", "5.1.1 user unknown", "|| exit 75", "root: you", "go get",
	"to=<receiver@example1.jp>, … dsn=5.4.6, status=bounced (mail forwarding loop for receiver@example1.jp)\n",
}

func TestREADMELines(t *testing.T) {
	t.Parallel()
	seen, known := map[string]bool{}, specimens()
	for name := range readmes {
		for _, e := range examples(t, name) {
			typed := e.language == "" && strings.ContainsAny(e.text, " /") // TestREADMESessions and TestREADMEShell have the others
			if seen[e.text] || !typed {
				continue
			}
			seen[e.text] = true
			if slices.Contains(prose, e.text) {
				continue
			}
			i := slices.IndexFunc(known, func(k specimen) bool { return regexp.MustCompile("(?m)" + k.pattern).MatchString(e.text) })
			if i < 0 {
				t.Errorf("%s shows %q, and nobody runs it", name, e.text)
				continue
			}
			t.Run(e.text, func(t *testing.T) {
				t.Parallel()
				known[i].try(t, e.text)
			})
		}
		for _, e := range examples(t, name) {
			if e.language != "" && e.language != "sh" && e.language != "console" {
				t.Errorf("%s has a block of %s, and nobody runs it", name, e.language)
			}
		}
	}
	for _, text := range prose {
		if !seen[text] {
			t.Errorf("the exception %q is none", text)
		}
	}
}

// lineStatuses are the exit statuses of commands that may have something to say.
var lineStatuses = map[string][]int{
	"lastmile doctor": {0, 1}, // the machine that we run on may have findings
	"procmail -d ":    {67},
}

// tryLine runs a command line of ours, or options of deliver, in a directory of its own:
// with a message, a recipient and real names where it has placeholders.
func tryLine(t *testing.T, line string) {
	lab.Named(t, "procmail")
	dir := lab.Dir(t) // a name without braces, which would be placeholders
	writeText(t, dir+"/rcfile", "VERBOSE=no\n")
	writeText(t, dir+"/.procmailrc", "VERBOSE=no\n")
	writeText(t, dir+"/message", "From: a@example.net\nSubject: x\n\nbody\n")
	run := func(line string) (string, int) {
		cmd := exec.Command("sh", "-c", line)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + filepath.Dir(lab.Binary(t)) + ":/usr/sbin:/usr/bin:/bin", "HOME=" + dir, "queue_id=4cQxyz12"}
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	if out, status := run("lastmile key key"); status != 0 {
		t.Fatalf("no key: %s", out)
	}

	switch {
	case strings.HasPrefix(line, "--"):
		line = "lastmile deliver " + line
	case strings.HasPrefix(line, "deliver "):
		line = "lastmile " + line
	case line == "procmail -d":
		line += " nobody-of-this-name"
	case line == "procmail --lint":
		line += " rcfile"
	case line == "lastmile doctor":
		lab.Need(t, "postconf")
	}
	line = strings.NewReplacer("--key-file FILE", "--trust own --key-file key", "--trust own", "--trust own --key-file key", "key FILE", "key new-key",
		"--rcfile FILE", "--rcfile rcfile", "FILE", "file", "/var/mail/", dir+"/", "/usr/local/bin/filter --option", "/bin/cat -u").Replace(line)
	switch words := strings.Fields(line); {
	case words[1] == "deliver":
		if !slices.Contains(words, "--mbox") && !slices.Contains(words, "--command") {
			line += " --maildir Maildir" // not that of who runs the tests
		}
		line += " -- you+extension@example.com <message"
	case words[1] == "check":
		line += " -- you+extension@example.com <message"
	}
	lines := []string{line}
	for placeholder, names := range map[string][]string{"NAME": doctor.Recipes(), "COMMAND": commandNames()} {
		if before, ok := strings.CutSuffix(line, placeholder); ok {
			lines = nil
			for _, name := range names {
				lines = append(lines, before+name)
			}
		}
	}

	want := []int{0}
	for start, statuses := range lineStatuses {
		if strings.HasPrefix(line, start) {
			want = statuses
		}
	}
	for _, line := range lines {
		if out, status := run(line); !slices.Contains(want, status) {
			t.Errorf("%s\nexit status %d, want one of %d: %s", line, status, want, out)
		}
	}
}

// commandNames are the commands of lastmile.
func commandNames() (names []string) {
	for _, c := range inThisProcess(nil, io.Discard).app().Commands {
		names = append(names, c.Name)
	}
	return names
}

// tryGoTest sees to it that a go test command runs what it means to; the tests
// themselves are run by who runs this one, the benchmarks by .ci/run.
func tryGoTest(t *testing.T, line string) {
	words := strings.Fields(strings.ReplaceAll(line, "'", ""))
	pattern, prefix := "", "Test"
	for i, word := range words[:len(words)-1] {
		switch {
		case word == "-bench":
			pattern, prefix = words[i+1], "Benchmark"
		case word == "-run" && pattern == "":
			pattern = words[i+1]
		}
	}
	pattern, name, sub := strings.Cut(pattern, "/")
	cmd := exec.Command("go", "test", "-vet=off", "-list", pattern, words[2])
	cmd.Dir = "../.."
	out, err := cmd.CombinedOutput()
	if err != nil || !regexp.MustCompile(`(?m)^`+prefix).Match(out) {
		t.Errorf("%s runs nothing: %v, %s", line, err, out)
	}
	if _, err := os.Stat("../../testdata/procmail/" + name + ".case"); sub && err != nil {
		t.Error(err)
	}
}

func tryGoDoc(t *testing.T, line string) {
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "A new destination") {
		t.Errorf("%v, %s", err, out)
	}
}

// tryScript has the shell read a script of .ci, which installs packages or takes
// minutes: .ci/run runs the others.
func tryScript(t *testing.T, line string) {
	path := "../../" + strings.Fields(line)[0]
	if out, err := exec.Command("bash", "-n", path).CombinedOutput(); err != nil {
		t.Errorf("%v, %s", err, out)
	}
	if info, err := os.Stat(path); err == nil && info.Mode()&0o111 == 0 {
		t.Errorf("%s cannot be executed", path)
	}
}

// tryPackaged looks for a program in the packages, and where .ci/run installs one.
func tryPackaged(t *testing.T, path string) {
	for file, want := range map[string]string{"nfpm.yaml": "dst: " + path + ",", "use-deb": "\n" + path + " "} {
		if !strings.Contains(page(t, "../../.ci/package.d/"+file), want) {
			t.Errorf("%s of the packages does not have %s", file, path)
		}
	}
}

func tryPath(t *testing.T, path string) {
	found, err := filepath.Glob("../../" + strings.ReplaceAll(path, "NAME", "*"))
	if err != nil || len(found) == 0 {
		t.Errorf("there is no %s", path)
	}
}
