package delivery

import (
	"io"
	"strings"

	"lastmile/delivery/dsn"
	"lastmile/delivery/internal/confine"
	"lastmile/delivery/message"
	"lastmile/maildir"
)

// LoopsFolder is the Maildir++ folder that the policy Quarantine uses.
const LoopsFolder = "Loops"

// Maildir stores messages in Maildirs. With an [Envelope.ID] a message is stored
// once, however often it is delivered: where it is then ends in [Again].
type Maildir struct {
	Confine Confine
	// Pinned says that the goroutine that delivers stays on its thread, as one in an
	// init function does: then it need not be locked to it to be confined.
	Pinned bool

	at     Template
	folder []string // the folder's name, cut at the placeholders; none for the inbox
	open   maildir.Options
}

// NewMaildir returns the destination of a template. Folder, which may have
// placeholders too, names a Maildir++ folder; a missing one is made if the
// options say so, and otherwise the message goes to the inbox.
func NewMaildir(at Template, folder string, o maildir.Options) (*Maildir, error) {
	parts, err := parsePlaceholders(folder)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(folder, "{") && folder != "" { // no need to wait for a recipient
		if _, err := maildir.FolderKey(folder); err != nil {
			return nil, dsn.Config(err.Error())
		}
	}
	return &Maildir{at: at, folder: parts, open: o}, nil
}

// Quarantine returns the destination for messages that loop: the folder Loops
// of the same Maildir, made if it is missing and anything may be made.
func (d *Maildir) Quarantine() *Maildir {
	q := *d
	q.folder = []string{LoopsFolder}
	q.open.CreateFolder = q.open.Create
	return &q
}

// Plan implements [Destination].
func (d *Maildir) Plan(env *Envelope) (string, error) {
	at, err := d.at.Expand(env)
	if err != nil {
		return "", err
	}
	o := d.options(env)
	where := at.String()
	if o.Folder != "" {
		where = strings.TrimRight(where, "/") + "/" + o.Folder
	}
	return where, nil
}

// Deliver implements [Destination].
func (d *Maildir) Deliver(gate *Gate, env *Envelope, m *message.Message) (where string, err error) {
	at, err := d.at.Expand(env)
	if err != nil {
		return "", err
	}
	box, err := maildir.Open(at, d.options(env))
	if err != nil {
		return "", dsn.Storage(err)
	}
	defer box.Close()
	if d.Confine.wanted(d.at) {
		confine.Thread(box.Dir(), confine.InMaildir, d.Pinned)
	}
	out, err := box.Create()
	if err != nil {
		return "", dsn.Storage(err)
	}
	defer out.Close()
	if err := gate.OnAbort(out.Remove); err != nil {
		out.Remove()
		return "", err
	}
	var once *fingerprint
	if env.ID != "" {
		once = newFingerprint(env, m)
	}
	where, again, err := store(gate, m, out, once)
	if err != nil || again {
		out.Remove()
	}
	if again {
		where += Again
	}
	return where, err
}

// Again ends what is said of a message that was there already.
const Again = " before"

// store writes a message and makes it final, unless it was there before.
func store(gate *Gate, m *message.Message, out *maildir.Delivery, once *fingerprint) (where string, again bool, err error) {
	var w io.Writer = out
	if once != nil {
		w = io.MultiWriter(out, once)
	}
	if _, err := m.WriteTo(w); err != nil {
		if m.ReadFailed() {
			return "", false, ReadFailed(err)
		}
		return "", false, dsn.Storage(err)
	}
	if err := out.Sync(); err != nil {
		return "", false, dsn.Storage(err)
	}
	if once != nil {
		return storeOnce(gate, out, once)
	}
	err = gate.Pass(func() error {
		if where, err = out.Place(); err != nil {
			return dsn.Storage(err)
		}
		return nil
	})
	return where, false, err
}

// storeOnce makes a message final that is there already if it was there before.
func storeOnce(gate *Gate, out *maildir.Delivery, f *fingerprint) (where string, again bool, err error) {
	once, err := out.Recall(f.key())
	if err != nil {
		return "", false, dsn.Storage(err)
	}
	defer once.Close()
	err = gate.Pass(func() error {
		if where, again, err = once.Place(); err != nil {
			return dsn.Storage(err)
		}
		return nil
	})
	return where, again, err
}

// options returns how to open the Maildir of an envelope.
func (d *Maildir) options(env *Envelope) maildir.Options {
	o := d.open
	name, err := expand(d.folder, env)
	if err != nil || name == "" || strings.EqualFold(name, "INBOX") {
		return o // a name that no folder can have: to the inbox, as if it were missing
	}
	if o.Folder, err = maildir.FolderKey(name); err != nil {
		o.Folder = ""
	}
	return o
}
