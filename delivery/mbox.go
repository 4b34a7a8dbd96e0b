package delivery

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"lastmile/delivery/dsn"
	"lastmile/delivery/folder"
	"lastmile/delivery/internal/confine"
	"lastmile/delivery/internal/lockfile"
	"lastmile/delivery/message"
	"lastmile/loopcheck"
	"lastmile/maildir"
)

// LoopsSuffix is added to the path of an mbox for the one that the policy
// Quarantine uses.
const LoopsSuffix = ".loops"

const (
	lockSuffix = ".lock" // that of the lock file of an mbox

	// lockLimit is how long the locks of others are waited for before the message
	// is deferred. Postfix's local(8) tries for some 20 s; a mail reader that
	// saves a large file takes longer.
	lockLimit = time.Minute
	// lockPause is Postfix's deliver_lock_delay.
	lockPause = time.Second
	// staleLock is Postfix's stale_lock_time.
	staleLock = 500 * time.Second
)

// Mbox adds messages to mbox files, as local(8) does: a From_ line, the message
// with ">" before its lines that begin with "From ", an empty line.
type Mbox struct {
	Confine Confine
	// Pinned says that the goroutine that delivers stays on its thread, as one in an
	// init function does: then it need not be locked to it to be confined.
	Pinned bool

	at     Template
	suffix string
}

// NewMbox returns the destination of a template. None may give every mbox the name
// of a file that belongs to another.
func NewMbox(at Template) (*Mbox, error) {
	if n := len(at.below); n > 0 {
		element := at.below[n-1]
		if last := element[len(element)-1]; strings.HasSuffix(last, lockSuffix) || strings.HasSuffix(last, LoopsSuffix) {
			return nil, dsn.Config("an mbox cannot have a name that ends in "+lockSuffix+" or "+LoopsSuffix, strings.Join(element, ""))
		}
		if literalLength(element)+len(LoopsSuffix+lockSuffix) > maxElement {
			return nil, dsn.Config("the name of the mbox is too long", strings.Join(element, ""))
		}
	}
	return &Mbox{at: at}, nil
}

// Quarantine returns the destination for messages that loop: an mbox beside the
// other, with [LoopsSuffix].
func (d *Mbox) Quarantine() *Mbox {
	q := *d
	q.suffix = LoopsSuffix
	return &q
}

// Plan implements [Destination].
func (d *Mbox) Plan(env *Envelope) (string, error) {
	at, err := d.expand(env)
	return at.String(), err
}

// expand returns the path for an envelope. No recipient may name the file that
// belongs to the mbox of another: its lock, or its quarantine.
func (d *Mbox) expand(env *Envelope) (maildir.Location, error) {
	at, err := d.at.Expand(env)
	if err != nil {
		return at, err
	}
	if n := len(at.Below); n > 0 {
		name := at.Below[n-1]
		if strings.HasSuffix(name, lockSuffix) || strings.HasSuffix(name, LoopsSuffix) || len(name)+len(LoopsSuffix+lockSuffix) > maxElement {
			return at, badRecipient(d.at.below[n-1])
		}
		at.Below[n-1] += d.suffix
		return at, nil
	}
	if strings.HasSuffix(at.Trusted, "/") {
		return at, dsn.Config("an mbox is a file, so its path cannot end in /", at.Trusted)
	}
	at.Trusted += d.suffix
	return at, nil
}

// Deliver implements [Destination].
func (d *Mbox) Deliver(gate *Gate, env *Envelope, m *message.Message) (string, error) {
	at, err := d.expand(env)
	if err != nil {
		return "", err
	}
	box, err := openMbox(gate, at)
	if err != nil {
		return "", err
	}
	if d.Confine.wanted(d.at) {
		confine.Thread(box.Dir(), confine.BesideMbox, d.Pinned)
	}
	m.Prepend(fromLine(env, m.From(), time.Now()))
	if err = fill(box, m); err == nil {
		err = gate.Pass(func() error {
			if err := box.Commit(); err != nil {
				return dsn.Storage(err)
			}
			return nil
		})
	}
	if err != nil {
		box.Abort()
		return "", err
	}
	return at.String(), nil
}

// openMbox opens and locks the file. If the delivery is given up while the locks
// of others are waited for, or later, no lock stays behind: whoever gives it up
// waits until the file is open, which is then at once, and closes it.
func openMbox(gate *Gate, at maildir.Location) (box *folder.Mbox, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), lockLimit)
	defer cancel()
	opened := make(chan struct{})
	if err := gate.OnAbort(func() {
		cancel()
		if <-opened; box != nil {
			box.Abort()
		}
	}); err != nil {
		return nil, err
	}
	defer close(opened)
	box, err = folder.OpenAt(ctx, at, folder.Options{
		Lock:         &lockfile.Options{Sleep: lockPause, Timeout: staleLock, Suspend: lockfile.DefaultSuspend, Retries: -1, Mode: lockfile.DefaultMode},
		LockOptional: true, // as where Postfix's default lets fcntl do, for a user who may not write to the spool directory
		Separate:     true,
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &dsn.Error{Status: dsn.TempMailbox, Text: "the mailbox is locked", Err: err}
	case err != nil:
		return nil, dsn.Storage(err)
	}
	return box, nil
}

// fill writes a message, and puts it on stable storage.
func fill(box *folder.Mbox, m *message.Message) error {
	q := folder.NewQuoter(box)
	_, err := m.WriteTo(q)
	if err != nil && m.ReadFailed() {
		return ReadFailed(err)
	}
	if err == nil {
		err = q.End()
	}
	if err == nil {
		err = box.Sync()
	}
	if err != nil {
		return dsn.Storage(err)
	}
	return nil
}

// fromLine returns the From_ lines of an mbox: one for the reverse-path, as
// Postfix's mail_copy.c writes it, or without a reverse-path those that the
// message came with.
func fromLine(env *Envelope, came []byte, now time.Time) []byte {
	if !env.HasSender && bytes.HasPrefix(came, []byte("From ")) {
		if came[len(came)-1] != '\n' {
			return append(bytes.Clone(came), '\n')
		}
		return came
	}
	sender := "MAILER-DAEMON"
	if env.Sender != "" {
		sender = loopcheck.Quote(env.Sender)
	}
	return []byte("From " + sender + "  " + now.Format(time.ANSIC) + "\n")
}
