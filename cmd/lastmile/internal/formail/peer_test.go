package formail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// judge is the program that we have to be like: procmail 3.22-27's.
const judge = "/usr/bin/formail"

// asProgram makes the test binary the program itself, in its environment.
const asProgram = "FORMAIL_TEST_AS_PROGRAM=1"

func TestMain(m *testing.M) {
	if name, value, _ := strings.Cut(asProgram, "="); os.Getenv(name) == value {
		os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// needJudge skips the test where the program is not installed.
func needJudge(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(judge); err == nil {
		return
	}
	if os.Getenv("REQUIRE_PEERS") == "1" {
		t.Fatal("REQUIRE_PEERS=1, but " + judge + " is not installed")
	}
	t.Skip(judge + " is not installed")
}

// ours returns the program under test.
func ours(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return self
}

// result is all that a run shows and leaves.
type result struct {
	status         int
	stdout, stderr string
	files          string // name and content of each
}

// runIn runs a program in a directory, at most a few seconds.
func runIn(t testing.TB, dir, program string, args []string, stdin string, env ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=/usr/bin:/bin", "TZ=UTC", asProgram}, env...)
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return result{status: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String(), files: filesIn(t, dir)}.normal()
}

// filesIn shows the files of a directory.
func filesIn(t testing.TB, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		fmt.Fprintf(&all, "%s: %q\n", d.Name(), normalText(string(data)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// normal makes results of different times and programs comparable.
func (r result) normal() result {
	r.stdout = normalText(r.stdout)
	// Usage, help and version are each program's own.
	for _, start := range []string{"Usage: ", "usage: ", " -v\t", "formail v3.", "formail of lastmile"} {
		if at := strings.Index(r.stderr, start); at >= 0 {
			r.stderr = r.stderr[:at] + "(usage)\n"
		}
	}
	return r
}

// normalText replaces the dates and ids of now. Dates in the test messages are
// of other years.
func normalText(text string) string {
	for _, year := range []string{strconv.Itoa(time.Now().Year()), strconv.Itoa(time.Now().Year() - 1)} {
		if strings.Contains(text, year) {
			text = regexp.MustCompile(`  [A-Z][a-z][a-z] [A-Z][a-z][a-z] [ 0-9]\d \d\d:\d\d:\d\d `+year+`\n`).ReplaceAllString(text, "  (now)\n")
		}
	}
	if host, _ := os.Hostname(); strings.Contains(text, "@"+host+">") {
		id := regexp.MustCompile(`<[\w-]+\.[\w-]+\.[\w-]+\.[\w-]+@` + regexp.QuoteMeta(host) + `>`)
		text = id.ReplaceAllString(text, "<(id)>")
	}
	return text
}

// String shows a result readably and completely.
func (r result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "exit %d\n", r.status)
	section := func(name, text string) {
		for line := range strings.Lines(text) {
			fmt.Fprintf(&b, "%s %s\n", name, strings.Trim(strconv.Quote(line), `"`))
		}
	}
	section("out", r.stdout)
	section("err", r.stderr)
	section("file", r.files)
	return b.String()
}
