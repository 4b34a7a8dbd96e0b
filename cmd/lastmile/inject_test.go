package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"lastmile/cmd/lastmile/internal/lab"
)

// evil is what an address, or any argument, may hold to become more than it is: in a
// header section, a From_ line, a log, a terminal.
var evil = []string{
	"x\nBcc: y@example.net", "x\r\nX-Evil: y", "x\r", "\n\nbody", "x\nFrom y@z  Mon Nov 23 21:00:00 2026", "\x1b]0;x\x07", "x\x7fy", "\t", "x\u0085y", "x\u2028y", "\u202ey", "\xff\xfe", "<x\ny>",
}

// known are the fields that may stand above a message, each in one line.
var known = regexp.MustCompile(`^(?:(?:Return-Path|X-Original-To|Delivered-To|X-Lastmile-Delivered|X-Lastmile-Loop): [^\x00-\x08\x0a-\x1f\x7f]*\n)*$`)

// Nothing in an argument makes a second line of anything: of what Postfix reads, of
// the log, of the fields above the message.
func TestInjection(t *testing.T) {
	t.Parallel()
	lab.Need(t)
	const message = "Subject: test\n\nbody\n"
	for name, args := range map[string]func(e string) []string{
		"recipient":           func(e string) []string { return []string{"--maildir", "Box", "--", e + "@example.com"} },
		"domain":              func(e string) []string { return []string{"--maildir", "Box", "--", "you@" + e} },
		"recipient, template": func(e string) []string { return []string{"--maildir", "{user}/{domain}", "--", e + "@" + e} },
		"sender":              func(e string) []string { return []string{"-f", e, "--maildir", "Box", "--", "you@example.com"} },
		"sender of an mbox":   func(e string) []string { return []string{"-f", e, "--mbox", "Box", "--", "you@example.com"} },
		"original recipient": func(e string) []string {
			return []string{"--original-recipient", e, "--maildir", "Box", "--", "you@example.com"}
		},
		"ID": func(e string) []string { return []string{"--id", e, "--maildir", "Box", "--", "you@example.com"} },
		"folder": func(e string) []string {
			return []string{"--folder", e, "--create-folder", "--maildir", "Box", "--", "you@example.com"}
		},
		"folder of the extension": func(e string) []string {
			return []string{"--recipient-delimiter", "+", "--folder", "{extension}", "--create-folder", "--maildir", "Box", "--", "you+" + e + "@example.com"}
		},
		"Maildir": func(e string) []string { return []string{"--maildir", "none/such/" + e + "{", "--", "you@example.com"} },
		"command": func(e string) []string { return []string{"--command", "/nonexistent/" + e, "--", "you@example.com"} },
		"rcfile":  func(e string) []string { return []string{"--rcfile", e, "--maildir", "Box", "--", "you@example.com"} },
		"key file": func(e string) []string {
			return []string{"--trust", "own", "--key-file", e, "--maildir", "Box", "--", "you@example.com"}
		},
		"option": func(e string) []string { return []string{"--" + e, "--maildir", "Box", "--", "you@example.com"} },
		"value":  func(e string) []string { return []string{"--on-loop", e, "--timeout", e, "--", "you@example.com"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, e := range evil {
				dir := t.TempDir()
				_, out := within(t, dir, []string{"MAIL_CONFIG=/etc/postfix"}, append([]string{"deliver", "--log", "log", "--log-format", "json"}, args(e)...))
				if strings.ContainsFunc(out, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Errorf("%q: the caller reads %q", e, out)
				}
				log, _ := os.ReadFile(dir + "/log")
				if len(log) > 0 && (bytes.Count(log, []byte("\n")) != 1 || !json.Valid(log)) {
					t.Errorf("%q: the log has %q", e, log)
				}
				filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
					if err != nil || !entry.Type().IsRegular() || path == dir+"/log" || entry.Name() == "lastmile-ids" {
						return err
					}
					data, err := os.ReadFile(path)
					text := strings.TrimSuffix(strings.TrimRight(string(data), "\n"), strings.TrimRight(message, "\n"))
					if first, rest, _ := strings.Cut(text, "\n"); strings.HasPrefix(first, "From ") {
						text = rest
					}
					if !known.MatchString(text) {
						t.Errorf("%q: %s begins with %q", e, path, text)
					}
					return err
				})
			}
		})
	}
}

// What an MTA puts into a bounce, if only after days, tells the sender nothing of the
// machine: no path, no uid, no command. Postfix is such an MTA, and there the log has
// the rest.
func TestSenderSeesNothing(t *testing.T) {
	t.Parallel()
	lab.Need(t)
	for _, args := range [][]string{
		{"--maildir", "secret/file"},
		{"--maildir", "secret/file/x"},
		{"--maildir", "secret/none", "--no-create"},
		{"--maildir", "secret/link"},
		{"--maildir", "secret/{x}"},
		{"--maildir", "secret/{user"},
		{"--maildir", "secret/{user}/../x"},
		{"--maildir", "~secret/x"},
		{"--maildir", "secret/{extension}/x"},
		{"--maildir", strings.Repeat("secret", 50) + "/x"},
		{"--maildir", "secret/{user}" + strings.Repeat("x", 255)},
		{"--maildir", "secret/box", "--folder", "a//b"},
		{"--mbox", "secret/"},
		{"--mbox", "secret/none/x"},
		{"--mbox", "secret/link"},
		{"--mbox", "secret/{user}.lock"},
		{"--mbox", "secret/{user}" + strings.Repeat("x", 250)},
		{"--command", "/secret/none --secret"},
		{"--command", "secret/file"},
		{"--command", "/secret 'x"},
		{"--command", "/secret $x"},
		{"--command", "/bin/sh -c 'exit 77' secret"},
		{"--command", "/bin/sh -c 'kill -9 $$' secret"},
		{"--rcfile", "secret/none"},
		{"--rcfile", "secret/a=b"},
		{"--trust", "own", "--key-file", "secret/file"},
		{"--trust", "own", "--key-file", "secret/none"},
		{"--on-loop", "/secret"},
		{"--maildir", "secret/box", "--id", "x"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			mustDo(t, os.Mkdir(dir+"/secret", 0o700))
			mustDo(t, os.WriteFile(dir+"/secret/file", nil, 0o600))
			mustDo(t, os.Symlink("file", dir+"/secret/link"))
			mustDo(t, os.MkdirAll(dir+"/secret/box/lastmile-ids", 0o700))
			args := append(append([]string{"deliver", "--log", dir + "/log"}, args...), "--", "you@example.com")
			status, out := within(t, dir, []string{"MAIL_CONFIG=/etc/postfix"}, args)
			want := 75
			if said := strings.Join(args, " "); strings.Contains(said, "exit 77") || strings.Contains(said, strings.Repeat("x", 255)) {
				want = 77 // no recipient has a name for a mailbox then
			}
			if status != want || out == "" {
				t.Fatalf("exit status %d, %q: %d was wanted", status, out, want)
			}
			if regexp.MustCompile(`secret|/tmp|/bin|uid|gid|` + regexp.QuoteMeta(filepath.Base(dir))).MatchString(out) {
				t.Errorf("the sender reads %q", out)
			}
			if log, err := os.ReadFile(dir + "/log"); err != nil || !strings.Contains(string(log), " text=") {
				t.Errorf("the admin reads %q, %v", log, err)
			}
		})
	}
}
