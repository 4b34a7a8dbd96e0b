package pattern

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// hundred are patterns as they stand in rcfiles, none of which matches.
func hundred() []string {
	words := strings.Fields("viagra cialis casino lottery winner mortgage replica rolex pharmacy unsubscribed refinance inheritance " +
		"million wire.transfer click.here act.now free.offer guarantee prize urgent")
	var all []string
	for i, word := range words {
		next := words[(i+1)%len(words)]
		all = append(all,
			word+"x",
			"^Subject:.*"+word,
			"("+word+"|"+next+")[0-9]+",
			"[a-z]+"+word+"zz?",
			`()\<`+word+`q\>.*(`+next+`|\$[0-9]+)`,
		)
	}
	return all
}

// megabyte is a message body: text, base64 and a line of markup.
func megabyte() []byte {
	r := rand.New(rand.NewPCG(1, 1))
	words := strings.Fields("the message was sent to all of them and nobody has read it yet because the list is large free urgent people click")
	var b bytes.Buffer
	for b.Len() < 1<<20 {
		switch {
		case b.Len()>>16&1 == 0:
			for line := b.Len() + 70; b.Len() < line; {
				b.WriteString(words[r.IntN(len(words))] + " ")
			}
		default:
			for range 76 {
				b.WriteByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[r.IntN(64)])
			}
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func header() []byte {
	var b strings.Builder
	b.WriteString("From a@example.org Thu Jan  4 10:11:12 2024\n")
	for i := range 20 {
		fmt.Fprintf(&b, "X-Header-%d: some value of a header field that is as long as they are <%d@example.org>\n", i, i)
	}
	b.WriteString("From: Somebody <somebody@example.org>\nTo: us@example.com\nSubject: nothing special\n\n")
	return []byte(b.String())
}

// BenchmarkHundred compiles a hundred patterns and searches a megabyte for each.
func BenchmarkHundred(b *testing.B) {
	all, text := hundred(), megabyte()
	b.SetBytes(int64(len(text) * len(all)))
	b.ReportAllocs()
	for b.Loop() {
		for _, expr := range all {
			p, _ := Compile(expr, true)
			if p.Match(text) {
				b.Fatal(expr)
			}
		}
	}
}

// BenchmarkBody has one pattern of each kind, over a megabyte.
func BenchmarkBody(b *testing.B) {
	text := megabyte()
	for _, expr := range []string{"viagrax", "^Subject:.*viagra", "(viagra|cialis)[0-9]+", "[a-z]+viagrazz?", `()\<viagraq\>`, "(a|aa)*(a|aa)*(a|aa)*(a|aa)*Q9_",
		"(e|x).(e|x).......................................q9_", "(.*a)*(.*b)*(.*a)*q9_", "^^x", "@"} {
		b.Run(expr, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				p, _ := Compile(expr, true)
				p.Match(text)
			}
		})
	}
}

// BenchmarkHeader compiles a pattern and looks at a header once, as most
// conditions do.
func BenchmarkHeader(b *testing.B) {
	text := header()
	for _, expr := range []string{"^Subject:.*foo", "^TO_list@", "^FROM_DAEMON", "^From:.*(alice|bob)@", `^List-Id:.*<\/[^>]*`, `^Subject: \/.*`} {
		b.Run(expr, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				expanded, _ := Expand(expr)
				p, _ := Compile(expanded, true)
				if p.Extracts() {
					p.Extract(text)
				} else {
					p.Match(text)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, expr := range []string{"^Subject:.*foo", "^FROM_DAEMON"} {
		b.Run(expr, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				expanded, _ := Expand(expr)
				Compile(expanded, true)
			}
		})
	}
}

// TestSpeed holds a hundred patterns over a megabyte against procmail's whole
// run with the same ones.
func TestSpeed(t *testing.T) {
	if testing.Short() || raced {
		t.Skip("takes seconds, and says nothing under the race detector")
	}
	program := needProcmail(t)
	dir := t.TempDir()
	rc := "SHELL=/bin/sh\nDEFAULT=/dev/null\nLOGABSTRACT=no\n"
	all, text := hundred(), megabyte()
	for _, expr := range all {
		rc += ":0 B\n* " + expr + "\n/dev/null\n"
	}
	name := filepath.Join(dir, "rc")
	if err := os.WriteFile(name, []byte(rc), 0o600); err != nil {
		t.Fatal(err)
	}
	message := append(header(), text...)
	theirs := median(func() {
		command := exec.Command(program, "-m", name)
		command.Stdin = bytes.NewReader(message)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("procmail: %v: %s", err, out)
		}
	})
	ours := median(func() {
		for _, expr := range all {
			p, _ := Compile(strings.TrimPrefix(expr, `\`), true)
			if p.Match(text) {
				t.Fatal(expr)
			}
		}
	})
	t.Logf("ours %v, procmail %v", ours, theirs)
	if ours > theirs {
		t.Error("slower than procmail")
	}
}

func median(f func()) time.Duration {
	var took []time.Duration
	for range 5 {
		start := time.Now()
		f()
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[len(took)/2]
}
