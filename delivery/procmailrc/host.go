package procmailrc

import (
	"io"
	"time"
)

// Host is everything outside that an rcfile acts on. The interpreter has no
// effect but through it, so that with another Host the same code says what it
// would do.
//
// Names are as the rcfile has them: relative ones belong to the directory of the
// last Chdir.
type Host interface {
	// PID returns the number that $$ stands for.
	PID() int
	// Now returns the time.
	Now() time.Time
	// HostName returns the name of this host, which HOST is compared with.
	HostName() string
	// Ended reports that the delivery has been given up from outside. Nothing
	// is begun then any more.
	Ended() bool

	// Log appends text to the log, in one piece.
	Log(text string)
	// OpenLog makes a file the log.
	OpenLog(name string) error

	// Stat describes a file; symbolic links are followed.
	Stat(name string) (Info, error)
	// ReadFile returns what is in a regular file.
	ReadFile(name string) ([]byte, error)
	// Chdir changes the working directory.
	Chdir(dir string) error
	// Directory returns the working directory.
	Directory() string
	// Clone remembers the working directory, the umask and the log, which the
	// copy of a message that goes its own way may change, and returns what
	// brings them back.
	Clone() (restore func())
	// Umask sets the mode bits that what is created does not get.
	Umask(mask uint32)
	// Mkdir makes a directory, with the mode bits that the umask leaves.
	Mkdir(dir string) error
	// Lock makes a lockfile, waiting for the end of another's.
	Lock(name string, o LockOptions) error
	// Unlock removes it.
	Unlock(name string) error

	// Run runs a program.
	Run(p *Program) Result
	// Deliver writes to a folder, and returns where it is now: for an mbox its
	// name, for a directory the new file, and those linked to it. After an
	// error nothing has been delivered.
	Deliver(f *Delivery) (where []string, err error)
	// Stdout writes to what was the standard output at the start.
	Stdout(t Text) error
	// Notify sends a datagram to a biff service.
	Notify(address, text string)
}

// Info describes a file.
type Info struct {
	Dir      bool
	Regular  bool
	Mode     uint32 // permission bits, with set-id and sticky bits as in stat(2)
	UID, GID int
}

// LockOptions say how to wait for a lockfile.
type LockOptions struct {
	Sleep   time.Duration // between tries
	Timeout time.Duration // the age at which another's lock is forced; 0 for never
	Suspend time.Duration // the wait after that
	// Retries is how often a lock that cannot be made, because of a full disk
	// or a directory that is missing, is tried again.
	Retries int
	// Notice takes what there is to say about it.
	Notice func(text, name string)
}

// Output says what becomes of a program's standard output.
type Output int

const (
	// Discard drops it.
	Discard Output = iota
	// Capture returns it.
	Capture
	// ToLog sends it where the standard error goes: into the log.
	ToLog
)

// Program is a program to run.
type Program struct {
	Args []string
	// Shell is set if a shell is to run Args[2].
	Shell bool
	// Name is what messages call it.
	Name   string
	Env    []string
	Input  Text
	Output Output
	// Limit is how many bytes of output are captured; one more is read, and
	// returned, to see whether there are more. 0 leaves it to the host.
	Limit int
	// Wait is set if the exit status matters.
	Wait bool
	// Delivers is set if it takes the message or a copy of it, and Final if the
	// message is delivered then.
	Delivers, Final bool
	Timeout         time.Duration // 0 for none
	// TimedOut is called when the time is up; the program has been told to end
	// if running is set.
	TimedOut func(running bool)
	// IgnoreWriteErrors is set if the program need not read its input.
	IgnoreWriteErrors bool
	// Retries is how often starting it is tried again while there is no room
	// for another process, without end if it is negative, and Suspend the time
	// between.
	Retries int
	Suspend time.Duration
}

// Result says what became of a program.
type Result struct {
	// Status is the exit status, or the negative number of the signal that
	// ended the program. Without Wait it is 0 unless the program could not be
	// run at all.
	Status int
	// Missing is set if there was no program to run, or the shell says so.
	Missing bool
	// Unread is set if the program ended, or closed its input, before it had
	// read everything.
	Unread bool
	// TimedOut is set if the program was ended because its time was up.
	TimedOut bool
	Output   []byte
	Excess   bool // there was more output than the limit
	// NotRun is set by a host that only takes it for a success: a filter has
	// changed nothing.
	NotRun bool
}

// Kind is a kind of folder.
type Kind int

const (
	Mbox Kind = iota
	Maildir
	MH
	MsgDir // a directory of files MSGPREFIX…
)

// Folder names a folder.
type Folder struct {
	Kind Kind
	Path string
}

// Delivery is a message on its way into folders.
type Delivery struct {
	Folder
	// Links are further directories that get a link to the same file.
	Links  []Folder
	Prefix string // MSGPREFIX
	Text   Text
	// Mode is the mode of a new file, and DirMode that of a new directory.
	Mode, DirMode uint32
	// Mark sets the mode bit o+x on the folder, in which mail readers of old saw
	// that there was new mail.
	Mark bool
	// Final is set if the message is delivered when this is done.
	Final   bool
	Timeout time.Duration // 0 for none
	// TimedOut is called when the time is up before the folder could be locked.
	TimedOut func(running bool)
	// Offset is set by the host to where the message begins in an mbox, and
	// Begun when it begins to write.
	Offset int64
	Begun  bool
	// LinkFailed is called for a link that could not be made.
	LinkFailed func(name string)
}

// Text is what is written to a folder or program.
type Text interface {
	io.WriterTo
	// Len returns the number of bytes that WriteTo writes.
	Len() int64
}
