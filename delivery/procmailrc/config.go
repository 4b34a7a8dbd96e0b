package procmailrc

import "errors"

// Mode is which of procmail's forms is run.
type Mode int

const (
	Plain   Mode = iota // rcfiles of the user who runs it
	Deliver             // -d: for a recipient, whose identity has been taken
	Filter              // -m: one rcfile, and no mailbox to fall back on
)

// Account is whose rcfiles are run.
type Account struct {
	Name, Home, Shell string
	UID, GID          int
}

// Config says what to run.
type Config struct {
	Mode Mode
	// Name is $0.
	Name string
	// Args are $1 and so on, of the option -a.
	Args []string
	// Words are the further arguments: assignments, and rcfiles.
	Words []string
	// Preserve keeps the environment (-p).
	Preserve bool
	Environ  []string
	Account  Account
	// OrgMail is the system mailbox, empty if there is none to be used.
	OrgMail string
	// SystemMailbox is its name even if it cannot be used.
	SystemMailbox string
	// Default is what DEFAULT says if it is not SystemMailbox. Fallback, if not
	// nil, is what delivers there, the message without its From_ line, as long as
	// no rcfile sets DEFAULT to something else. The message is delivered then if
	// final is set; otherwise it was a copy.
	Default  string
	Fallback func(mail, from []byte, final bool) error
	// Required is set if the rcfile must be run: without it nothing is delivered.
	Required bool
	// Vars are variables with a value that comes from outside and is taken as it
	// is.
	Vars [][2]string
	// Literal tells for an assignment of Words that its value is taken as it is,
	// too, because it may come from outside: nothing in it is expanded or run.
	Literal func(name, value string) bool
	// SystemRC is the rcfile that is run before the user's, if none is named.
	SystemRC string
	// TempFail makes a failure one to try again (-t). We do so anyway unless
	// Strict is set.
	TempFail bool
	// Strict makes us do as procmail does even where that loses mail.
	Strict bool
	// Sender, if HasSender is set, is the envelope sender, which forwarded
	// messages keep.
	Sender    string
	HasSender bool
	Trace     Trace
	// Control, if not nil, lets the outside take part.
	Control *Control
}

// Version is what PROCMAIL_VERSION says: the procmail whose language this is.
const Version = "3.23pre"

// Ending is how the rcfiles have ended.
type Ending struct {
	// Status is procmail's exit status: 0 if the message has been delivered, or
	// an rcfile wanted it gone.
	Status int
	// Chosen is set if an rcfile has chosen the status (EXITCODE, TRAP).
	Chosen bool
	// Folder is where the message went last: LASTFOLDER.
	Folder string
	// Err is why Fallback failed; or ErrRC.
	Err error
}

// ErrRC says that an rcfile that is required was not run: the log says why.
var ErrRC = errors.New("the rcfile is missing, or somebody else could have written it")
