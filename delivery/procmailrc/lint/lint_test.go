package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lastmile/delivery"
	"lastmile/delivery/procmailrc"
	"lastmile/delivery/procmailrc/lint"
)

// examine puts an rcfile into a home directory with a few things in it, and returns
// what is found.
func examine(t *testing.T, rc string, files ...string) (home string, findings []lint.Finding) {
	t.Helper()
	home = t.TempDir()
	os.Chmod(home, 0o755)
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		os.Chmod(filepath.Join(home, name), mode)
	}
	for _, dir := range []string{"dir", "Mail"} {
		if err := os.Mkdir(filepath.Join(home, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("file", "", 0o600)
	for i := 0; i+1 < len(files); i += 2 {
		write(files[i], files[i+1], 0o644)
	}
	write("unsafe.rc", "A=b\n", 0o666)
	write("dir/safe.rc", "A=b\n", 0o644)
	mode := os.FileMode(0o644)
	if strings.HasPrefix(rc, "# world-writable") {
		mode = 0o666
	}
	write(".procmailrc", rc, mode)
	host, err := delivery.NewRehearsal(procmailrc.Unknown)
	if err != nil {
		t.Fatal(err)
	}
	return home, lint.Examine(host, []string{home + "/.procmailrc"}, procmailrc.Config{
		Account:       procmailrc.Account{Name: "tester", Home: home, Shell: "/bin/sh", UID: os.Getuid(), GID: os.Getgid()},
		SystemMailbox: "/var/mail/tester", OrgMail: "/var/mail/tester",
	})
}

// Each finding has an rcfile that has it, in the line and column that are named, and
// one that is as near to it as possible and has not. Nothing else may be found in
// either, unless it is in also.
var findingTests = []struct {
	id, at, rc, miss string
	also             []string
}{
	{id: "action-missing", at: "error 1:1", rc: ":0:\n* ^Subject: a\n\n:0\n* ^From: b\nMail/\n", miss: ":0:\n* ^Subject: a\n\nbox\n"},
	{id: "action-missing", at: "error 1:1", rc: ":0:\n* ^Subject: a\n:0:\n", miss: ":0:\n* ^Subject: a\nbox\n"},
	{id: "action-missing", at: "error 1:1", rc: ":0:\n* ^Subject: a\n", miss: ":0:\n* ^Subject: a\nbox"},
	{id: "anchor-inside", at: "warning 2:14", rc: ":0:\n* ^Subject: a$b\nbox\n", miss: ":0:\n* ^Subject: (a$|b)c$\nbox\n"},
	{id: "anchor-inside", at: "warning 2:14", rc: ":0:\n* ^Subject: a^b\nbox\n", miss: ":0:\n* ^Subject: (^|.)a$^b\nbox\n"},
	{id: "assignment-action", at: "error 3:1", rc: ":0:\n* ^From: a\nX=y\n", miss: ":0\n* ^From: a\n{ X=y }\n"},
	{id: "assignment-action", at: "error 3:1", rc: ":0:\n* ^From: a\nX = y\n", miss: ":0\n* ^From: a\nX=| date\n"},
	{id: "backslash-dropped", at: "error 2:3", rc: ":0:\n* \\<word\\>\nbox\n", miss: ":0:\n* ()\\<word\\>\nbox\n"},
	{id: "backslash-dropped", at: "error 2:5", rc: ":0:\n* ! \\/x\nbox\n", miss: ":0:\n* ! ()\\/x\nbox\n"},
	{id: "brace-blank", at: "error 3:1", rc: ":0:\n* ^From: a\n{X=y }\n", miss: ":0\n* ^From: a\n{ X=y }\n"},
	{id: "brace-open", at: "error 3:1", rc: ":0\n* ^From: a\n{\n  A=b\n", miss: ":0\n* ^From: a\n{\n  A=b\n}\n"},
	{id: "brace-unexpected", at: "error 4:1", rc: ":0:\n* ^From: a\nbox\n}\n", miss: ":0\n* ^From: a\n{ :0:\nbox\n}\n"},
	{id: "brace-value", at: "error 3:3", rc: ":0\n* ^From: a\n{ X=y}\n", miss: ":0\n* ^From: a\n{ X=${Y:-y} }\n", also: []string{"brace-open"}},
	{id: "brace-value", at: "error 3:3", rc: ":0\n* ^From: a\n{ X= }\n", miss: ":0\n* ^From: a\n{ X }\nX=\n", also: []string{"brace-open", "word"}},
	{id: "capture-blank", at: "error 2:1", rc: ":0\nX =| date\n", miss: ":0\nX= | date\n"},
	{id: "chain-first", at: "error 1:1", rc: ":0 A:\n* ^From: a\nbox\n", miss: ":0:\n* ^From: a\nbox\n:0 A:\nbox2\n"},
	{id: "chain-first", at: "warning 1:1", rc: ":0 E:\n* ^From: a\nbox\n", miss: ":0:\n* ^From: a\nbox\n:0 E:\nbox2\n"},
	{id: "chain-first", at: "error 3:3", rc: ":0\n* ^From: a\n{ :0 e:\nbox\n}\n", miss: ":0\n* ^From: a\n{ :0 a:\nbox\n}\n"},
	{id: "class-backslash", at: "warning 2:3", rc: ":0:\n* [\\]x]\nbox\n", miss: ":0:\n* [\\.]x\nbox\n"},
	{id: "condition-comment", at: "error 2:18", rc: ":0:\n* ^Subject: tiny # note\nbox\n", miss: "# note\n:0:\n* ^Subject: tiny #1\nbox\n"},
	{id: "condition-star", at: "error 2:1", rc: ":0:\n^Subject: a\nbox\n", miss: ":0:\n* ^Subject: a\nbox\n"},
	{id: "condition-star", at: "error 2:1", rc: ":0\n! ^FROM_DAEMON\nbox\n", miss: ":0:\n* ! ^FROM_DAEMON\nbox\n"},
	{id: "condition-star", at: "error 2:1", rc: ":0:\nB ?? free\nbox\n", miss: ":0:\n* B ?? free\nbox\n"},
	{id: "copy-filter", at: "warning 2:1", rc: ":0 fcw\n| cat\n", miss: ":0 fw\n| cat\n"},
	{id: "crlf", at: "error 1:4", rc: ":0:\r\n* ^From: a\r\nbox\r\n", miss: ":0:\n* ^From: a\nbox\n"},
	{id: "dev-null", at: "info 3:1", rc: ":0\n* ^From: a\n/dev/null\n", miss: ":0:\n* ^From: a\nbox\n"},
	{id: "dev-null-all", at: "error 2:1", rc: ":0\n/dev/null\n", miss: ":0:\nbox\n"},
	{id: "dev-null-copy", at: "warning 3:1", rc: ":0 c\n* ^From: a\n/dev/null\n", miss: ":0 c:\n* ^From: a\nbox\n"},
	{id: "double-caret", at: "error 2:4", rc: ":0:\n* a^^b\nbox\n", miss: ":0:\n* ^^a(b|^^)\nbox\n"},
	{id: "double-caret", at: "error 2:3", rc: ":0:\n* ^^^a\nbox\n", miss: ":0:\n* A ?? ^^^^\nbox\n"},
	{id: "exitcode", at: "info 1:1", rc: "EXITCODE=67\n", miss: "EXITCODE=\n"},
	{id: "field-blank", at: "warning 2:12", rc: ":0:\n* ^Subject:lunch\nbox\n", miss: ":0:\n* ^Subject:.*lunch\nbox\n"},
	{id: "filter-wait", at: "warning 1:1", rc: ":0 fh\n| cat\n", miss: ":0 fhw\n| cat\n"},
	{id: "flag-extraneous", at: "warning 2:1", rc: ":0 r\n{\n}\n", miss: ":0\n{\n}\n"},
	{id: "flag-extraneous", at: "warning 1:1", rc: ":0 f:\nbox\n", miss: ":0:\nbox\n"},
	{id: "flag-unknown", at: "error 1:1", rc: ":0 xc:\n* ^From: a\nMail/\n", miss: ":0 Hc\n* ^From: a\nMail/\n"},
	{id: "flags-conflict", at: "warning 4:1", rc: ":0:\n* ^From: a\nbox\n:0 eE:\nbox2\n", miss: ":0:\n* ^From: a\nbox\n:0 e:\nbox2\n"},
	{id: "flags-conflict", at: "warning 4:1", rc: ":0:\n* ^From: a\nbox\n:0 ea:\nbox2\n", miss: ":0:\n* ^From: a\nbox\n:0 a:\nbox2\n"},
	{id: "folder-directory", at: "warning 2:1", rc: ":0:\nnone/box\n", miss: ":0:\nMail/box\n"},
	{id: "folder-directory", at: "error 2:1", rc: ":0\nnone/md/\n", miss: ":0\nMail/md/\n"},
	{id: "folder-words", at: "warning 2:1", rc: ":0:\nbox my friends\n", miss: ":0:\n\"box my friends\" # comment\n"},
	{id: "forward-loop", at: "warning 2:1", rc: ":0\n! a@example.org\n", miss: ":0\n* ! ^X-Loop: a\n! a@example.org\n"},
	{id: "forward-loop", at: "warning 4:3", rc: ":0\n* ^Subject: a\n{ :0 c\n  ! a@example.org\n}\n", miss: ":0\n* ! ^FROM_DAEMON\n{ :0 c\n  ! a@example.org\n}\n"},
	{id: "forward-sender", at: "warning 3:1", rc: ":0\n* ! ^X-Loop: a\n| /usr/sbin/sendmail -oi a@example.org\n", miss: ":0\n* ! ^X-Loop: a\n| /usr/sbin/sendmail -oi -f b@example.org a@example.org\n"},
	{id: "garbage", at: "error 1:1", rc: "* ^Subject: a\n", miss: "# * ^Subject: a\n"},
	{id: "garbage", at: "error 2:1", rc: "A=b\n9lives\n", miss: "A=b\nC=9lives\n"},
	{id: "hides-rest", at: "warning 1:1", rc: ":0:\nbox\n:0:\n* ^From: a\nbox2\n", miss: ":0 w:\n| cat >>box\n:0:\nbox2\n"},
	{id: "hides-rest", at: "warning 3:3", rc: ":0\n{\n  :0:\n  box\n}\n:0:\nbox2\n", miss: ":0\n* ^From: a\n{\n  :0:\n  box\n}\n:0 E:\nbox2\n"},
	{id: "host", at: "warning 1:1", rc: "HOST=never.invalid\n", miss: "HOST=$HOST\n"},
	{id: "host", at: "info 2:1", rc: "EXITCODE=75\nHOST=never.invalid\n", miss: "HOST=$HOST\n", also: []string{"exitcode"}},
	{id: "include-missing", at: "error 1:1", rc: "INCLUDERC=none.rc\n", miss: "INCLUDERC=\nSWITCHRC=/dev/null\n"},
	{id: "include-unsafe", at: "warning 1:1", rc: "INCLUDERC=unsafe.rc\n", miss: "INCLUDERC=dir/safe.rc\n"},
	{id: "linebuf", at: "error 1:1", rc: "A=\"" + strings.Repeat("x", 2100) + "\"\n", miss: "LINEBUF=4096\nA=\"" + strings.Repeat("x", 2100) + "\"\n"},
	{id: "lock-missing", at: "warning 1:1", rc: ":0\nbox\n", miss: ":0\nbox/\n"},
	{id: "lock-missing", at: "warning 1:1", rc: ":0 w\n| cat >>box\n", miss: ":0 w\n| cat >>/dev/null\n"},
	{id: "lock-missing", at: "warning 1:1", rc: ":0\nbox\n", miss: "LOCKFILE=all.lock\n:0\nbox\n"},
	{id: "lock-needless", at: "warning 1:1", rc: ":0:\nMail/\n", miss: ":0\nMail/\n"},
	{id: "lock-needless", at: "info 1:1", rc: ":0: my.lock\ndir\n", miss: ":0: my.lock\nfile\n"},
	{id: "lock-needless", at: "info 1:1", rc: ":0:\n* ^From: a\n/dev/null\n", miss: ":0:\n* ^From: a\nbox\n", also: []string{"dev-null"}},
	{id: "lock-nothing", at: "warning 2:1", rc: ":0 w:\n| cat\n", miss: ":0 w: my.lock\n| cat\n"},
	{id: "lock-words", at: "warning 1:1", rc: ":0: a.lock b.lock\nbox\n", miss: ":0: \"a.lock b.lock\"\nbox\n"},
	{id: "macro-caret", at: "error 2:5", rc: ":0:\n* ! FROM_DAEMON\nbox\n", miss: ":0:\n* ! ^FROM_DAEMON\nbox\n"},
	{id: "macro-case", at: "error 2:3", rc: ":0:\n* ^To_bob@\nbox\n", miss: ":0:\n* ^TO_bob@\nbox\n"},
	{id: "macro-case", at: "error 2:3", rc: ":0:\n* ^from_daemon\nbox\n", miss: ":0:\n* ^FROM_MAILER\nbox\n"},
	{id: "macro-to", at: "warning 2:3", rc: ":0:\n* ^TObob@\nbox\n", miss: ":0:\n* ^TO_bob@\nbox\n"},
	{id: "macro-to-field", at: "error 2:3", rc: ":0:\n* ^TO: *bob@\nbox\n", miss: ":0:\n* ^To: *bob@\nbox\n"},
	{id: "maildir-missing", at: "error 1:1", rc: "MAILDIR=$HOME/none\n", miss: "MAILDIR=$HOME/Mail\n"},
	{id: "not-a-directory", at: "error 2:1", rc: ":0\nfile/\n", miss: ":0\ndir/\n", also: []string{"lock-missing"}},
	{id: "part-only", at: "warning 1:1", rc: ":0 h\nMail/\n", miss: ":0 hc\nMail/\n"},
	{id: "perl-escape", at: "error 2:4", rc: ":0:\n* a\\d\nbox\n", miss: ":0:\n* a[0-9]\nbox\n"},
	{id: "perl-escape", at: "error 2:3", rc: ":0:\n* [\\w.]\nbox\n", miss: ":0:\n* a\\.\\<w\nbox\n"},
	{id: "perl-group", at: "error 2:3", rc: ":0:\n* (?i)free\nbox\n", miss: ":0:\n* (free)?\nbox\n"},
	{id: "posix-class", at: "error 2:3", rc: ":0:\n* [[:alpha:]]x\nbox\n", miss: ":0:\n* [][a:z]x\nbox\n"},
	{id: "quote-open", at: "error 1:1", rc: "A=\"b\n:0:\nbox\n", miss: "A=\"b\n\"\n:0:\nbox\n"},
	{id: "quotes-single", at: "warning 1:1", rc: "A='$HOME/x'\n", miss: "A=\"$HOME/x\"\nTRAP='echo $HOME'\nB='a$'\n"},
	{id: "rcfile-unsafe", at: "error 1:1", rc: "# world-writable\n", miss: "# not world-writable\n"},
	{id: "regexp-class", at: "error 2:3", rc: ":0:\n* [abc\nbox\n", miss: ":0:\n* a\\[abc\nbox\n"},
	{id: "regexp-parentheses", at: "error 2:3", rc: ":0:\n* (abc\nbox\n", miss: ":0:\n* ()\\(abc\nbox\n"},
	{id: "regexp-quotes", at: "error 2:3", rc: ":0:\n* \"free\"\nbox\n", miss: ":0:\n* a\"free\"\nbox\n"},
	{id: "repeat-count", at: "error 2:8", rc: ":0:\n* [0-9]{3}\nbox\n", miss: ":0:\n* [0-9]{x}\nbox\n"},
	{id: "repeat-nothing", at: "warning 2:6", rc: ":0:\n* (x|*y)\nbox\n", miss: ":0:\n* (x|.*y)\nbox\n"},
	{id: "repeat-twice", at: "error 2:5", rc: ":0:\n* a**\nbox\n", miss: ":0:\n* (a*)*\nbox\n"},
	{id: "repeat-twice", at: "error 2:5", rc: ":0:\n* .*?b\nbox\n", miss: ":0:\n* .*\\?b\nbox\n"},
	{id: "reply-loop", at: "warning 2:1", rc: ":0 c\n| (formail -r; echo hi) | $SENDMAIL -t\n", miss: ":0 c\n* ! ^FROM_DAEMON\n| (formail -r; echo hi) | $SENDMAIL -t\n"},
	{id: "size-words", at: "warning 2:3", rc: ":0:\n* > 100k\nbox\n", miss: ":0:\n* < 256000\nbox\n"},
	{id: "substitution", at: "error 1:1", rc: "A=${HOME%x}\n", miss: "A=${HOME:-x}\n"},
	{id: "tilde", at: "error 2:1", rc: ":0\n~/Mail/\n", miss: ":0\n$HOME/Mail/\n"},
	{id: "tilde", at: "error 1:1", rc: "DEFAULT=~/Mail/\n", miss: "DEFAULT=$HOME/Mail/\n"},
	{id: "value-blank", at: "error 1:1", rc: "A=hello world\n", miss: "A=\"hello world\"\nB=1 C=2\n"},
	{id: "variable-not-expanded", at: "error 3:9", rc: "ME=bob\n:0:\n* ^To:.*$ME@\nbox\n", miss: "ME=bob\n:0:\n* $ ^To:.*$ME@\nbox\n"},
	{id: "variable-not-expanded", at: "error 3:3", rc: "W=4\n:0:\n* ${W}^0 x\nbox\n", miss: "W=4\n:0:\n* $ ${W}^0 x\nbox\n"},
	{id: "variable-unset", at: "error 2:1", rc: ":0\n$LISTS/box/\n", miss: ":0\n${LISTS:-Mail}/box/\n", also: []string{"folder-directory"}},
	{id: "variable-unset", at: "warning 3:1", rc: ":0:\n* ^From: .*\nMail/x$MATCH\n", miss: ":0:\n* ^From: \\/.*\nMail/x$MATCH\n"},
	{id: "verbose-no-log", at: "warning 1:1", rc: "VERBOSE=on\n", miss: "LOGFILE=log\nVERBOSE=yes\n"},
	{id: "word", at: "warning 1:1", rc: "nonsense\n", miss: "A=b\nA\nSWITCHRC\n"},
}

func TestFindings(t *testing.T) {
	for i, test := range findingTests {
		t.Run(fmt.Sprintf("%s-%d", test.id, i), func(t *testing.T) {
			t.Parallel()
			_, got := examine(t, test.rc)
			found := false
			for _, f := range got {
				at := fmt.Sprintf("%s %d:%d", f.Severity, f.Line, f.Column)
				switch {
				case f.ID == test.id:
					if found = true; at != test.at {
						t.Errorf("at %s, want %s: %s", at, test.at, f.Problem)
					}
				case !slices.Contains(test.also, f.ID):
					t.Errorf("also %s at %s: %s", f.ID, at, f.Problem)
				}
				if f.Problem == "" || strings.Contains(f.Problem+f.Cure, procmailrc.Unknown) || f.Severity == lint.Info != strings.HasPrefix(at, "info") {
					t.Errorf("bad finding %+v", f)
				}
			}
			if !found {
				t.Errorf("not found in\n%s\nbut %+v", test.rc, got)
			}
			_, got = examine(t, test.miss)
			for _, f := range got {
				if f.ID == test.id {
					t.Errorf("found %s in line %d of\n%s\n%s", f.ID, f.Line, test.miss, f.Problem)
				}
			}
		})
	}
}

// A test for each ID in the sources, so that none goes untested.
func TestEveryFindingIsTested(t *testing.T) {
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	id := regexp.MustCompile(`(?:Error|Warning|Info|severity), "([a-z-]+)"`)
	for _, path := range sources {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range id.FindAllStringSubmatch(string(text), -1) {
			if m[1] == "rcfile-missing" {
				continue // TestFiles
			}
			if !slices.ContainsFunc(findingTests, func(f struct {
				id, at, rc, miss string
				also             []string
			}) bool {
				return f.id == m[1]
			}) {
				t.Errorf("%s: no test for %s", path, m[1])
			}
		}
	}
}

func TestFiles(t *testing.T) {
	host, err := delivery.NewRehearsal(procmailrc.Unknown)
	if err != nil {
		t.Fatal(err)
	}
	got := lint.Examine(host, []string{"/nonexistent/rc"}, procmailrc.Config{})
	if len(got) != 1 || got[0].ID != "rcfile-missing" || got[0].File != "/nonexistent/rc" {
		t.Errorf("got %+v", got)
	}
	// What is included is read, once, wherever its name leads; what it finds is
	// said of its own file, behind what is found in the first.
	home, got := examine(t, "DIR=$HOME/dir\nINCLUDERC=$DIR/a.rc\nINCLUDERC=$DIR/a.rc\n:0\n* ^From: a\n{ SWITCHRC=$DIR/b.rc }\n:0:\n$FROM_A\n:0\nbox\n",
		"dir/a.rc", "FROM_A=x\nINCLUDERC=$DIR/a.rc\n:0\nbox\n", "dir/b.rc", "INCLUDERC=$_\n:0:\n* a**\nbox\n")
	var places []string
	for _, f := range got {
		places = append(places, fmt.Sprintf("%s:%d %s", strings.TrimPrefix(f.File, home), f.Line, f.ID))
	}
	want := []string{"/.procmailrc:7 hides-rest", "/.procmailrc:9 lock-missing", "/dir/a.rc:3 lock-missing", "/dir/a.rc:3 hides-rest", "/dir/b.rc:3 repeat-twice"}
	if !slices.Equal(places, want) {
		t.Errorf("got %q, want %q", places, want)
	}
}

// FuzzExamine makes sure that no rcfile stops the examination, and that findings
// are in the file that they name.
func FuzzExamine(f *testing.F) {
	for _, test := range findingTests {
		f.Add(test.rc)
		f.Add(test.miss)
	}
	f.Fuzz(func(t *testing.T, rc string) {
		_, findings := examine(t, rc)
		for _, found := range findings {
			if lines := strings.Count(rc, "\n") + 1; found.Line < 1 || found.Column < 1 || found.Line > lines && strings.HasSuffix(found.File, ".procmailrc") {
				t.Errorf("%+v in %d lines", found, lines)
			}
		}
	})
}
