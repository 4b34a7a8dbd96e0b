package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/cmd/lastmile/internal/formail"
	"lastmile/delivery"
	"lastmile/delivery/folder"
)

// The exit statuses of lockfile(1). It delivers nothing, so they are its own.
const (
	lockfileOK          = 0
	lockfileUsage       = 64
	lockfileUnavailable = 69 // the lock file cannot be made
	lockfileCantCreate  = 73 // somebody else has it
	lockfileTempFail    = 75 // a signal
)

const lockfileUsageLine = "Usage: lockfile -v | -nnn | -r nnn | -l nnn | -s nnn | -! | -ml | -mu | file ...\n"

const lockfileHelp = `	-v	display the version number and exit
	-nnn	wait nnn seconds between locking attempts
	-r nnn	make at most nnn retries before giving up on a lock
	-l nnn	set locktimeout to nnn seconds
	-s nnn	suspend nnn seconds after a locktimeout occurred
	-!	invert the exitcode of lockfile
	-ml	lock your system mail-spool file
	-mu	unlock your system mail-spool file
`

// lockfileCommand is lastmile lockfile, for the help, as formailCommand.
func (p *program) lockfileCommand() *cli.Command {
	c := p.command("lockfile", "make lock files, as lockfile(1) of procmail", "[OPTION | FILE]...", func(c *cli.Context) error {
		return agent.ExitStatus(lockfileMain(c.Args().Slice(), p.Stderr))
	})
	c.SkipFlagParsing = true
	return c
}

// lockfileMain is lockfile(1), the program of the procmail package, as its manual
// page and /usr/bin/lockfile have it: it makes the files named in args, which are
// without the name of the program, or none of them, and returns the exit status.
// The mode of the files follows the umask of the process.
func lockfileMain(args []string, stderr io.Writer) int {
	if len(args) == 0 {
		io.WriteString(stderr, lockfileUsageLine)
		return lockfileUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM)
	defer stop()
	umask := unix.Umask(0o077)
	unix.Umask(umask)
	l := &lockfileRun{ctx: ctx, stderr: stderr, args: args, idle: true, sleep: int(folder.LockSleep / time.Second), suspend: int(folder.LockSuspend / time.Second), retries: -1, mode: 0o444 &^ fs.FileMode(umask)}
	for l.limit = len(args); !l.pass(); l.limit = l.at {
		// A further pass over the words before this one takes back what they did.
		l.undo, l.invert = true, false
	}
	switch {
	case l.status == lockfileOK && l.idle:
		io.WriteString(stderr, lockfileUsageLine)
		return lockfileUsage
	case l.invert && l.status == lockfileOK:
		return lockfileCantCreate
	case l.invert && l.status == lockfileCantCreate:
		return lockfileOK
	}
	return l.status
}

// lockfileRun is one run of lockfile(1). Options count from where they stand on.
type lockfileRun struct {
	ctx     context.Context
	stderr  io.Writer
	args    []string
	at      int  // the index of the word
	limit   int  // the number of words that are looked at
	undo    bool // a further pass
	invert  bool
	idle    bool // nothing was locked or unlocked yet
	sleep   int
	suspend int
	force   int // the age of a stale lock, 0 for none
	retries int
	mode    fs.FileMode
	mailbox string // the lock file of -m
	held    []*folder.Lock
	status  int
}

// pass does what the words say, up to one that fails.
func (l *lockfileRun) pass() bool {
	for l.at = 0; l.at < l.limit; l.at++ {
		ok := true
		switch word := l.args[l.at]; {
		case strings.HasPrefix(word, "-"):
			ok = l.options(word[1:])
		case l.undo:
			l.releaseNext()
		default:
			ok = l.lock(word)
		}
		if !ok {
			return false
		}
	}
	return true
}

