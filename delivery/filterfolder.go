package delivery

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"lastmile/delivery/folder"
	"lastmile/delivery/procmailrc"
	"lastmile/maildir"
)

// limited returns a context for an action that may take some time.
func (h *filterHost) limited(limit time.Duration, timedOut func(running bool)) (context.Context, func()) {
	if limit <= 0 {
		return h.ctx, func() {}
	}
	ctx, cancel := context.WithTimeout(h.ctx, limit)
	return ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			timedOut(false)
		}
		cancel()
	}
}

// Deliver implements [procmailrc.Host].
func (h *filterHost) Deliver(d *procmailrc.Delivery) (where []string, err error) {
	if h.Ended() {
		return nil, ErrAborted
	}
	if d.Kind == procmailrc.Mbox {
		return []string{d.Path}, h.toMbox(d)
	}
	file, err := h.toDirectory(d)
	if err != nil {
		return nil, err
	}
	where = []string{file}
	for _, link := range d.Links {
		path, err := linkInto(file, link, d)
		if err != nil {
			d.LinkFailed(link.Path)
			continue
		}
		where = append(where, path)
	}
	return where, nil
}

// mboxBuffer is how much goes into an mbox in one write.
const mboxBuffer = 64 << 10

// toMbox appends a message to an mbox.
func (h *filterHost) toMbox(d *procmailrc.Delivery) error {
	ctx, done := h.limited(d.Timeout, d.TimedOut)
	defer done()
	m, err := h.openMbox(ctx, d)
	if err != nil {
		return err
	}
	d.Offset, d.Begun = m.Size(), true
	w := bufio.NewWriterSize(m, mboxBuffer) // quoting makes pieces of the text
	if _, err = d.Text.WriteTo(w); err == nil {
		err = w.Flush()
	}
	if err == nil {
		if err = m.Sync(); err == nil {
			if err = h.final(d.Final, m.Commit); err == nil {
				return nil
			}
		}
	}
	m.Abort()
	if !m.Device() {
		err = &procmailrc.CutBack{Err: err}
	}
	return err
}

// openMbox opens and locks an mbox.
func (h *filterHost) openMbox(ctx context.Context, d *procmailrc.Delivery) (*folder.Mbox, error) {
	h.making.Lock()
	defer h.making.Unlock()
	m, err := folder.Open(ctx, d.Path, folder.Options{Mode: fs.FileMode(d.Mode), FollowLink: true, Mark: d.Mark})
	if err != nil {
		return nil, err
	}
	if !h.begin(m.Abort) {
		m.Abort()
		return nil, ErrAborted
	}
	return m, nil
}

// placer is a message file on its way into a directory.
type placer interface {
	io.Writer
	Sync() error
	Place() (path string, err error)
	Remove()
	Close()
}

// create begins a message file in a directory.
func (h *filterHost) create(d *procmailrc.Delivery) (p placer, done func(), err error) {
	h.making.Lock()
	defer h.making.Unlock()
	if p, done, err = h.open(d); err != nil {
		return nil, nil, errors.Join(procmailrc.ErrName, err)
	}
	if !h.begin(p.Remove) {
		p.Remove()
		done()
		return nil, nil, ErrAborted
	}
	return p, done, nil
}

func (h *filterHost) open(d *procmailrc.Delivery) (p placer, done func(), err error) {
	o := dirOptions(d)
	switch d.Kind {
	case procmailrc.MH:
		p, err = folder.Numbered(d.Path, o)
	case procmailrc.MsgDir:
		p, err = folder.Msg(d.Path, d.Prefix, o)
	default:
		box, err := maildir.Open(maildir.Location{Trusted: d.Path}, maildir.Options{Create: true, FollowLink: true, ShortName: true, Serial: h.stored, FileMode: o.FileMode, DirMode: o.DirMode})
		if err != nil {
			return nil, nil, err
		}
		h.stored++
		if p, err = box.Create(); err != nil {
			box.Close()
			return nil, nil, err
		}
		return p, func() { p.Close(); box.Close() }, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return p, p.Close, nil
}

func dirOptions(d *procmailrc.Delivery) folder.DirOptions {
	return folder.DirOptions{FileMode: fs.FileMode(d.Mode), DirMode: fs.FileMode(d.DirMode), Mark: d.Mark}
}

// toDirectory stores a message file.
func (h *filterHost) toDirectory(d *procmailrc.Delivery) (path string, err error) {
	p, done, err := h.create(d)
	if err != nil {
		return "", err
	}
	defer done()
	d.Begun = true
	if _, err = d.Text.WriteTo(p); err == nil {
		if err = p.Sync(); err == nil {
			err = h.final(d.Final, func() (err error) {
				path, err = p.Place()
				return err
			})
			if err == nil {
				h.begin(nil)
				return path, nil
			}
		}
	}
	p.Remove()
	return "", err
}

// linkInto gives a message file a further name in another directory.
func linkInto(file string, f procmailrc.Folder, d *procmailrc.Delivery) (path string, err error) {
	o := dirOptions(d)
	switch f.Kind {
	case procmailrc.MH:
		return folder.LinkNumbered(file, f.Path, o)
	case procmailrc.MsgDir:
		return folder.LinkMsg(file, f.Path, d.Prefix, o)
	}
	return folder.LinkMaildir(file, f.Path, o)
}
