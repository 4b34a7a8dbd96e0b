package delivery

import (
	"regexp"
	"strings"

	"lastmile/delivery/dsn"
	"lastmile/loopcheck"
)

// Envelope is what the caller says about a message besides the message.
type Envelope struct {
	// Recipient is the envelope recipient in its internal form: a local part
	// that came in quotes has them no longer.
	Recipient string
	// Sender is the reverse-path, empty for the null reverse-path, if
	// HasSender is set.
	Sender    string
	HasSender bool
	// OriginalRecipient is the recipient before aliases and rewriting, or
	// empty.
	OriginalRecipient string
	// Delimiter is the set of bytes between user and extension, Postfix's
	// recipient_delimiter.
	Delimiter string
	// ID, if not empty, is what the caller calls this delivery each time it tries
	// it: the message is then stored once only. See [Maildir].
	ID string
}

// NewEnvelope checks a recipient as it came in the arguments. One that cannot
// be an address is refused: with 4.3.5 where the caller is set up wrong, with
// 5.1.3 where the address itself is the trouble.
func NewEnvelope(recipient string) (*Envelope, error) {
	switch {
	case strings.TrimSpace(recipient) == "":
		return nil, dsn.Config("the recipient is empty")
	case hasControl(recipient):
		return nil, &dsn.Error{Status: dsn.BadMailboxSyntax, Text: "bad recipient address syntax"}
	case isMacro(recipient):
		return nil, dsn.Config("the recipient is a macro that the caller did not expand: " + recipient)
	}
	return &Envelope{Recipient: loopcheck.Unquote(recipient)}, nil
}

// SetSender takes the reverse-path from the arguments: nothing, "<>" and
// Postfix's default text for it, MAILER-DAEMON, are the null reverse-path. Text
// with a control byte is no path (any local user can send some through Postfix
// before 2026-08): written into a field it would make another, so it is
// dropped, and the message is delivered all the same.
func (e *Envelope) SetSender(sender string) {
	if hasControl(sender) {
		return
	}
	sender = strings.TrimSuffix(strings.TrimPrefix(sender, "<"), ">")
	if strings.EqualFold(sender, "MAILER-DAEMON") {
		sender = ""
	}
	e.Sender, e.HasSender = loopcheck.Unquote(sender), true
}

// SetOriginalRecipient takes the recipient before aliases and rewriting. As with
// the sender, text with a control byte is dropped.
func (e *Envelope) SetOriginalRecipient(recipient string) {
	if !hasControl(recipient) {
		e.OriginalRecipient = loopcheck.Unquote(recipient)
	}
}

// maxID is the longest ID in bytes. Postfix's long queue IDs have some 15.
const maxID = 255

// SetID takes the name of a delivery from the arguments.
func (e *Envelope) SetID(id string) error {
	switch {
	case strings.TrimSpace(id) == "":
		return dsn.Config("--id is empty")
	case len(id) > maxID || hasControl(id):
		return dsn.Config("--id is too long, or has a control byte in it")
	case isMacro(id):
		return dsn.Config("--id is a macro that the caller did not expand: " + id)
	}
	e.ID = id
	return nil
}

// Local returns the local part of the recipient.
func (e *Envelope) Local() string {
	local, _ := loopcheck.Cut(e.Recipient)
	return local
}

// Domain returns the domain of the recipient, or nothing.
func (e *Envelope) Domain() string {
	_, domain := loopcheck.Cut(e.Recipient)
	return domain
}

// User returns the local part up to the delimiter.
func (e *Envelope) User() string {
	user, _ := loopcheck.Split(e.Local(), e.Delimiter)
	return user
}

// Extension returns what follows the delimiter in the local part.
func (e *Envelope) Extension() string {
	_, extension := loopcheck.Split(e.Local(), e.Delimiter)
	return extension
}

// hasControl tells whether there is an ASCII control byte in s. None can be in
// an address, and in a header field or a log line it would make a second one.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// isMacro tells whether a recipient, or a whole part of it, is a macro of a
// caller's configuration that arrived as it was written there: ${recipient} of
// Postfix, %(recipient) of getmail, %T of fetchmail, %[to] of fdm.
func isMacro(recipient string) bool {
	if len(recipient) > 64 || !strings.ContainsAny(recipient, "$%") {
		return false
	}
	local, domain := loopcheck.Cut(recipient)
	return macro().MatchString(local) || macro().MatchString(domain)
}

// macro is compiled only for the few recipients with a "$" or "%" in them.
func macro() *regexp.Regexp {
	return regexp.MustCompile(`^(\$[a-z_]+|\$\{[a-z_]+\}|\$\([a-z_]+\)|%\([a-z_]+\)|%\[[a-z_]+\]|%\{[a-z_]+\}|%[A-Za-z])$`)
}
