package formail

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Random calls with random messages do what the original does. More of them:
// FORMAIL_RUNS=100000; others: FORMAIL_SEED=2.
func TestRandomLikeOriginal(t *testing.T) {
	t.Parallel()
	needJudge(t)
	runs, seed := setting(t, "FORMAIL_RUNS", 4000), setting(t, "FORMAIL_SEED", 1)
	t.Logf("%d runs, seed %d", runs, seed)
	faults := 0
	for i := range runs {
		g := &generator{Rand: rand.New(rand.NewPCG(uint64(seed), uint64(i)))}
		args := g.call()
		text := g.message(strings.HasSuffix(strings.Join(args, " "), "cat") || args[len(args)-1] == "-s")
		if why := excluded(args); why != "" {
			continue
		}
		got, want := inProcess(t, args, text), runIn(t, t.TempDir(), judge, args, text)
		if want.status == -1 {
			continue // it crashes, of -l without a header for one
		}
		if got.String() != want.String() {
			t.Errorf("run %d: %q < %q\n--- ours\n%s--- original\n%s", i, args, text, got, want)
			if faults++; faults > 5 {
				t.Fatal("and more")
			}
		}
	}
}

// setting reads a number from the environment.
func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// inProcess runs our program within the test: in a directory of its own, which
// the only file name in the arguments is in.
func inProcess(t *testing.T, args []string, text string) result {
	t.Helper()
	dir := t.TempDir()
	here := append([]string(nil), args...)
	for i, arg := range here {
		if arg == "cache" {
			here[i] = filepath.Join(dir, arg)
		}
	}
	var stdout, stderr bytes.Buffer
	j := &job{
		stdin: strings.NewReader(text), stdout: &stdout, stderr: &stderr, pid: 1,
		env: []string{"PATH=/usr/bin:/bin"}, now: func() time.Time { return time.Now().UTC() },
	}
	status := j.run(here)
	return result{status: status, stdout: stdout.String(), stderr: stderr.String(), files: filesIn(t, dir)}.normal()
}

// excluded says why the original cannot be the judge of a call.
func excluded(args []string) string {
	all := " " + strings.Join(args, " ")
	switch {
	case strings.Contains(all, "-l") && strings.Contains(all, "essage-ID:"):
		return "sizes differ with the length of ids that are made up"
	case strings.Contains(all, "-U") && strings.Contains(all, "-r"):
		return "the original uses fields that are free already: of the message, when it edits the reply"
	}
	return ""
}

// generator makes calls and messages.
type generator struct{ *rand.Rand }

func (g *generator) pick(list ...string) string { return list[g.IntN(len(list))] }

// name returns a field name, or its beginning.
func (g *generator) name() string {
	return g.pick("Subject:", "To:", "From:", "Reply-To:", "Return-Path:", "Message-ID:", "References:", "X-Loop:", "X-", "X-A:", "X-AB:",
		"Sub", "", "From ", "Content-Length:", "Date:", "Old-", "R", "Re", "Cc:", "Sender:", "Resent-From:", "subject:", "Resent-Message-ID:", "Path:")
}

// fieldText returns a field for an option.
func (g *generator) fieldText() string {
	name := g.name()
	if g.IntN(3) == 0 {
		return name
	}
	return name + g.pick(" ", "", "  ", " x", "y", " a@b.c", " a\n b", " 12", "\tz ", " x:")
}

