package dsn

import (
	"errors"
	"strings"
	"syscall"
)

// Error is a failed delivery. It is made where the failure happens, because
// only there it is known what the failure means.
type Error struct {
	Status Status
	// Text is for whoever sent the message: an MTA copies it into a bounce. It
	// holds no path, uid or command.
	Text string
	// Err is the cause, for the log and for a person at a terminal. It may be
	// nil.
	Err error
}

// Error returns status, text and cause in one line.
func (e *Error) Error() string {
	s := e.Status.String() + " " + e.Text
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Of returns the failure that an error stands for. An error that nobody gave a
// status to was not foreseen, so it defers.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Status: TempSystem, Text: "temporary failure", Err: err}
}

// Config says that the caller or the admin made a mistake, with a text that
// names it: 4.3.5, so that no mail is lost while it is mended. What it was made in,
// a path or the words of a command, is not for the sender.
func Config(text string, in ...string) *Error {
	e := &Error{Status: TempConfig, Text: text}
	if len(in) > 0 {
		e.Err = errors.New(strings.Join(in, " "))
	}
	return e
}

// Storage says that the message could not be stored. The cause decides the
// status: full (Postfix 4.3.0), over quota or too large a file (Postfix would
// bounce with 5.2.2; we defer with 4.2.2), anything else 4.2.0 as virtual(8)
// has it.
func Storage(err error) *Error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return &Error{TempSystem, "insufficient system storage", err}
	case errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return &Error{TempMailboxFull, "mailbox full", err}
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOMEM):
		return &Error{TempSystem, "system resource problem", err}
	default:
		return &Error{TempMailbox, "cannot deliver to the mailbox", err}
	}
}