// options does what the letters of a word say.
func (l *lockfileRun) options(letters string) bool {
	for letters != "" {
		c, rest := letters[0], letters[1:]
		switch c {
		case '!':
			l.invert = !l.invert
		case 'r', 'l', 's':
			if rest == "" {
				if l.at+1 >= l.limit {
					return l.usage("")
				}
				l.at++
				rest = l.args[l.at]
			}
			var n int
			n, rest = leadingNumber(rest)
			switch {
			case c == 'r':
				l.retries = n
			case c == 'l':
				l.force = n
			case n < 0:
				return l.usage("")
			default:
				l.suspend = n
			}
		case 'v':
			fmt.Fprintf(l.stderr, "lockfile v3.23pre (lastmile)\n\nYour system mailbox's lockfile:\t%s\n", spoolLock())
			l.status = lockfileUsage
			return false
		case 'h', '?':
			return l.usage(lockfileHelp)
		case 'm':
			return l.mailboxOption(rest)
		default:
			n, after := leadingNumber(letters)
			if after == letters || n < 0 && !l.undo {
				return l.usage("")
			}
			l.sleep, rest = n, after
		}
		letters = rest
	}
	return true
}

// usage ends the run with the usage.
func (l *lockfileRun) usage(help string) bool {
	io.WriteString(l.stderr, lockfileUsageLine+help)
	l.status = lockfileUsage
	return false
}

// mailboxOption does -ml and -mu, which may be given once.
func (l *lockfileRun) mailboxOption(what string) bool {
	if what != "l" && what != "u" || l.mailbox != "" && !l.undo {
		return l.usage("")
	}
	if l.mailbox == "" {
		if l.mailbox = spoolLock(); l.mailbox == "" {
			l.say("Can't determine your mailbox, who are you?\n")
			l.status = lockfileUsage
			return false
		}
	}
	switch {
	case what == "l" && !l.undo:
		return l.lock(l.mailbox)
	case what == "l":
		l.releaseNext()
	default:
		if os.Remove(l.mailbox) != nil {
			l.say("Can't unlock \"" + l.mailbox + "\"\n")
			return true
		}
		l.idle = false
	}
	return true
}

// lock makes one lock file.
func (l *lockfileRun) lock(path string) bool {
	l.idle = false
	for {
		lock, err := folder.DotLock(l.ctx, path, folder.LockOptions{
			Sleep: time.Duration(l.sleep) * time.Second, Suspend: time.Duration(l.suspend) * time.Second,
			Timeout: time.Duration(l.force) * time.Second, Retries: l.retries, Mode: l.mode, AnySize: true, Notify: l.event,
		})
		switch {
		case err == nil:
			l.held = append(l.held, lock)
			return true
		case l.ctx.Err() != nil:
			return l.giveUp("Signal received", path, lockfileTempFail)
		case errors.Is(err, unix.EEXIST):
			return l.giveUp("Sorry", path, lockfileCantCreate)
		case !errors.Is(err, unix.ENAMETOOLONG):
			return l.giveUp("Try praying", path, lockfileUnavailable)
		case len(path) < 2 || path[len(path)-2] == '/':
			return l.giveUp("Filename too long", path, lockfileUnavailable)
		}
		l.say("Truncating \"" + path + "\" and retrying lock\n")
		path = path[:len(path)-1]
	}
}

// event says what happens while a lock is waited for. Retries are for all files
// together.
func (l *lockfileRun) event(e folder.LockEvent) {
	switch e.Kind {
	case folder.LockHeld:
		if l.retries > 0 {
			l.retries--
		}
	case folder.LockForced:
		l.say("Forcing lock on \"" + e.Path + "\"\n")
	case folder.LockDenied:
		l.say("Forced unlock denied on \"" + e.Path + "\"\n")
	}
}

func (l *lockfileRun) giveUp(why, path string, status int) bool {
	l.say(why + ", giving up on \"" + path + "\"\n")
	l.status = status
	return false
}

// releaseNext removes the first lock file that is still there.
func (l *lockfileRun) releaseNext() {
	if len(l.held) > 0 {
		l.held[0].Release()
		l.held = l.held[1:]
	}
}

func (l *lockfileRun) say(text string) { io.WriteString(l.stderr, "lockfile: "+text) }

// leadingNumber reads a number as strtol(3) does, into an int of 32 bits.
func leadingNumber(text string) (n int, rest string) {
	const most = 1<<31 - 1
	n, rest = formail.LeadingNumber(text)
	return max(-most, min(n, most)), rest
}

// spoolLock returns the lock file of the system mailbox of the user who runs us,
// empty if there is no such user.
func spoolLock() string {
	account, err := delivery.AccountOf(os.Getuid())
	if err != nil {
		return ""
	}
	return filepath.Join(delivery.SpoolDir, agent.Meant(account).Name) + ".lock"
}
