package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"lastmile/cmd/lastmile/internal/lab"
	"lastmile/loopcheck"
)

// confirmCase is one case of testdata/loop; the README there describes it.
type confirmCase struct {
	name    string
	message []byte
	want    map[string]string
}

// confirmCases reads the cases. What stands in them is checked for sense by the
// tests of package loopcheck.
func confirmCases(t *testing.T) []confirmCase {
	t.Helper()
	dir := filepath.Join("..", "..", "testdata", "loop")
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", dir, err)
	}
	var cases []confirmCase
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".eml")
		c := confirmCase{name: name, want: map[string]string{}}
		if c.message, err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, name+".want"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			c.want[key] = value
		}
		cases = append(cases, c)
	}
	return cases
}

// recipient is the address as given on a command line, perhaps quoted.
func (c confirmCase) recipient() string {
	if s, err := strconv.Unquote(c.want["recipient"]); err == nil {
		return s
	}
	return c.want["recipient"]
}

// sender is the address by which the log tells the cases apart: many have the
// same recipient.
func (c confirmCase) sender() string { return "case-" + c.name + "@sink.test" }

// TestConfirmLoopCases lets the real Postfix judge every case: it is queued for
// a pipe(8) transport with flags=D, which refuses a loop before it starts the
// command.
func TestConfirmLoopCases(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	cases := confirmCases(t)
	bySetting := map[string][]confirmCase{}
	for _, c := range cases {
		bySetting[c.want["postconf"]] = append(bySetting[c.want["postconf"]], c)
	}
	for setting, group := range bySetting {
		name := setting
		if name == "" {
			name = "default"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := confirmByPostfix(t, setting, group)
			for _, c := range group {
				if got[c.name] != c.want["postfix"] {
					t.Errorf("%s: Postfix says %q, the case %q (%s)", c.name, got[c.name], c.want["postfix"], c.want["why"])
				}
			}
		})
	}
}

// confirmByPostfix queues the cases and returns the verdicts by name: loop or
// none, or what was logged if it is neither.
func confirmByPostfix(t *testing.T, setting string, cases []confirmCase) map[string]string {
	t.Helper()
	p := lab.StartPostfix(t, lab.PostfixConfig{
		MainCF:    "confirm_destination_recipient_limit = 1\n" + strings.Replace(setting, "=", " = ", 1),
		MasterCF:  "confirm unix - n n - - pipe flags=D user=nobody argv=/bin/sh -c {cat >/dev/null}",
		Transport: "sink.test discard:\n* confirm:", // bounces end in discard
	})
	for _, c := range cases {
		to := c.recipient()
		if !strings.HasPrefix(to, `"`) {
			to = loopcheck.Quote(to) // sendmail(1) parses its arguments
		}
		p.Inject(t, c.sender(), to, c.message)
	}
	p.Drain(t)
	log, err := os.ReadFile(filepath.Join(p.Root(), "log", "mail.log"))
	if err != nil {
		t.Fatal(err)
	}
	return confirmVerdicts(string(log))
}

var (
	confirmFrom = regexp.MustCompile(`(?m)qmgr\[\d+\]: (\w+): from=<case-(.+)@sink\.test>,`)
	confirmTo   = regexp.MustCompile(`(?m)\]: (\w+): to=<.*dsn=([0-9.]+), status=(\w+) \((.*)\)$`)
)

// confirmVerdicts reads the verdicts from the mail log. A message that has more
// than one status has no verdict.
func confirmVerdicts(log string) map[string]string {
	status := map[string][]string{}
	for _, m := range confirmTo.FindAllStringSubmatch(log, -1) {
		line := m[2] + " " + m[3] + " " + m[4]
		switch {
		case m[2] == "2.0.0" && m[3] == "sent":
			line = "none"
		case m[2] == "5.4.6" && m[3] == "bounced" && strings.HasPrefix(m[4], "mail forwarding loop for "):
			line = "loop"
		}
		status[m[1]] = append(status[m[1]], line)
	}
	verdicts := map[string]string{}
	for _, m := range confirmFrom.FindAllStringSubmatch(log, -1) {
		verdicts[m[2]] = strings.Join(status[m[1]], " and ")
	}
	return verdicts
}

// TestLoopCases runs every case through the program: check gives its verdict in
// the exit status, in either way of comparing, and deliver refuses in Postfix's
// words what check calls a loop.
func TestLoopCases(t *testing.T) {
	t.Parallel()
	for _, c := range confirmCases(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			recipient, ours := c.recipient(), c.want["postfix"]
			if c.want["diff"] != "" {
				ours = c.want["ours"]
			}
			exits := map[string]int{"none": 0, "loop": 1}
			delimiter := "--recipient-delimiter=" + c.want["delimiter"]
			for _, run := range []struct {
				args []string
				want string
			}{
				{[]string{"check", "--", recipient}, ours},
				{[]string{"check", "--match", "mailbox", delimiter, "--", recipient}, c.want["mailbox"]},
			} {
				r := corpusRun(t, c.message, run.args...)
				if r.exit != exits[run.want] || r.stderr != "" {
					t.Errorf("%q: exit %d, want %d (%s)\n%s%s", run.args, r.exit, exits[run.want], run.want, r.stdout, r.stderr)
				}
			}

			refusal := ""
			if ours == "loop" {
				refusal = "5.4.6 mail forwarding loop for " + confirmPrintable(loopcheck.Unquote(recipient))
			}
			maildir := filepath.Join(t.TempDir(), "Maildir")
			r := corpusRun(t, c.message, "deliver", "--maildir", maildir, "--", recipient)
			if stored := len(lab.ReadMaildir(t, maildir)); (stored == 1) != (refusal == "") {
				t.Errorf("deliver stored %d messages, verdict %s", stored, ours)
			}
			if got, want := r.String(), fmt.Sprintf("exit %d %q", map[bool]int{true: 0, false: 77}[refusal == ""], refusal); got != want {
				t.Errorf("deliver: got %s, want %s", got, want)
			}
		})
	}
}

// confirmPrintable is the address with a "_" for every byte that is no UTF-8:
// what Postfix makes of such a byte in the output of a command (pipe_command.c).
func confirmPrintable(address string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError {
			return '_'
		}
		return r
	}, address)
}
