package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

// TestSamples delivers messages that real MTAs, retrievers and delivery agents
// have handed over or stored: whatever trace fields they carry, each is stored
// to the byte below the fields of this delivery.
func TestSamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "samples", "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 60 {
		t.Fatalf("%d samples, want at least 60", len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".eml"), func(t *testing.T) {
			t.Parallel()
			message, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			maildir := filepath.Join(t.TempDir(), "Maildir")
			r := corpusRun(t, message, "deliver", "--maildir", maildir, "--stamped-by", "none", "-f", "s@example.org", "--", "somebody@elsewhere.test")
			if got, want := r.String(), `exit 0 ""`; got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
			stored := corpusStored(t, maildir)
			want := "Return-Path: <s@example.org>\nDelivered-To: somebody@elsewhere.test\n" + string(corpusWithoutFrom(message))
			if string(stored) != want {
				t.Errorf("stored:\n%s\nwant:\n%s", stored, want)
			}
		})
	}
}

var corpusFrom = regexp.MustCompile(`\A(?:>*From [^\n]*(?:\n|\z))+`)

// corpusWithoutFrom is a message without the From_ lines on top, which have no
// place in a Maildir.
func corpusWithoutFrom(message []byte) []byte { return corpusFrom.ReplaceAll(message, nil) }

// corpusName is the name of a file in new/: no info part, nothing hidden, the
// size as Maildir++ has it.
var corpusName = regexp.MustCompile(`^[^.:/][^:/]*,S=(\d+)$`)

// corpusStored returns the one message in a Maildir, after a look at the file
// that it is in and at what else is there.
func corpusStored(t *testing.T, maildir string) []byte {
	t.Helper()
	for _, sub := range []string{"tmp", "cur"} {
		if left := lab.Files(t, filepath.Join(maildir, sub)); len(left) > 0 {
			t.Errorf("found in %s/: %q", sub, left)
		}
	}
	files := lab.Files(t, filepath.Join(maildir, "new"))
	if len(files) != 1 {
		t.Fatalf("%d files in new/, want 1: %q", len(files), files)
	}
	corpusFile(t, files[0])
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// corpusFile checks name, type and mode of a file in new/.
func corpusFile(t *testing.T, file string) {
	t.Helper()
	info, err := os.Lstat(file)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode(); mode != fs.FileMode(0o600) {
		t.Errorf("mode of %s: got %v, want -rw-------", file, mode)
	}
	base := filepath.Base(file)
	m := corpusName.FindStringSubmatch(base)
	if m == nil || len(base) > 200 {
		t.Errorf("file name %q", base)
	} else if m[1] != fmt.Sprint(info.Size()) {
		t.Errorf("file name %q, size %d", base, info.Size())
	}
}
