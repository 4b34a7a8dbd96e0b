package main

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/cmd/lastmile/internal/lab"
)

// recipeArguments are the arguments of README's master.cf recipe.
func recipeArguments(dir string) []string {
	return []string{"-f", "a@example.net", "--original-recipient", "you@example.com", "--recipient-delimiter", "+",
		"--maildir", dir + "/{domain}/{user}/Maildir/", "--", "you@example.com"}
}

// BenchmarkArguments reads the arguments of a delivery, with and without cli/v2.
func BenchmarkArguments(b *testing.B) {
	argv := recipeArguments("/var/vmail")
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			if _, err := agent.Parse("deliver", agent.DeliverOptions(), argv); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cli", func(b *testing.B) {
		for b.Loop() {
			if _, err := byLibrary(argv); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkDeliver delivers into a Maildir without the start of a process, which
// package beside measures.
func BenchmarkDeliver(b *testing.B) {
	for _, size := range []int{4 << 10, 100 << 10, 10 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			args := append([]string{"lastmile", "deliver"}, recipeArguments(b.TempDir())...)
			message := append([]byte("From: a@example.net\nSubject: test\n\n"), bytes.Repeat([]byte("0123456789abcdef0123456789abcdef\n"), size/33)...)
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				if status := run(args, bytes.NewReader(message), io.Discard, io.Discard); status != 0 {
					b.Fatalf("exit status %d", status)
				}
			}
		})
	}
}

// No package may take longer than this to initialise itself: a process for each
// message pays it for each message.
const initLimit = 0.15 // ms

// What a package makes at start-up, every message has to wait for. Each gets the
// best of many starts: the machine may be busy.
func TestInitTime(t *testing.T) {
	best := make(map[string]float64)
	for range 30 {
		for name, took := range initialised(t, "version") {
			if b, ok := best[name]; !ok || took < b {
				best[name] = took
			}
		}
	}
	for name, took := range best {
		if took > initLimit {
			t.Errorf("%s takes %.3f ms to initialise, want at most %v", name, took, initLimit)
		}
	}
}

// What a delivery does not use is not initialised before it.
func TestInitOrder(t *testing.T) {
	t.Parallel()
	const library = "github.com/urfave/cli/v2"
	if _, ok := initialised(t, "version")[library]; !ok {
		t.Fatalf("%s is not in the trace", library)
	}
	made := initialised(t, "deliver", "--maildir", t.TempDir()+"/Maildir", "--", "you@example.com")
	for name := range made {
		if name == library || name == "main" {
			t.Errorf("%s is initialised before a delivery", name)
		}
	}
}

// initialised runs lastmile and returns the packages that were initialised, and how
// long each took, in ms.
func initialised(t *testing.T, args ...string) map[string]float64 {
	t.Helper()
	cmd := exec.Command(lab.Binary(t), args...)
	cmd.Env = []string{"GODEBUG=inittrace=1"}
	cmd.Stdin = strings.NewReader("Subject: test\n\n")
	var trace strings.Builder
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, trace.String())
	}
	packages := make(map[string]float64)
	for line := range strings.Lines(trace.String()) { // init NAME @… ms, … ms clock, …
		var name string
		var at, took float64
		if _, err := fmt.Sscanf(line, "init %s @%f ms, %f ms clock", &name, &at, &took); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		packages[name] = took
	}
	if len(packages) < 10 {
		t.Fatalf("%d packages are initialised, want more: the trace is not what it was", len(packages))
	}
	return packages
}
