package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What the environment says about TestProcmailRandom.
const (
	pmRandomCount  = "PROCMAIL_RANDOM"        // how many scripts, 120 by default
	pmRandomSeed   = "PROCMAIL_RANDOM_SEED"   // of the first one; the others follow. 0: by the clock
	pmRandomSelf   = "PROCMAIL_RANDOM_SELF"   // 1: the real procmail against itself, which judges the generator
	pmRandomReduce = "PROCMAIL_RANDOM_REDUCE" // 1: shorten the scripts that show a difference
)

// pmSeed is the same everywhere, so that a run of the tests depends on the change
// they are run for, and not on luck: a few scripts in 10,000 make procmail read
// what lies behind the end of the message.
const pmSeed = 20261125

// pmRandomLimit is far more than a script needs, for its programs do nothing that
// takes time.
const pmRandomLimit = 15 * time.Second

// TestProcmailRandom makes up rcfiles and messages and has both programs run them:
// what nobody thought of a case for. A difference is shown as a case file, and with
// PROCMAIL_RANDOM_SEED=N PROCMAIL_RANDOM=1 it is made again.
func TestProcmailRandom(t *testing.T) {
	t.Parallel()
	real := realProcmail(t)
	ours := real
	if os.Getenv(pmRandomSelf) != "1" {
		ours = ourProcmail(t)
	}
	count, seed := envNumber(t, pmRandomCount, 120), envNumber(t, pmRandomSeed, pmSeed)
	if seed == 0 {
		seed = time.Now().UnixNano() % 1e9
	}
	slots, done := make(chan struct{}, pmAtOnce), make(chan string)
	for i := range count {
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			done <- differRandom(seed+i, real, ours)
		}()
	}
	differ := 0
	for range count {
		if text := <-done; text != "" {
			if differ++; differ <= 5 {
				t.Error(text)
			}
		}
	}
	t.Logf("%d scripts from seed %d on, %d differ", count, seed, differ)
}

func envNumber(t *testing.T, name string, fallback int64) int64 {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		return fallback
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// differRandom says how the programs differ about one script, "" if they do not.
func differRandom(seed int64, real, ours pmProgram) string {
	g := newPMGenerator(seed)
	script := g.script()
	diff := g.differ(script, real, ours)
	if diff == "" {
		return ""
	}
	if os.Getenv(pmRandomReduce) == "1" {
		for i := len(script) - 1; i >= 0; i-- {
			shorter := append(append([]string{}, script[:i]...), script[i+1:]...)
			if d := g.differ(shorter, real, ours); d != "" {
				script, diff = shorter, d
			}
		}
	}
	return fmt.Sprintf("seed %d\n%s\n--- procmail\n+++ ours\n%s", seed, caseText(g.testCase(script)), diff)
}

// differ runs a script with both.
func (g *pmGenerator) differ(script []string, real, ours pmProgram) string {
	c := g.testCase(script)
	real.limit, ours.limit = pmRandomLimit, pmRandomLimit
	want, err := real.run(c)
	if err != nil {
		return "procmail: " + err.Error()
	}
	if strings.HasPrefix(string(want), "exit: timeout\n") {
		return "" // procmail itself does not come to an end
	}
	got, err := ours.run(c)
	if err != nil {
		return "ours: " + err.Error()
	}
	if w, g := predictable(want), predictable(got); w != g {
		return pmDiff(w, g)
	}
	return ""
}

var pmUnpredictable = regexp.MustCompile(`(?m)^  \| procmail: (Executing "|Locking "|Error while writing to ".*/_).*\n`)

var pmToken = regexp.MustCompile(`@([UI])\d+@`)

// predictable drops what is a matter of chance: in a verbose log, when procmail's
// children come to say what they execute, and the names of what locks are made
// from; and which of two files with the same contents is which.
func predictable(snapshot []byte) string {
	return string(pmToken.ReplaceAll(pmUnpredictable.ReplaceAll(snapshot, nil), []byte("@$1@")))
}

// testCase makes a case of a script.
func (g *pmGenerator) testCase(script []string) *pmCase {
	c := &pmCase{
		name:     fmt.Sprintf("random-%d", g.seed),
		sections: map[string]string{"rc": strings.Join(script, "\n") + "\n", "setup": "mkdir sub dir box.d\n"},
		messages: map[int]string{1: g.message},
		files: []pmFile{
			{path: "bin/say", mode: 0o755, body: "#!/bin/sh\ncat >/dev/null\nprintf '%s\\n' \"$*\"\n"},
		},
	}
	c.files = append(c.files, g.includes...)
	return c
}

// caseText writes a case down as its file would.
func caseText(c *pmCase) string {
	var b strings.Builder
	fmt.Fprintf(&b, "-- desc --\nfound by chance\n-- tags --\narea:random\n-- setup --\n%s-- rc --\n%s", c.sections["setup"], c.sections["rc"])
	for _, f := range c.files {
		fmt.Fprintf(&b, "-- file %s %o --\n%s", f.path, f.mode, f.body)
	}
	fmt.Fprintf(&b, "-- message:escaped --\n%s\n", strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`).Replace(c.messages[1]))
	return b.String()
}

// pmGenerator makes up one script. It stays away from what is a matter of chance
// in procmail itself: programs that do not read their input, two programs at once
// with one file, messages whose first field is Subject, and process numbers.
type pmGenerator struct {
	*rand.Rand
	seed     int64
	files    int // names of output files in use
	message  string
	includes []pmFile
}

func newPMGenerator(seed int64) *pmGenerator {
	return &pmGenerator{Rand: rand.New(rand.NewPCG(uint64(seed), 1)), seed: seed}
}

// one picks one of some.
func (g *pmGenerator) one(of ...string) string { return of[g.IntN(len(of))] }

// chance is true in n of 100 cases.
func (g *pmGenerator) chance(n int) bool { return g.IntN(100) < n }

// script is an rcfile in parts that make sense alone.
func (g *pmGenerator) script() []string {
	g.message = g.makeMessage()
	parts := []string{"LOCKSLEEP=0"}
	if g.chance(20) {
		parts = append(parts, "VERBOSE=yes")
	}
	if g.chance(20) {
		parts = append(parts, "LOGABSTRACT="+g.one("all", "yes", "no"))
	}
	for range 3 + g.IntN(4) {
		parts = append(parts, g.assignment())
	}
	for range 3 + g.IntN(7) {
		parts = append(parts, g.statement(0))
	}
	return append(parts, pmDump)
}

// pmDump shows all that a script could have assigned.
const pmDump = `LOG="A=[$A] B=[$B] C=[$C] D=[$D] MATCH=[$MATCH] score=$= status=$?
"`

func (g *pmGenerator) makeMessage() string {
	from := "From sender@example.org Thu Jan  4 10:11:12 2024\n"
	if g.chance(15) {
		from = ""
	}
	header := "From: Some Body <sender@example.org>\nTo: receiver@example.com\n" +
		g.one("Subject: tiny\n", "Subject: a longer subject, box 12\n", "Subject:  folded\n\tsubject line\n", "Subject: [list] Re: abc aab\n", "") +
		g.one("", "X-Test: one\nX-Test: two\n", "X-Number: 42\n", "List-Id: The list <abc.lists.example.net>\n", "Cc: other@example.net,\n  third@example.net\n")
	body := g.one("\nbody\n", "\nabc aab\nFrom the start\n\nlast line\n", "", "\n", "\nno newline at the end",
		"\naaa bbb\naaa\n\n\n", "\n>From quoted\nFrom x\n8-bit \xe4\xf6\xfc\n", "\nb\n\na box\n")
	return from + header + body
}
