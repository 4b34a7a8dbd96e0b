package agent

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"lastmile/delivery/dsn"
)

// What the caller gets to see, all of it from here:
//
//   - Success is silent, or one line with -v.
//   - Failure is one line on standard error that begins with the status code,
//     because Postfix reads it at the very first byte of what both streams
//     gave, and the exit status 75 (try again) or 77 (give it back). So nothing
//     may be written before it.
//   - There is no newline at the end unless a terminal shows it: Postfix would
//     log a blank for it, and its own "mail forwarding loop for …" has none.
//   - An MTA copies the line into a bounce. The cause, with paths and uids in
//     it, is added only to deferrals, and not under Postfix: there it goes to
//     the log alone.
//   - A person at a terminal is told that a message is waited for ([Process.Invite]).
//   - A caller that does not read (EPIPE, a closed descriptor) still gets the
//     exit status.

// MaxReport is the length of the line in bytes: Postfix reads 4096, logs 2000,
// and an address needs 320.
const MaxReport = 512

// report writes to the caller.
type report struct {
	w            io.Writer
	underPostfix bool
}

// ExitStatus is an error that is nothing but an exit status: the command has
// said everything itself.
type ExitStatus int

// Error implements error.
func (s ExitStatus) Error() string { return "exit status " + strconv.Itoa(int(s)) }

// exit reports the outcome of a command and returns the exit status.
func (r *report) exit(err error) int {
	var s ExitStatus
	switch {
	case err == nil:
		return dsn.ExitOK
	case errors.As(err, &s):
		return int(s)
	}
	return r.failure(dsn.Of(err))
}

// failure writes the one line of a failed delivery.
func (r *report) failure(e *dsn.Error) int {
	line := e.Status.String() + " " + e.Text
	if e.Err != nil && e.Status.Temporary() && !r.underPostfix {
		line = e.Error()
	}
	r.line(line)
	return e.Status.ExitStatus()
}

// line writes one line. That nobody reads it changes nothing.
func (r *report) line(text string) {
	text = OneLine(text, MaxReport)
	if IsTerminal(r.w) {
		text += "\n"
	}
	lastWords(r.w, text)
}

// patience is how long a caller who does not read may keep the process from ending.
const patience = 10 * time.Second

// lastWords writes a text, unless nobody reads it.
func lastWords(w io.Writer, text string) { patiently(func() { io.WriteString(w, text) }) }

// patiently writes to the caller, unless nobody reads it.
func patiently(write func()) {
	written := make(chan struct{})
	go func() {
		write()
		close(written)
	}()
	select {
	case <-written:
	case <-time.After(patience):
	}
}

// OneLine replaces everything that does not print, and cuts at a number of
// bytes.
func OneLine(text string, limit int) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case c == '\t' || c == '\n':
			return ' '
		case c == utf8.RuneError || !unicode.IsPrint(c):
			return '_'
		}
		return c
	}, text)
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit-len("...")], "") + "..."
	}
	return text
}

// IsTerminal tells whether a person is looking.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
