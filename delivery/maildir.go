package delivery

import (
	"strings"

	"lastmile/delivery/dsn"
	"lastmile/delivery/message"
	"lastmile/maildir"
)

// LoopsFolder is the Maildir++ folder that the policy Quarantine uses.
const LoopsFolder = "Loops"

// Maildir stores messages in Maildirs.
type Maildir struct {
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
	out, err := box.Create()
	if err != nil {
		return "", dsn.Storage(err)
	}
	defer out.Close()
	if err := gate.OnAbort(out.Remove); err != nil {
		out.Remove()
		return "", err
	}
	where, err = store(gate, m, out)
	if err != nil {
		out.Remove()
	}
	return where, err
}

// store writes a message and makes it final.
func store(gate *Gate, m *message.Message, out *maildir.Delivery) (where string, err error) {
	if _, err := m.WriteTo(out); err != nil {
		if m.ReadFailed() {
			return "", ReadFailed(err)
		}
		return "", dsn.Storage(err)
	}
	if err := out.Sync(); err != nil {
		return "", dsn.Storage(err)
	}
	err = gate.Pass(func() error {
		if where, err = out.Place(); err != nil {
			return dsn.Storage(err)
		}
		return nil
	})
	return where, err
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
