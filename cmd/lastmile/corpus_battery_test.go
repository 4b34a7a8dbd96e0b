package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"lastmile/loopcheck"
)

// batteryDir holds messages, recipients, senders and surroundings that an agent
// meets, each with the verdict it must give; loop verdicts are Postfix's.
var batteryDir = filepath.Join("..", "..", "testdata", "battery")

// battery is one case of cases.json.
type battery struct {
	ID        string
	Group     string
	Msg       string      // a file in messages/
	SHA256    string      // of that file
	Recipient batteryText // {SCRATCH} stands for the directory of the case
	Sender    batteryText
	Setup     string   // a name in batterySetups
	Stdin     string   // a name in batteryModes
	Expect    string   // delivered-intact, loop, bounce, tempfail or usage-error
	AlsoOK    []string `json:"also_ok"`
	Accept    []string // the forms in which the message may be stored
	Why       string
}

// batteryText is text in which "\udcNN" stands for a byte NN that is no UTF-8,
// the way Python writes it into JSON.
type batteryText string

var loneSurrogate = regexp.MustCompile(`\\udc[89a-f][0-9a-f]`)

// UnmarshalJSON takes such bytes over; encoding/json would lose them.
func (b *batteryText) UnmarshalJSON(data []byte) error {
	const private = 0xf700 // a place for the byte where JSON leaves it alone
	var s string
	data = loneSurrogate.ReplaceAllFunc(data, func(m []byte) []byte { return append([]byte(`\uf7`), m[4:]...) })
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	for c := rune(0x80); c <= 0xff; c++ {
		s = strings.ReplaceAll(s, string(private+c), string([]byte{byte(c)}))
	}
	*b = batteryText(s)
	return nil
}

// TestBattery runs every case against the program. Besides the verdict it checks
// what is stored, what is printed, and that nothing outside the Maildir changed.
// A case that needs rights to mount skips without them.
func TestBattery(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join(batteryDir, "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []battery
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != 198 {
		t.Fatalf("%d cases, want 198", len(cases))
	}
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}

// run judges one case.
func (c battery) run(t *testing.T) {
	message := c.message(t)
	s := newScene(t, c.Setup)
	scratch := strings.NewReplacer("{SCRATCH}", s.root)
	recipient, sender := scratch.Replace(string(c.Recipient)), scratch.Replace(string(c.Sender))
	args := []string{"deliver", "-f", sender, "--maildir", s.arg}
	if c.Group == "ctx" { // the caller has stamped the message
		args = append(args, "--stamped-by", "mta")
	}
	args = append(args, "--", recipient)

	before := s.tree(t)
	mode, ok := batteryModes[c.Stdin]
	if !ok {
		t.Fatalf("no such mode of standard input: %q", c.Stdin)
	}
	r := mode(t, s, message, args)
	got := r.verdict()
	if got != c.Expect && !slices.Contains(c.AlsoOK, got) {
		t.Errorf("%s (%s), want %s or one of %q: %s", got, r, c.Expect, c.AlsoOK, c.Why)
	} else if got != c.Expect {
		t.Logf("%s (%s), which will do; %s is preferred", got, r, c.Expect)
	}
	c.checkOutput(t, r, loopcheck.Unquote(recipient))

	stored := s.stored(t)
	if got == "delivered-intact" {
		if len(stored) != 1 {
			t.Fatalf("%d files in new/, want 1", len(stored))
		}
		c.checkStored(t, stored[0], message, sender, recipient)
	} else if len(stored) > 0 {
		t.Errorf("%s, but %d files are in new/", got, len(stored))
	}
	if after := s.tree(t); !slices.Equal(before, after) {
		t.Errorf("changed outside the Maildir:\nbefore %q\nafter  %q", before, after)
	}
}

// message reads the message of the case, and makes sure that no tool has touched
// it on its way here.
func (c battery) message(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(batteryDir, "messages", c.Msg))
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != c.SHA256 {
		t.Fatalf("%s has changed: its SHA-256 is %x", c.Msg, sum)
	}
	return data
}

var statusFirst = regexp.MustCompile(`^([245])\.\d{1,3}\.\d{1,3}(?:\s|$)`)

// verdict is what Postfix's pipe(8) makes of an exit status and the output:
// a signal defers, a status code at the first byte of the output counts before
// the exit status, and 71 and 75 are the only ones that defer by themselves.
// 4.3.5 is told apart: it is how lastmile calls a mistake of its caller.
func (r corpusResult) verdict() string {
	code := statusFirst.FindStringSubmatch(r.stdout + r.stderr)
	switch {
	case r.exit < 0:
		return "tempfail"
	case r.exit == 0:
		return "delivered-intact"
	case code != nil && strings.HasPrefix(code[0], "4.3.5"):
		return "usage-error"
	case code != nil && strings.HasPrefix(code[0], "5.4.6"):
		return "loop"
	case code != nil && code[1] == "4", code == nil && (r.exit == 71 || r.exit == 75):
		return "tempfail"
	default:
		return "bounce"
	}
}

