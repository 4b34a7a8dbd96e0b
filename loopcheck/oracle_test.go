package loopcheck_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"lastmile/loopcheck"
)

const (
	// oracleMessages is how many random messages are judged, if
	// LASTMILE_ORACLE does not say.
	oracleMessages = 5_000
	postfixLibs    = "/usr/lib/postfix/"
)

// oracle is Postfix's own delivered_hdr.c, from its library.
type oracle struct {
	in  io.Writer
	out *bufio.Reader
}

func newOracle(t testing.TB) *oracle {
	t.Helper()
	global, util := postfixLibs+"libpostfix-global.so", postfixLibs+"libpostfix-util.so"
	gcc, err := exec.LookPath("gcc")
	if _, missing := os.Stat(global); err != nil || missing != nil {
		if os.Getenv("REQUIRE_PEERS") == "1" {
			t.Fatal("REQUIRE_PEERS=1, but gcc or Postfix's library is missing")
		}
		t.Skip("gcc or Postfix's library is missing")
	}
	dir := t.TempDir()
	cmd := exec.Command(gcc, "-Wall", "-Werror", "-o", dir+"/oracle", filepath.Join(loopCases, "oracle", "oracle.c"), global, util, "-Wl,-rpath,"+postfixLibs)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	run := exec.Command(dir+"/oracle", dir+"/queue")
	in, err := run.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); run.Wait() })
	return &oracle{in, bufio.NewReader(out)}
}

// loops asks. Leading From_ lines never come to delivered_hdr.c; what may be a field
// From with a blank before its colon is none.
func (o *oracle) loops(t testing.TB, message []byte, recipient string) bool {
	t.Helper()
	message = leadingFrom.ReplaceAll(message, nil)
	fmt.Fprintf(o.in, "%d %d\n%s%s", len(recipient), len(message), recipient, message)
	line, err := o.out.ReadString('\n')
	if err != nil {
		t.Fatalf("the oracle has died: %v", err)
	}
	return line == "1\n"
}

var leadingFrom = regexp.MustCompile(`\A(?:>*From [ \t]*[^ \t:\n][^\n]*\n)+`)

// The oracle gives the verdicts that were recorded, and on random messages we give
// those of the oracle.
func TestOracle(t *testing.T) {
	o := newOracle(t)
	file, err := os.Open(filepath.Join(loopCases, "vectors.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var v struct {
			Msg, Rcpt []byte
			Loop      bool
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if got := o.loops(t, v.Msg, string(v.Rcpt)); got != v.Loop {
			t.Fatalf("the oracle says %v, recorded was %v: %q %q", got, v.Loop, v.Rcpt, v.Msg)
		}
	}
	count, seed := oracleMessages, uint64(1)
	if n, err := strconv.Atoi(os.Getenv("LASTMILE_ORACLE")); err == nil {
		count, seed = n, rand.Uint64()
	}
	random, loops := rand.New(rand.NewPCG(seed, 0)), 0
	for range count {
		message, recipient := randomMessage(random)
		message = judgedAlike(message)
		want := o.loops(t, message, recipient)
		if want {
			loops++
		}
		h, err := loopcheck.Scan(bytes.NewReader(message))
		if err != nil {
			t.Fatal(err)
		}
		if found := h.Find(recipient, loopcheck.Options{}); (found != nil) != want {
			t.Errorf("recipient %q: got %v, want %v\n%.1000q", recipient, found != nil, want, message)
		}
	}
	t.Logf("%d messages, %d of them loops", count, loops)
	if loops < count/20 || loops > count*19/20 {
		t.Errorf("%d of %d are loops: too much alike to show anything", loops, count)
	}
}

// judgedAlike changes a message where Scan has a rule of its own.
func judgedAlike(message []byte) []byte {
	for _, rule := range rawRules {
		message = rule.about.ReplaceAll(message, []byte(rule.instead))
	}
	return message
}

// Whatever the message and the recipient, the verdict is Postfix's.
func FuzzOracle(f *testing.F) {
	o := newOracle(f)
	random := rand.New(rand.NewPCG(1, 0))
	for range 50 {
		message, recipient := randomMessage(random)
		f.Add(message, recipient)
	}
	f.Add([]byte("Delivered-To: receiver@example1.jp\n\n"), "receiver@example1.jp")
	f.Fuzz(func(t *testing.T, message []byte, recipient string) {
		if len(message) > 16<<10 || len(recipient) > 1024 || strings.IndexByte(recipient, 0) >= 0 || recipient == "" {
			t.Skip("no recipient, or larger than need be")
		}
		message = judgedAlike(message)
		want := o.loops(t, message, recipient)
		h, err := loopcheck.Scan(bytes.NewReader(message))
		if err != nil {
			t.Fatal(err)
		}
		if found := h.Find(recipient, loopcheck.Options{}); (found != nil) != want {
			t.Errorf("recipient %q: got %v, want %v\n%q", recipient, found != nil, want, message)
		}
	})
}

// Pieces of messages that are read in different ways by different programs.
var (
	oracleAddresses = []string{
		"joe@example.com", "JOE@Example.COM", "a b@example.com", `"a b"@example.com`, "joe", "joe@", "@example.com", "a.@b", ".a@b", "a..b@c", `a"b@c`, `a\b@c`,
		"straße@example.com", "strasse@example.com", "\u212aelvin@example.com", "kelvin@example.com", "İ@example.com", "é@example.com", "e\u0301@example.com",
		"joe+x@example.com", "<joe@example.com>", "joe@example.com ", "joe (x)@example.com", "joe@[192.0.2.1]", "@r:joe@example.com", "a@b@c", "joe\xff@example.com", strings.Repeat("x", 300) + "@y",
	}
	oracleNames  = []string{"Delivered-To", "delivered-to", "DELIVERED-TO", "Delivered-To", "Delivered-To", "X-Delivered-To", "Delivered-To-X", "Received", "Subject", "Delivered To", "Delivered-T\xc3\xb6", "", "X\x00", "Resent-To", "From"}
	oracleColons = []string{": ", ":", ":\t", ": ", ": ", ":  ", " : ", ":\x00", ":\v", "", ":\r", ": \r"}
	oracleEnds   = []string{"\n", "\n", "\n", "\n", "\n", "\n", "\r\n", "\n ", "\n\t", "\x00\n", " \n", "\r\r\n", "\n\n", "", "\n \n", "\n>From x\n", "\nFrom x\n", "\f\n"}
)

// randomMessage makes a message and a recipient of them.
func randomMessage(r *rand.Rand) (message []byte, recipient string) {
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	few := []string{pick(oracleAddresses), pick(oracleAddresses), pick(oracleAddresses)}
	var b bytes.Buffer
	for range r.IntN(3) * r.IntN(2) {
		b.WriteString("From a@b  Thu Aug  3 00:00:00 2017\n")
	}
	for range 1 + r.IntN(7) {
		if r.IntN(40) == 0 {
			b.WriteString("X-Long: " + strings.Repeat("x", 2030+r.IntN(40)) + "Delivered-To: " + few[0] + "\n")
		}
		b.WriteString(pick(oracleNames) + pick(oracleColons) + loopcheck.Quote(pick(few)) + pick(oracleEnds))
		for r.IntN(30) == 0 {
			b.WriteByte(byte(r.IntN(256)))
		}
	}
	return b.Bytes(), strings.TrimRight(pick(few), "\x00")
}
