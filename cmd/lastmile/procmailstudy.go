package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/delivery"
	"lastmile/delivery/dsn"
	"lastmile/delivery/procmailrc"
	"lastmile/delivery/procmailrc/lint"
)

// study is what procmail's long options ask for: to say what an rcfile does, and
// not to deliver.
type study struct {
	lint, explain, json, ascii, programs bool
	// argv is what is left of procmail's command line.
	argv []string
}

// studies takes procmail's long options out of a command line. They stand among
// the other options; behind them everything is procmail's own.
func studies(argv []string) (s study, ok bool) {
	options := map[string]*bool{"--lint": &s.lint, "--explain": &s.explain, "--json": &s.json, "--ascii": &s.ascii, "--run-programs": &s.programs}
	for i := 0; i < len(argv); i++ {
		word := argv[i]
		if on := options[word]; on != nil {
			*on = true
			continue
		}
		if word == "--" || !strings.HasPrefix(word, "-") {
			s.argv = append(s.argv, argv[i:]...)
			break
		}
		s.argv = append(s.argv, word)
		if at := strings.IndexAny(word, "frad"); at == len(word)-1 && i+1 < len(argv) {
			i++
			s.argv = append(s.argv, argv[i])
		}
	}
	return s, s.lint || s.explain
}

// studyRC runs --lint and --explain.
func (p *program) studyRC(s study) error {
	name := "procmail --explain"
	if s.lint {
		name = "procmail --lint"
	}
	if err := p.NotUnderPostfix(name); err != nil {
		return err
	}
	a := agent.ParseProcmail(s.argv)
	switch {
	case len(a.Complaints) > 0 || a.Version || a.Help:
		return dsn.Config("the options are not ones of " + name + " (see lastmile help procmail)")
	case len(a.Recipients) > 0:
		return dsn.Config(name + " takes no -d: run it as the user whose rcfile it is")
	case s.lint && s.explain:
		return dsn.Config("--lint and --explain exclude each other")
	case s.lint:
		return p.lintRC(s, a)
	}
	return p.explainRC(s, a)
}

// lintRC says what is wrong in rcfiles. It exits 0 if that is nothing but notes, 1
// if there are errors or warnings.
func (p *program) lintRC(s study, a *agent.ProcmailArgs) error {
	if s.programs {
		return dsn.Config("--lint runs no programs")
	}
	isAssignment := func(word string) bool { return strings.Contains(word, "=") }
	assignments := slices.Clone(a.Words)
	assignments = slices.DeleteFunc(assignments, func(word string) bool { return !isAssignment(word) })
	rcfiles := slices.DeleteFunc(slices.Clone(a.Words), isAssignment)
	if len(rcfiles) == 0 {
		return dsn.Config("--lint wants the names of rcfiles")
	}
	findings := []lint.Finding{}
	for _, rc := range rcfiles {
		account, err := ownerOf(rc)
		if err != nil {
			return err
		}
		host, err := delivery.NewRehearsal(procmailrc.Unknown)
		if err != nil {
			return &dsn.Error{Status: dsn.TempSystem, Text: "cannot read the rcfile", Err: err}
		}
		box := filepath.Join(delivery.SpoolDir, account.Name)
		c := procmailrc.Config{Name: "procmail", Words: assignments, Account: agent.ProcmailAccount(account), SystemMailbox: box, OrgMail: box}
		findings = append(findings, lint.Examine(host, []string{rc}, c)...)
	}
	var err error
	if s.json {
		e := json.NewEncoder(p.Stdout)
		e.SetEscapeHTML(false)
		err = e.Encode(struct {
			Schema   int            `json:"schema"`
			Findings []lint.Finding `json:"findings"`
		}{1, findings})
	} else {
		err = writeLint(p.Stdout, findings)
	}
	switch {
	case err != nil:
		return &dsn.Error{Status: dsn.TempSystem, Text: "cannot write the findings", Err: err}
	case slices.ContainsFunc(findings, func(f lint.Finding) bool { return f.Severity != lint.Info }):
		return foundTrouble
	}
	return nil
}

// ownerOf returns whose an rcfile is: root may look at those of others.
func ownerOf(rc string) (delivery.Account, error) {
	_, account, err := agent.Whose(&agent.ProcmailArgs{})
	if err != nil || os.Geteuid() != 0 {
		return account, err
	}
	info, err := os.Stat(rc)
	if err != nil {
		return account, nil
	}
	if owner, err := delivery.AccountOf(int(info.Sys().(*syscall.Stat_t).Uid)); err == nil {
		return owner, nil
	}
	return account, nil
}

// writeLint writes for a person, in the form that editors know from compilers.
func writeLint(w io.Writer, findings []lint.Finding) error {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%s:%d:%d: %s: %s (%s)\n", shown(f.File), f.Line, f.Column, f.Severity, shown(f.Problem), f.ID)
		if f.Cure != "" {
			fmt.Fprintf(&b, "  cure: %s\n", shown(f.Cure))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