// checkOutput holds lastmile to its contract with the caller: the exit status is
// 0, 75 or 77 and fits the status code; nothing is printed on success, and one
// line of printable text without an end otherwise.
func (c battery) checkOutput(t *testing.T, r corpusResult, recipient string) {
	t.Helper()
	if c.Stdin == "sigkill" {
		return
	}
	want, ok := map[string]int{"delivered-intact": 0, "loop": 77, "bounce": 77, "tempfail": 75, "usage-error": 75}[r.verdict()]
	if !ok || r.exit != want {
		t.Errorf("%s: exit status %d, want %d", r.verdict(), r.exit, want)
	}
	if r.exit == 0 || c.Stdin != "file" && c.Stdin != "sigterm" { // nobody is there to read it
		if r.stdout+r.stderr != "" {
			t.Errorf("output: %s", r)
		}
		return
	}
	text := r.stdout + r.stderr
	if r.stdout != "" && r.stderr != "" {
		t.Errorf("output on both streams: %q, %q", r.stdout, r.stderr)
	}
	if !statusFirst.MatchString(text) || strings.ContainsFunc(text, unprintable) {
		t.Errorf("not one line that begins with a status code: %q", text)
	}
	clean := !strings.ContainsFunc(recipient, unprintable) && len(recipient) < 200
	if full := "5.4.6 mail forwarding loop for " + recipient; r.verdict() == "loop" && clean && text != full {
		t.Errorf("got %q, want %q", text, full)
	}
}

// unprintable says of a rune that it does not belong into a line for a log:
// controls, line ends, what turns the direction of writing, and no UTF-8.
func unprintable(r rune) bool {
	return r < ' ' || r >= 0x7f && r <= 0x9f || r == '\u2028' || r == '\u2029' ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\ufffd'
}

// checkStored holds the stored message to one of the accepted forms, below the
// fields of this delivery.
func (c battery) checkStored(t *testing.T, stored, message []byte, sender, recipient string) {
	t.Helper()
	var complaints []string
	for _, form := range c.Accept {
		var want string
		switch form {
		case "exact":
			want = string(message)
		case "separator": // a first line that is no header field
			want = "\n" + string(message)
		case "drop_from":
			want = string(corpusWithoutFrom(message))
		case "final_newline", "x_from":
			continue // other agents' ways; lastmile adds nothing below its own fields
		default:
			t.Fatalf("no such form: %q", form)
		}
		top, ok := strings.CutSuffix(string(stored), want)
		if !ok {
			complaints = append(complaints, form+": other bytes")
			continue
		}
		complaint := c.checkTop(top, sender, recipient)
		if complaint == "" && top != "" && strings.IndexAny(want, " \t") == 0 {
			complaint = "the first line continues our field"
		}
		if complaint == "" {
			return
		}
		complaints = append(complaints, form+": "+complaint)
	}
	t.Errorf("stored in no form of %q: %q\n%.400q", c.Accept, complaints, stored)
}

// checkTop says what is wrong with the lines above the message, if anything is.
// A sender that cannot stand in a field may be left out or made printable.
func (c battery) checkTop(top, sender, recipient string) string {
	if sender == "MAILER-DAEMON" {
		sender = "" // pipe(8) hands over the null sender under this name
	}
	returnPath := "Return-Path: <" + loopcheck.Quote(sender) + ">\n"
	if sender == "" {
		returnPath = "Return-Path: <>\n"
	}
	stamp := "Delivered-To: " + loopcheck.Quote(loopcheck.Unquote(recipient)) + "\n"
	switch {
	case c.Group == "ctx":
		if top != "" && top != returnPath {
			return fmt.Sprintf("fields that the caller has written already: %q", top)
		}
	case strings.ContainsFunc(sender, unicode.IsControl) || strings.Contains(sender, ">"):
		rest, ok := strings.CutSuffix(top, stamp)
		line, _ := strings.CutSuffix(rest, "\n")
		if !ok || strings.ContainsFunc(line, unicode.IsControl) {
			return fmt.Sprintf("fields %q", top)
		}
	case top != returnPath+stamp:
		return fmt.Sprintf("fields %q, want %q", top, returnPath+stamp)
	}
	return ""
}
