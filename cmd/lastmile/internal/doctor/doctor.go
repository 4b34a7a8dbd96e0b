// Package doctor reads a Postfix set-up around local delivery commands and says
// what will go wrong in it. It is pure: texts and a file system come in, findings
// go out, nothing is started or changed.
//
// What it looks at: the pipe(8) services of master.cf that start lastmile, or
// procmail or maildrop where main.cf or a transport table sends mail to them;
// mailbox_command and mailbox_command_maps; commands in alias databases and in
// the .forward files of the users named there; the paths that these need.
//
// Each rule is a row of the table checks with one function, whose comment names
// where Postfix says so. A set-up that works gives nothing: a rule that cannot
// tell is silent, and what could not be read is a note, not a finding.
package doctor

import (
	"errors"
	"io/fs"
	"strings"
)

// Severity says how soon a finding hurts.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // mail bounces, waits or goes astray now
	Warning Severity = "warning" // it does so under the condition that the problem names
)

// Finding is one thing that will go wrong.
type Finding struct {
	ID       string   `json:"id"` // stable
	Severity Severity `json:"severity"`
	Where    string   `json:"where"`                 // file and line, parameter or service
	Problem  string   `json:"problem"`               // what will happen
	Line     string   `json:"line,omitempty"`        // the line to change, if there is one
	Replace  string   `json:"replacement,omitempty"` // what to put there, or to add
}

// Report is what was found.
type Report struct {
	Schema   int       `json:"schema"` // 1, until a member changes its meaning
	Findings []Finding `json:"findings"`
	Notes    []string  `json:"notes"` // what could not be looked at
	Looked   []string  `json:"looked"`
}

// Setup is what Examine looks at.
type Setup struct {
	Main    string   // main.cf, or postconf -n
	Master  string   // master.cf, or postconf -M
	Version string   // mail_version, empty if it is not known
	Files   fs.FS    // the mail host's file system; nil if this is another machine
	Aliases []string // further alias files, which need not be in alias_maps
	Users   []string // further users whose .forward and Maildir are looked at
	// Account returns the passwd line of a user whom /etc/passwd does not have.
	// It may be nil.
	Account func(name string) string
	// Option tells whether deliver has an option, and whether that has a value.
	Option func(name string) (takesValue, known bool)
}

// ErrNoSetup says that a text is no configuration of Postfix.
var ErrNoSetup = errors.New("not the output of postconf")

// Examine runs every check.
func Examine(s Setup) (*Report, error) {
	h, err := newHost(s)
	if err != nil {
		return nil, err
	}
	for _, c := range checks {
		c.find(h, func(where, problem, line, replace string) {
			f := Finding{c.id, c.severity, where, problem, line, replace}
			for _, other := range h.report.Findings {
				if other == f {
					return
				}
			}
			h.report.Findings = append(h.report.Findings, f)
		})
	}
	return &h.report, nil
}

// add takes a finding of a check.
type add func(where, problem, line, replace string)

// check is one rule.
type check struct {
	id       string
	severity Severity
	find     func(h *host, add add)
}

// checks are all rules, in the order in which mail meets them.
var checks = []check{
	{"pipe-privileges", Error, pipePrivileges},
	{"pipe-chroot", Error, pipeChroot},
	{"pipe-user", Error, pipeUser},
	{"pipe-flags", Error, pipeFlags},
	{"macro-unknown", Error, macroUnknown},
	{"macro-user", Warning, macroUser},
	{"macro-shell", Error, macroShell},
	{"recipient-limit", Error, recipientLimit},
	{"many-recipients", Error, manyRecipients},
	{"null-sender", Warning, nullSender},
	{"glued-sender", Error, gluedSender},
	{"unquoted-address", Warning, unquotedAddress},
	{"reinjection", Error, reinjection},
	{"mailbox-size-limit", Error, mailboxSizeLimit},
	{"command-forbidden", Error, commandForbidden},
	{"program-missing", Error, programMissing},
	{"program-not-executable", Error, programNotExecutable},
	{"unguarded", Warning, unguarded},
	{"exec-guard", Warning, execGuard},
	{"shell-unquoted", Error, shellUnquoted},
	{"no-command", Error, noCommand},
	{"option-unknown", Error, optionUnknown},
	{"recipient-missing", Error, recipientMissing},
	{"options-after-recipient", Error, optionsAfterRecipient},
	{"no-dashes", Warning, noDashes},
	{"dry-run", Error, dryRun},
	{"stamped-by-none", Error, stampedByNone},
	{"mail-config", Error, mailConfig},
	{"stamped-by-mta", Warning, stampedByMTA},
	{"time-limit", Warning, timeLimit},
	{"maildir-unwritable", Error, maildirUnwritable},
	{"root-mail", Error, rootMail},
	{"forward-ignored", Warning, forwardIgnored},
	{"forward-unquoted", Error, forwardUnquoted},
	{"alias-loop", Error, aliasLoop},
}

// Severities returns how soon each finding there can be hurts, by its id.
func Severities() map[string]Severity {
	all := make(map[string]Severity, len(checks))
	for _, c := range checks {
		all[c.id] = c.severity
	}
	return all
}

// note records once what could not be looked at.
func (h *host) note(text string) {
	for _, n := range h.report.Notes {
		if n == text {
			return
		}
	}
	h.report.Notes = append(h.report.Notes, text)
}

// oneOf reports whether a list of Postfix, words parted by commas and blanks,
// has a word.
func oneOf(list, word string) bool {
	for _, w := range listWords(list) {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

func listWords(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
}
