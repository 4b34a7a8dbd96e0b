package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"lastmile/delivery/dsn"
)

// toEach delivers to several recipients, to each in a process of its own: it
// takes on their identity for good.
//
// The message has to be tried again if it could not be delivered to one of them,
// and those who have it get it once more. If there is nothing to try again but a
// verdict, that is told.
func (p *program) toEach(a *procmailArgs, argv []string) error {
	for _, line := range a.complaints {
		io.WriteString(p.stderr, line)
	}
	options := argv[:len(argv)-len(a.recipients)]
	if last := len(options) - 1; options[last] == "-d" {
		options = options[:last]
	} else { // -dRECIPIENT, or a bundle that ends in it
		return dsn.Config("several recipients want -d as a word of its own")
	}
	spool, err := p.spool()
	if err != nil {
		return &dsn.Error{Status: dsn.TempSystem, Text: "cannot spool the message", Err: err}
	}
	defer spool.Close()
	worst, last, strict := 0, 0, strictly(a)
	for _, recipient := range a.recipients {
		if _, err := spool.Seek(0, io.SeekStart); err != nil {
			return &dsn.Error{Status: dsn.TempSystem, Text: "cannot spool the message", Err: err}
		}
		child := append(append([]string{"procmail"}, options...), "-d", recipient)
		proc, err := os.StartProcess("/proc/self/exe", child, &os.ProcAttr{Env: os.Environ(), Files: []*os.File{spool, fileOf(p.stdout), fileOf(p.stderr)}})
		if err != nil {
			return &dsn.Error{Status: dsn.TempSystem, Text: "cannot deliver to each recipient", Err: err}
		}
		state, err := proc.Wait()
		if err != nil {
			return &dsn.Error{Status: dsn.TempSystem, Text: "cannot deliver to each recipient", Err: err}
		}
		status := state.ExitCode()
		if status < 0 {
			status = dsn.ExitTempFail // killed
		}
		last = status
		if worst != dsn.ExitTempFail && status != 0 {
			worst = status
		}
	}
	switch {
	case worst == 0:
		return nil
	case strict && last != 0: // that of the process itself
		worst = last
	case strict && a.tempFail:
		worst = dsn.ExitTempFail
	case strict:
		worst = exitBounced
	}
	return exitStatus(worst)
}

// spool reads the message into a file in memory.
func (p *program) spool() (*os.File, error) {
	fd, err := unix.MemfdCreate("lastmile-spool", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a spool file: %w", err)
	}
	f := os.NewFile(uintptr(fd), "(spool in memory)")
	if _, err := io.Copy(struct{ io.Writer }{f}, p.stdin); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
