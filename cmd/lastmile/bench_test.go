package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"lastmile/cmd/lastmile/internal/lab"
)

// BenchmarkBesideProcmail times whole processes: one delivery into a Maildir by
// lastmile, one by procmail, in turn, so that both meet the same machine. It
// reports medians and their ratio. procmail syncs the file but not the
// directory.
//
//	go test ./cmd/lastmile -run '^$' -bench BesideProcmail
func BenchmarkBesideProcmail(b *testing.B) {
	lab.Need(b, "procmail")
	binary := lab.Binary(b)
	for _, size := range []int{4 << 10, 100 << 10, 10 << 20, 50 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			message := append([]byte("From: a@example.net\nSubject: test\n\n"), bytes.Repeat([]byte("0123456789abcdef0123456789abcdef\n"), size/33)...)
			ours, theirs := b.TempDir(), b.TempDir()
			rc := filepath.Join(theirs, "rc")
			if err := os.WriteFile(rc, []byte("DEFAULT="+theirs+"/Maildir/\nLOGFILE=/dev/null\n"), 0o600); err != nil {
				b.Fatal(err)
			}
			var we, they []time.Duration
			for b.Loop() {
				we = append(we, process(b, message, ours+"/Maildir", binary, "deliver", "-f", "a@example.net", "--maildir", ours+"/Maildir", "--", "you@example.com"))
				they = append(they, process(b, message, theirs+"/Maildir", "procmail", "-m", rc))
			}
			b.ReportMetric(0, "ns/op") // of both together: says nothing
			b.ReportMetric(milliseconds(median(we)), "lastmile-ms")
			b.ReportMetric(milliseconds(median(they)), "procmail-ms")
			b.ReportMetric(float64(median(we))/float64(median(they)), "ratio")
		})
	}
}

// process runs a delivery with the message in a pipe, as Postfix does, checks
// that it was made, and takes it away again.
func process(b *testing.B, message []byte, maildir, name string, args ...string) time.Duration {
	b.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader(message)
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v: %s", name, err, out)
	}
	took := time.Since(start)
	stored, err := filepath.Glob(maildir + "/new/*")
	if err != nil || len(stored) != 1 {
		b.Fatalf("%s stored %q, want one message", name, stored)
	}
	if info, err := os.Stat(stored[0]); err != nil || info.Size() < int64(len(message)) {
		b.Fatalf("%s stored %v", name, info)
	}
	if err := os.Remove(stored[0]); err != nil {
		b.Fatal(err)
	}
	return took
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
