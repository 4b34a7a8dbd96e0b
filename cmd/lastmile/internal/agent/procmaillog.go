package agent

import (
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"lastmile/delivery/dsn"
	"lastmile/delivery/procmailrc"
)

// heed turns VERBOSE on and off at the signals SIGUSR2 and SIGUSR1, and takes
// SIGALRM for the end of a program's time. It does so to the end of the process,
// which they would otherwise end, perhaps before it has said that the message is
// delivered.
func heed(c *procmailrc.Control) {
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
}

// withhold keeps what we, an rcfile and its programs say or print back until the
// outcome is known, if Postfix calls us, or always: a status code must be the first
// thing that the caller reads. What LOGFILE takes is not concerned.
//
// The function that it returns gives out what was withheld, when the outcome has
// been told: after a delivery to the caller (Postfix logs the beginning of it, as it
// does with procmail); after a failure to the log alone, because a bounce would show
// it to the sender.
func (p *Process) withhold(always bool) (release func(error), err error) {
	if !p.UnderPostfix && !always {
		return func(error) {}, nil
	}
	fd, err := unix.MemfdCreate("procmail-log", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, &dsn.Error{Status: dsn.TempSystem, Text: "cannot keep the log", Err: err}
	}
	said, stderr := os.NewFile(uintptr(fd), "(log)"), p.Stderr
	p.Stdout, p.Stderr = said, said
	return func(err error) { // it does not close the file: a delivery that was given up may be writing
		said.Seek(0, io.SeekStart)
		if err == nil {
			patiently(func() { io.Copy(stderr, said) })
			return
		}
		text, _ := io.ReadAll(io.LimitReader(said, maxWithheld))
		l := p.systemLog()
		for line := range strings.Lines(string(text)) {
			l.write(mailWarning, OneLine(strings.TrimRight(line, "\n"), MaxReport))
		}
	}, nil
}

// maxWithheld is how much of a failed rcfile's log is passed on, in bytes.
const maxWithheld = 16 << 10