// call returns the arguments of a call.
func (g *generator) call() []string {
	var args []string
	for range g.IntN(5) {
		switch g.IntN(5) {
		case 0:
			args = append(args, "-"+g.pick("b", "c", "z", "f", "r", "t", "k", "rt", "rk", "rtk", "q-", "Y", "cz", "zf", "rkb"))
		case 1, 2:
			args = append(args, "-"+g.pick("a", "A", "i", "I", "I", "x", "X", "u", "U", "zx", "rx", "kX"), g.fieldText())
		case 3:
			args = append(args, "-"+g.pick("x", "X", "I", "i", "u", "U"), g.name())
		case 4:
			args = append(args, g.pick("-p| ", "-p", "-ra", "-R", "-R", "-l", "-D", "-a"))
			switch last := args[len(args)-1]; last {
			case "-p", "-l":
				args = append(args, g.pick(">>", "folder", "", "a\tb"))
			case "-ra":
				args = append(args, "Resent-")
			case "-R":
				args = append(args, g.name(), g.name())
			case "-D":
				args = append(args, g.pick("0", "1", "20", "50", "1000"), "cache")
			case "-a":
				args = append(args, g.pick("Date:", "From ", "Message-ID:", "Subject:"))
			}
		}
	}
	if g.IntN(3) == 0 {
		for range g.IntN(3) {
			args = append(args, g.pick("-d", "-e", "-m1", "-m3", "+1", "-1", "-2", "-de", "-q-"))
		}
		args = append(args, "-s")
		if g.IntN(5) == 0 {
			args = append(args, "cat")
		}
	}
	if len(args) == 0 {
		args = append(args, "-b")
	}
	return args
}

// message returns a message, or several. A From_ line never comes right after a
// field or an Article line: of those the original looks at memory that is free already when it
// splits.
func (g *generator) message(split bool) string {
	var b strings.Builder
	inHeader, postmarkNow := true, true
	lines := g.IntN(16)
	if split {
		lines *= 2
	}
	for range lines {
		switch n := g.IntN(20); {
		case n < 3 && (postmarkNow || !split):
			b.WriteString(g.postmark() + "\n")
			inHeader, postmarkNow = true, false
		case n < 5 || n < 8 && !inHeader:
			b.WriteString(g.pick("", "", "", " ", "\t") + "\n")
			inHeader, postmarkNow = g.IntN(3) == 0, strings.HasSuffix(b.String(), "\n\n")
		case n < 17:
			b.WriteString(g.field() + "\n")
			postmarkNow = false
		default:
			b.WriteString(g.pick("text", "some text: here", ">From x", "Fro", "-- ", "\x00", ":", "a\x00b: c", "Article 5 of x", "\x1f", "\r") + "\n")
			postmarkNow = !inHeader && !strings.HasSuffix(b.String(), "Article 5 of x\n")
		}
	}
	text := b.String()
	if g.IntN(6) == 0 {
		text = strings.TrimSuffix(text, "\n")
	}
	if g.IntN(20) == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}

func (g *generator) postmark() string {
	return g.pick("From a@b.c Thu Jan  4 10:11:12 2024", "From user Thu Jan  4 10:11:12 2024 remote from h",
		"From a@b.c Thu Jan  4 10:11:12 2024\n>From x remote from y", "From x", "From ", "From  x y", "From me to you", "From : x")
}

// field returns a field of a message.
func (g *generator) field() string {
	name := g.pick("Subject", "Subject", "To", "From", "From", "Reply-To", "Return-Path", "Message-ID", "References", "X-Loop", "X-A", "x-ab", "Date",
		"Old-Subject", "Received", "Unknown", "Sender", "Resent-From", "Resent-Reply-To", "Content-Length", "Errors-To", "Path", "Cc", "X400-Trace", "Mail-from", "\xe4")
	value := g.pick(" a@b.c", " <x@y.z>", " text", "", " ", "tight", " \"q, r\" <s@t.u>", " folded\n more", " f\n\tg\n h", " 5", " 12", " 300", " Re: x", " <>",
		" user", " a (b) c@d.e", " a@b.c, d@e.f", "\n late", " l: a, b;", " h!u", "  two  ", " (", " \"", " <", " \\", " [", " >", " ;,", " @.:", "\x00", " \xff")
	if name == "From" || name == "Reply-To" || name == "Sender" {
		for range g.IntN(4) {
			value += g.pick("a", "b@c.d", "<", ">", "(", ")", "\"", ",", ";", ":", "@", ".", " ", "[", "]", "\\", "\n ", "!")
		}
	}
	return name + g.pick("", "", "", "", " ", "\t ") + ":" + value
}
