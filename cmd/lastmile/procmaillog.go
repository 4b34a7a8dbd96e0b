package main

import (
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"lastmile/delivery"
	"lastmile/delivery/dsn"
	"lastmile/delivery/procmailrc"
)

// heed turns VERBOSE on and off at the signals SIGUSR2 and SIGUSR1, and takes
// SIGALRM for the end of a program's time, until the function that it returns is
// called.
func heed(c *procmailrc.Control) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM)
	go func() {
		for s := range signals {
			if s == syscall.SIGALRM {
				c.Alarm()
			} else {
				c.SetVerbose(s == syscall.SIGUSR2)
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
	}
}

// withhold keeps what an rcfile and its programs say back until the outcome is
// known, if Postfix calls us and LOGFILE does not take it: a status code must be
// the first thing that Postfix reads.
func (p *program) withhold(f *delivery.Filter) (*os.File, error) {
	if !p.underPostfix {
		return nil, nil
	}
	fd, err := unix.MemfdCreate("procmail-log", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, &dsn.Error{Status: dsn.TempSystem, Text: "cannot keep the log", Err: err}
	}
	f.Stderr = os.NewFile(uintptr(fd), "(log)")
	return f.Stderr, nil
}

// release gives out what was withheld: after a delivery to Postfix, which logs the
// beginning of it, as it does with procmail; after a failure to the log alone,
// because a bounce would show it to the sender.
func (p *program) release(said *os.File, err error) {
	if said == nil {
		return
	}
	defer said.Close()
	said.Seek(0, io.SeekStart)
	if err == nil {
		io.Copy(p.stderr, said)
		return
	}
	text, _ := io.ReadAll(io.LimitReader(said, maxWithheld))
	l := p.systemLog()
	for line := range strings.Lines(string(text)) {
		l.write(mailWarning, oneLine(strings.TrimRight(line, "\n"), maxReport))
	}
}

// maxWithheld is how much of a failed rcfile's log is passed on, in bytes.
const maxWithheld = 16 << 10
