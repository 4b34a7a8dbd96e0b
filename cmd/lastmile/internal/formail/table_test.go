package formail

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// call is one line of the table.
type call struct {
	line string
	set  string
	args []string
}

// calls reads the table.
func calls(t *testing.T) []call {
	t.Helper()
	table, err := os.ReadFile("testdata/calls.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []call
	text := string(table)
	for text != "" {
		if text[0] == '#' || text[0] == '\n' {
			_, text, _ = strings.Cut(text, "\n")
			continue
		}
		set, rest, _ := strings.Cut(text, ":")
		args, after := words(rest)
		line := strings.TrimSuffix(text[:len(text)-len(after)], "\n")
		all = append(all, call{line: line, set: set, args: args})
		text = after
	}
	return all
}

// words splits a line as a shell would, knowing blanks and ' only. A newline in
// quotes is part of a word. It returns what comes after the line.
func words(text string) (args []string, after string) {
	var word *string
	quoted := false
	for i, c := range text {
		switch {
		case c == '\n' && !quoted:
			if word != nil {
				args = append(args, *word)
			}
			return args, text[i+1:]
		case c == '\'':
			quoted = !quoted
			if word == nil {
				word = new(string)
			}
		case c == ' ' && !quoted:
			if word != nil {
				args = append(args, *word)
				word = nil
			}
		default:
			if word == nil {
				word = new(string)
			}
			*word += string(c)
		}
	}
	return args, ""
}

// inputs returns the messages of a set: several are run one after the other in
// the same directory.
func inputs(t *testing.T, set string) (names []string, texts [][]string) {
	t.Helper()
	add := func(name string, text ...string) {
		names, texts = append(names, name), append(texts, text)
	}
	switch set {
	case "plain":
		add("plain", mail[0].text)
	case "mail":
		for _, m := range mail {
			add(m.name, m.text)
		}
	case "senders":
		for i, m := range senderMails() {
			add(senders[i], m)
		}
	case "boxes":
		for _, m := range boxes {
			add(m.name, m.text)
		}
	case "babyl":
		for _, m := range boxes {
			if m.name == "babyl" {
				add(m.name, m.text)
			}
		}
	case "ids":
		var sequence []string
		for range 2 {
			for _, m := range mail {
				sequence = append(sequence, m.text)
			}
			sequence = append(sequence, senderMails()[:12]...)
		}
		add("sequence", sequence...)
	default:
		t.Fatalf("no such set: %q", set)
	}
	return names, texts
}

// runAll runs a call with each text, and returns what was shown and left.
func runAll(t *testing.T, program string, c call, texts []string) string {
	t.Helper()
	if program != judge && len(texts) == 1 && !slices.Contains(c.args, "sh") && !slices.Contains(c.args, "cache") {
		return inProcess(t, c.args, texts[0]).String() // faster, where nothing is written into the directory
	}
	dir := t.TempDir()
	var all strings.Builder
	for _, text := range texts {
		all.WriteString(runIn(t, dir, program, c.args, text).String())
	}
	return all.String()
}

// known are differences that are meant to be: calls and messages are beginnings
// of the names in the table.
var known = []struct{ call, message, why string }{
	{"mail: -f -l folder -I 'From ", "empty", "the original crashes: there is no header to look at"},
	{"mail: -f -l folder -I 'From ", "newlines", "the same"},
	{"mail: -f -l folder -I 'From ", "no-header", "the same"},
	{"mail: -f -l folder -I 'From ", "postmark-only", "the same"},
	{"mail: -f -l folder -I 'From ", "article", "the same"},
	{"mail: -dem2s", "length-no-empty-line", "of a From_ line right after a field or another one, the original looks at memory that is free already; we take it as it is"},
}

func isKnownDifference(c call, message string) bool {
	return slices.ContainsFunc(known, func(k struct{ call, message, why string }) bool {
		return strings.HasPrefix(c.line, k.call) && k.message == message
	})
}

// Each call of the table does with each message what the original does.
func TestLikeOriginal(t *testing.T) {
	t.Parallel()
	needJudge(t)
	for _, c := range calls(t) {
		names, texts := inputs(t, c.set)
		for i, name := range names {
			got, want := runAll(t, ours(t), c, texts[i]), runAll(t, judge, c, texts[i])
			if same := got == want; same == isKnownDifference(c, name) {
				t.Errorf("%s < %s: (same: %t)\n--- ours\n%s--- original\n%s", c.line, name, same, got, want)
			}
		}
	}
}
