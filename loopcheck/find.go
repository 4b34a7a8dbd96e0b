package loopcheck

// Match says when a Delivered-To field names the recipient.
type Match int

const (
	// Postfix compares as Postfix's delivered_hdr.c does; see the package
	// comment.
	Postfix Match = iota
	// Mailbox compares what is meant, too; see [SameMailbox]. It finds every
	// loop that Postfix does and more, and may find one where a person resends
	// a message to a sub-address.
	Mailbox
)

// Options say how stamps are compared. The zero value is Postfix's way.
type Options struct {
	Match Match
	// Delimiter is the set of bytes that divide user from extension in a
	// local part, Postfix's recipient_delimiter. Only [Mailbox] uses it.
	Delimiter string
	// Skip is a stamp that does not count: that of the delivery which is being
	// made, put on top by the program that called us. Nil skips none.
	Skip *Field
}

// Find returns the first Delivered-To field that names the recipient, an
// address in its internal (unquoted) form, or nil. Such a field means that the
// message has been delivered to the recipient before: a mail forwarding loop.
func (h *Header) Find(recipient string, o Options) *Field {
	same := o.comparer(recipient)
	counted := 0
	for i := range h.Stamps {
		f := &h.Stamps[i]
		if o.Skip != nil && f.Line == o.Skip.Line {
			continue
		}
		if counted++; counted > maxStamps {
			break
		}
		if same(f) {
			return f
		}
	}
	return nil
}

// TopStamp returns the Delivered-To field in the block of the last hop: the one
// that an MTA has written for the very delivery which is being made, if it
// writes one at all. At most one field is ever that: the topmost.
func (h *Header) TopStamp() *Field {
	if len(h.Stamps) > 0 && h.Stamps[0].Top {
		return &h.Stamps[0]
	}
	return nil
}

// Names reports whether a field names the recipient under the options.
func (f *Field) Names(recipient string, o Options) bool { return o.comparer(recipient)(f) }

// Key returns what stands for the recipient where it cannot be compared itself:
// two recipients that are the same under the options have the same key.
func (o Options) Key(recipient string) string {
	if o.Match == Mailbox {
		if m := parseMailbox(Quote(recipient), o.Delimiter); m != (mailbox{}) {
			return Quote(m.local + "@" + m.domain)
		}
	}
	return fold(Quote(recipient))
}

// comparer prepares the recipient once for any number of comparisons.
func (o Options) comparer(recipient string) func(*Field) bool {
	want := fold(Quote(recipient))
	literal := func(f *Field) bool { return fold(f.Value) == want }
	if o.Match == Postfix {
		return literal
	}
	meant := parseMailbox(Quote(recipient), o.Delimiter)
	return func(f *Field) bool {
		return literal(f) || meant != mailbox{} && parseMailbox(f.Unfolded, o.Delimiter) == meant
	}
}
