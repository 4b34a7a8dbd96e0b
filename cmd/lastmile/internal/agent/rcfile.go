package agent

import (
	"os"
	"path/filepath"
	"strings"

	"lastmile/delivery"
	"lastmile/delivery/dsn"
	"lastmile/delivery/procmailrc"
)

// rcfile returns the destination of deliver --rcfile: the recipes of a procmail
// rcfile, before the destination that takes what they leave.
//
// It is procmail's own language and interpreter, and its rules about who may have
// written an rcfile; but the message has been judged already, the envelope is
// known, and the outcome is told in the terms of RFC 3463.
func (p *Process) rcfile(file string, to delivery.Destination) (delivery.Destination, error) {
	if strings.Contains(file, "=") {
		return nil, dsn.Config("--rcfile cannot have a = in its name", file)
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, &dsn.Error{Status: dsn.TempConfig, Text: "no directory for --rcfile", Err: err}
	}
	return &delivery.Filter{
		Config: procmailrc.Config{
			Mode: procmailrc.Filter, Name: "lastmile", Words: []string{path}, Required: true,
			Environ: os.Environ(), Account: ProcmailAccount(delivery.OwnAccount()),
		},
		IgnoreLength: true, // a Content-Length field would be corrected
		Stdout:       FileOf(p.Stdout), Stderr: FileOf(p.Stderr), Default: to,
	}, nil
}
