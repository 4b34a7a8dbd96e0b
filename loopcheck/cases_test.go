package loopcheck_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"lastmile/loopcheck"
)

// loopCases is where the cases are; its README describes them.
const loopCases = "../testdata/loop"

// loopCase is one message with the verdicts on it.
type loopCase struct {
	name      string
	message   []byte
	recipient string // as given on a command line, perhaps quoted
	postfix   bool   // the real Postfix finds a loop
	ours      bool   // the default comparison shall find one; differs from postfix with a reason only
	mailbox   bool   // the mailbox comparison shall find one
	delimiter string
}

// TestCases judges every case in both ways of comparing.
func TestCases(t *testing.T) {
	cases := readLoopCases(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h, err := loopcheck.Scan(bytes.NewReader(c.message))
			if err != nil {
				t.Fatal(err)
			}
			recipient := loopcheck.Unquote(c.recipient)
			for _, way := range []struct {
				name    string
				want    bool
				options loopcheck.Options
			}{
				{"postfix", c.ours, loopcheck.Options{Delimiter: c.delimiter}},
				{"mailbox", c.mailbox, loopcheck.Options{Match: loopcheck.Mailbox, Delimiter: c.delimiter}},
			} {
				if f := h.Find(recipient, way.options); (f != nil) != way.want {
					t.Errorf("match %s: got %s, want loop %v", way.name, describe(f), way.want)
				}
			}
		})
	}
}

// TestCasesInPieces feeds the scanner with the same messages byte by byte, as a
// slow pipe does: what it finds must not depend on where reads end.
func TestCasesInPieces(t *testing.T) {
	for _, c := range readLoopCases(t) {
		whole, err := loopcheck.Scan(bytes.NewReader(c.message))
		if err != nil {
			t.Fatal(err)
		}
		pieces, err := loopcheck.Scan(iotest.OneByteReader(bytes.NewReader(c.message)))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprintf("%+v", *pieces), fmt.Sprintf("%+v", *whole); got != want {
			t.Errorf("%s: byte by byte: got %.300s, want %.300s", c.name, got, want)
		}
	}
}

// TestCasesAreSound holds what must be true of the expectations themselves:
// mailbox mode finds all that the default finds, and a verdict differs from
// Postfix's only in the cases that are listed here.
func TestCasesAreSound(t *testing.T) {
	var differ []string
	for _, c := range readLoopCases(t) {
		if c.ours && !c.mailbox {
			t.Errorf("%s: the default finds a loop, so mailbox mode must", c.name)
		}
		if c.ours != c.postfix {
			differ = append(differ, c.name)
		}
	}
	want := []string{"crlf-kept", "no-domain-both", "recipient-domain-dot", "utf8-disabled", "vt-line-then"}
	if !slices.Equal(differ, want) {
		t.Errorf("cases that differ from Postfix: got %q, want %q", differ, want)
	}
}

// readLoopCases reads the cases in the order of their names. A message without
// expectations, or the other way round, is an error, and so is a key that means
// nothing: a slip of the pen must not switch off a check.
func readLoopCases(t *testing.T) []loopCase {
	t.Helper()
	messages, err := filepath.Glob(filepath.Join(loopCases, "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	wants, err := filepath.Glob(filepath.Join(loopCases, "*.want"))
	if err != nil {
		t.Fatal(err)
	}
	if len(messages) < 75 || len(wants) != len(messages) {
		t.Fatalf("%d messages and %d expectations", len(messages), len(wants))
	}
	var cases []loopCase
	for _, file := range messages {
		cases = append(cases, readLoopCase(t, strings.TrimSuffix(file, ".eml")))
	}
	return cases
}

func readLoopCase(t *testing.T, file string) loopCase {
	t.Helper()
	message, err := os.ReadFile(file + ".eml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file + ".want")
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if _, twice := keys[key]; !ok || twice {
			t.Fatalf("%s.want: line %q", file, line)
		}
		keys[key] = value
	}
	c := loopCase{name: filepath.Base(file), message: message, recipient: keys["recipient"], delimiter: keys["delimiter"]}
	if s, err := strconv.Unquote(c.recipient); err == nil {
		c.recipient = s
	}
	verdicts := map[string]bool{"loop": true, "none": false}
	var known [3]bool
	c.postfix, known[0] = verdicts[keys["postfix"]]
	c.mailbox, known[1] = verdicts[keys["mailbox"]]
	c.ours, known[2] = c.postfix, true
	if keys["diff"] != "" {
		c.ours, known[2] = verdicts[keys["ours"]]
		delete(keys, "ours")
	}
	if known != [3]bool{true, true, true} || c.recipient == "" || keys["why"] == "" {
		t.Fatalf("%s.want: a key is missing, or has no such value: %q", file, keys)
	}
	for _, key := range []string{"recipient", "postfix", "mailbox", "delimiter", "diff", "postconf", "why"} {
		delete(keys, key)
	}
	if len(keys) > 0 {
		t.Fatalf("%s.want: no such key: %q", file, slices.Collect(maps.Keys(keys)))
	}
	return c
}

// describe names a field that was found.
func describe(f *loopcheck.Field) string {
	if f == nil {
		return "no loop"
	}
	return fmt.Sprintf("loop by line %d %.80q", f.Line, f.Value)
}
