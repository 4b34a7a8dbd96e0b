package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"lastmile/delivery/dsn"
	"lastmile/delivery/message"
	"lastmile/delivery/procmailrc"
)

// Filter runs procmail rcfiles over messages: their recipes deliver, and what
// none of them delivers goes to DEFAULT.
type Filter struct {
	// Config says which rcfiles, as whom, and with which variables.
	Config procmailrc.Config
	// Intake says what is done about the From_ line.
	Intake procmailrc.Intake
	// IgnoreLength is set if Content-Length: means nothing.
	IgnoreLength bool
	// Stdout is what the action "|" writes to, and Stderr the log until LOGFILE
	// names another.
	Stdout, Stderr *os.File
	// Default, if not nil, takes what no recipe delivers, as long as no rcfile
	// sets DEFAULT.
	Default Destination
}

// Ended is the error of a message that no rcfile has delivered.
type Ended struct {
	// Status is procmail's exit status.
	Status int
	// Chosen is set if an rcfile has chosen it: it is a verdict of the user's.
	Chosen bool
}

// Error implements error.
func (e *Ended) Error() string { return "procmail ends with status " + strconv.Itoa(e.Status) }

// Unwrap returns what the status means to a caller that wants to know it in the
// terms of RFC 3463: of a status that an rcfile has chosen what Postfix makes of
// it, and otherwise that the message could not be stored.
func (e *Ended) Unwrap() error {
	if e.Chosen {
		if status, text, ok := dsn.Sysexit(e.Status); ok {
			return &dsn.Error{Status: status, Text: text}
		}
		return &dsn.Error{Status: dsn.TempSystem, Text: fmt.Sprintf("the filter ended with status %d", e.Status)}
	}
	return &dsn.Error{Status: dsn.TempMailbox, Text: "cannot deliver to the mailbox"}
}

// Plan implements [Destination].
func (f *Filter) Plan(*Envelope) (string, error) {
	return "rcfile " + strings.Join(f.Config.Words, " "), nil
}

// Deliver implements [Destination].
func (f *Filter) Deliver(gate *Gate, env *Envelope, m *message.Message) (where string, err error) {
	m.Prepend(m.From()) // as local(8) hands it over: From_ line, trace fields, message
	data, err := m.Map(fromRoom)
	switch {
	case err != nil && m.ReadFailed():
		return "", ReadFailed(err)
	case err != nil:
		return "", &dsn.Error{Status: dsn.TempSystem, Text: "cannot spool the message", Err: err}
	}
	intake := f.Intake
	intake.Now = time.Now()
	mail := procmailrc.NewMail(intake.Apply(data, fromRoom), f.IgnoreLength)
	c := f.Config
	if c.Control == nil {
		c.Control = new(procmailrc.Control)
	}
	host, err := newFilterHost(gate, f, c.Control)
	if err != nil {
		return "", err
	}
	defer host.close()
	if f.Default != nil {
		if c.Default, err = f.Default.Plan(env); err != nil {
			return "", err
		}
		c.Sender, c.HasSender = env.Sender, env.HasSender
		c.Vars = append(c.Vars, variables(env)...)
		back := host.Clone() // the rcfile may have gone elsewhere
		c.Fallback = func(mail, from []byte, final bool) error {
			back()
			if final {
				return fallBack(f.Default, gate, env, mail, from)
			}
			own := new(Gate)
			if !host.begin(func() { own.Abort() }) {
				return ErrAborted
			}
			defer host.begin(nil)
			return fallBack(f.Default, own, env, mail, from)
		}
	}
	end := procmailrc.Run(host, mail, c)
	switch {
	case host.Ended():
		return "", context.Cause(host.ctx)
	case errors.Is(end.Err, procmailrc.ErrRC):
		return "", &dsn.Error{Status: dsn.TempConfig, Text: "cannot run the filter", Err: end.Err}
	case end.Err != nil && !end.Chosen:
		return "", end.Err
	}
	if end.Status != 0 {
		return "", &Ended{Status: end.Status, Chosen: end.Chosen}
	}
	// Also where an rcfile has thrown the message away, which is its to do.
	return end.Folder, gate.Pass(func() error { return nil })
}

// fromRoom is how much there is in front of a message for its From_ line, in bytes:
// procmail's LINEBUF, which a sender alone may be as long as, and what is around it.
const fromRoom = 4 << 10

// variables are what an rcfile knows about the envelope, as from local(8).
func variables(env *Envelope) [][2]string {
	return [][2]string{
		{"SENDER", env.Sender}, {"RECIPIENT", env.Recipient}, {"ORIGINAL_RECIPIENT", env.OriginalRecipient},
		{"LOCAL", env.Local()}, {"USER", env.User()}, {"EXTENSION", env.Extension()}, {"DOMAIN", env.Domain()},
	}
}

// fallBack delivers what an rcfile has made of a message to the destination that
// was there before it.
func fallBack(to Destination, gate *Gate, env *Envelope, mail, from []byte) error {
	m, err := message.Read(io.MultiReader(bytes.NewReader(from), bytes.NewReader(mail)), func([]byte) bool { return true })
	if err != nil {
		return ReadFailed(err)
	}
	if err := m.Fill(); err != nil {
		return ReadFailed(err)
	}
	m.CutFrom(len(from))
	_, err = to.Deliver(gate, env, m)
	return err
}
