package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lastmile/delivery"
	"lastmile/delivery/procmailrc"
	"lastmile/delivery/procmailrc/lint"
)

// lintCases says what is to be found, beside notes, in the rcfiles of
// testdata/procmail that were taken from practice. One that is not here is sane,
// and nothing is to be found in it. Of those that are, each finding has been looked
// at: it is a mistake, or would be one where messages come at the same time.
var lintCases = map[string]string{
	"rc-common-mistakes": "condition-star:3 condition-comment:7 action-missing:10 lock-missing:13",
	"rc-fileserver":      "lock-missing:11",
	"rc-forward-x-loop":  "lock-missing:11",
	"rc-includes":        "include-missing:7",
	"rc-sms-short":       "forward-loop:10", // forwards everything of one sender
}

func TestLintPractice(t *testing.T) {
	cases, err := filepath.Glob("../../testdata/procmail/rc-*.case")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range cases {
		name := strings.TrimSuffix(filepath.Base(path), ".case")
		t.Run(name, func(t *testing.T) {
			s := newStudyScene(t, strings.TrimSuffix(path, ".case"))
			if s.rcfile == "" {
				return // its rcfiles are named on the command line
			}
			if err := s.setUp(); err != nil {
				t.Fatal(err)
			}
			for _, dir := range []string{"Mail", "Maildir"} {
				os.MkdirAll(filepath.Join(s.home, dir), 0o755)
			}
			host, err := delivery.NewRehearsal(procmailrc.Unknown)
			if err != nil {
				t.Fatal(err)
			}
			account := procmailrc.Account{Name: "tester", Home: s.home, Shell: "/bin/sh", UID: os.Getuid(), GID: os.Getgid()}
			var got []string
			for _, f := range lint.Examine(host, []string{s.rcfile}, procmailrc.Config{Account: account, SystemMailbox: s.home + "/inbox", OrgMail: s.home + "/inbox"}) {
				if f.Severity != lint.Info {
					got = append(got, fmt.Sprintf("%s:%d", f.ID, f.Line))
				}
			}
			if want := lintCases[name]; strings.Join(got, " ") != want {
				t.Errorf("got  %q,\nwant %q", strings.Join(got, " "), want)
			}
		})
	}
}
