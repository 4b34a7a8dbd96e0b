package loopcheck_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"lastmile/loopcheck"
)

// A rawRule is a rule for raw input that delivered_hdr.c lacks, because in
// Postfix sendmail(1) and cleanup(8) stand in front of it. The vectors were
// judged by delivered_hdr.c alone. So that every one of them can be held
// against Scan, what the rule is about is replaced by something that
// delivered_hdr.c judges alike and Scan has no rule for.
type rawRule struct {
	name    string
	about   *regexp.Regexp
	instead string
	vectors int // how many of them it touches
}

var rawRules = []rawRule{
	{
		// Scan: a message that begins with white space has no header section.
		// delivered_hdr.c passes over the line, so one more field above it
		// changes nothing there. It never saw From_ lines on top.
		"white space first", regexp.MustCompile(`\A((?:>*From [^\n]*\n)*)([ \t\v\f]|\r[^\n])`), "${1}X-Above: x\n${2}", 92,
	},
	{
		// Scan: the blanks do not count. delivered_hdr.c cuts the value at a
		// fixed offset, so that it begins with the colon.
		"blank before the colon", regexp.MustCompile(`(?mi)^(delivered-to)[ \t]+:`), "${1}::", 130,
	},
	{
		// Scan: all CR before LF are part of the line end. To delivered_hdr.c,
		// all but the last are white space, or the end of the value.
		"several CR before LF", regexp.MustCompile(`\r+\r\n`), " \n", 105,
	},
}

// TestVectors compares the verdicts with those of Postfix's delivered_hdr.c on
// 1500 generated messages.
func TestVectors(t *testing.T) {
	file, err := os.Open(filepath.Join(loopCases, "vectors.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	touched := make([]int, len(rawRules))
	vectors, loops := 0, 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var v struct {
			Msg, Rcpt []byte
			Loop      bool
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		vectors++
		if v.Loop {
			loops++
		}
		message := v.Msg
		for i, rule := range rawRules {
			if rule.about.Match(message) {
				touched[i]++
				message = rule.about.ReplaceAll(message, []byte(rule.instead))
			}
		}
		h, err := loopcheck.Scan(bytes.NewReader(message))
		if err != nil {
			t.Fatal(err)
		}
		if f := h.Find(string(v.Rcpt), loopcheck.Options{}); (f != nil) != v.Loop {
			t.Errorf("vector %d, recipient %q: got %s, want loop %v\n%.600q", vectors, v.Rcpt, describe(f), v.Loop, message)
		}
		// The other comparison finds more, never less.
		if f := h.Find(string(v.Rcpt), loopcheck.Options{Match: loopcheck.Mailbox}); f == nil && v.Loop {
			t.Errorf("vector %d, recipient %q: match mailbox: got no loop, want what Postfix finds\n%.600q", vectors, v.Rcpt, message)
		}
	}
	if vectors != 1500 || loops != 363 {
		t.Errorf("got %d vectors, %d of them loops; want 1500, 363", vectors, loops)
	}
	for i, rule := range rawRules {
		if touched[i] != rule.vectors {
			t.Errorf("%s: %d vectors rewritten, want %d", rule.name, touched[i], rule.vectors)
		}
	}
}
