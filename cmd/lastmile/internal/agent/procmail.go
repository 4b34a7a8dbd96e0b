package agent

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"lastmile/delivery"
	"lastmile/delivery/dsn"
	"lastmile/delivery/procmailrc"
)

const (
	systemRC = "/etc/procmailrc"
	// privilegedRCs is where rcfiles are that procmail runs as their owner. We run
	// nothing as anybody but the recipient.
	privilegedRCs = "/etc/procmailrcs/"
	// sysexits.h, as procmail has them.
	exitNoUser = 67
	exitNoPerm = 77
	// exitBounced is for a signal that, to procmail, gives the message up.
	exitBounced = 73
)

// DeliverProcmail delivers as the program procmail does, called by some name.
func (p *Process) DeliverProcmail(name string, a *ProcmailArgs) error {
	if len(a.Recipients) > 1 {
		return p.toEach(a)
	}
	start := time.Now()
	release, err := p.withhold(false)
	if err != nil {
		return err
	}
	a.say(p.Stderr)
	env, control, strict := p.ProcmailEnvelope(a), new(procmailrc.Control), strictly(a)
	p.onSignal = func(s syscall.Signal) {
		if bounces(s, strict) {
			control.Bounce()
		}
	}
	heed(control)
	w := p.newWatch(p.procmailLimit(), func(receipt delivery.Receipt, err error) error {
		p.finish = func() {
			release(err)
			p.systemLog().delivery(env, false, receipt, err, time.Since(start))
		}
		return p.procmailStatus(err, strict)
	})
	w.begin()
	return w.run(func(gate *delivery.Gate) (delivery.Receipt, error) {
		run, err := p.FilterFor(name, a, env, control) // looks up users, so it is under the time limit
		if err != nil {
			return delivery.Receipt{}, err
		}
		agent := &delivery.Agent{Rules: run.rules, Destination: run.Filter}
		receipt, err := agent.Deliver(gate, env, p.Stdin)
		if err != nil {
			io.WriteString(p.Stderr, run.trouble)
		}
		return receipt, err
	})
}

// noLimit is the time limit where nobody would bounce the message: TIMEOUT bounds
// each program.
const noLimit = 7 * 24 * time.Hour

func (p *Process) procmailLimit() time.Duration {
	if p.UnderPostfix {
		return defaultTimeout
	}
	return noLimit
}

// procmailStatus makes of an error what ends procmail: the status that an rcfile
// has chosen, and procmail's own where that is wanted.
func (p *Process) procmailStatus(err error, strict bool) error {
	var r *refusal
	if errors.As(err, &r) {
		return p.refused(r, strict)
	}
	var ended *delivery.Ended
	if errors.As(err, &ended) && (ended.Chosen || strict) {
		return ExitStatus(ended.Status)
	}
	var s signalled
	if errors.As(err, &s) && bounces(syscall.Signal(s), strict) {
		return ExitStatus(exitBounced)
	}
	return err
}

// bounces tells whether a signal gives the message up, as it does to procmail.
func bounces(s syscall.Signal, strict bool) bool {
	return strict && (s == syscall.SIGINT || s == syscall.SIGHUP)
}

// FilterRun is what procmail's command line asks for.
type FilterRun struct {
	Filter *delivery.Filter
	rules  delivery.Rules
	// trouble is why there is no system mailbox, said only of a message that is
	// not delivered: to others it is no matter.
	trouble string
}

// FilterFor makes ready what procmail's arguments say. With -d it takes on the
// identity of the recipient.
func (p *Process) FilterFor(name string, a *ProcmailArgs, env *delivery.Envelope, control *procmailrc.Control) (*FilterRun, error) {
	invoker, account, err := Whose(a)
	if err != nil {
		return nil, err
	}
	deliver := len(a.Recipients) > 0
	if deliver {
		notes, err := become(account)
		for _, note := range notes {
			io.WriteString(p.Stderr, note)
		}
		if err != nil {
			return nil, err
		}
	}
	strict := strictly(a)
	c := procmailrc.Config{
		Name: name, Args: a.args, Words: a.Words, Preserve: a.preserve, Environ: os.Environ(), Account: ProcmailAccount(account),
		TempFail: a.tempFail, Strict: strict, SystemRC: systemRC,
	}
	if p.UnderPostfix {
		c.Literal = fromOutside
	}
	switch {
	case deliver:
		c.Mode = procmailrc.Deliver
	case a.filter:
		c.Mode = procmailrc.Filter
		if rc := a.rcfile(); strings.HasPrefix(rc, privilegedRCs) {
			fmt.Fprintf(p.Stderr, "procmail: Denying special privileges for \"%s\"\n", rc)
		}
	}
	box := delivery.SystemMailbox{Path: filepath.Join(delivery.SpoolDir, account.Name)}
	if a.Study {
		box.Usable = !a.filter
	} else if !a.filter {
		box = delivery.Screen(account)
		for _, note := range box.Notes {
			io.WriteString(p.Stderr, note)
		}
		if box.Forwards && deliver {
			return nil, &refusal{exit: exitNoUser, err: dsn.Config("the system mailbox has a set-id bit, which says that somebody else forwards its mail: chmod ug-s it", box.Path), procmail: "Autoforwarding mailbox found"}
		}
	}
	if c.SystemMailbox = box.Path; box.Usable {
		c.OrgMail = box.Path
	}
	c.Sender, c.HasSender, c.Control = env.Sender, env.HasSender, control
	run := &FilterRun{trouble: box.Trouble, rules: delivery.Rules{UnderPostfix: p.UnderPostfix, MaxHops: delivery.DefaultMaxHops}}
	run.Filter = &delivery.Filter{
		Config: c, IgnoreLength: a.IgnoreLength, Stdout: FileOf(p.Stdout), Stderr: FileOf(p.Stderr),
		Intake: procmailrc.Intake{Deliver: deliver, From: a.from, HasFrom: a.hasFrom, Invoker: invoker.Name},
	}
	return run, nil
}

// FileOf returns the file that a stream is, for a child to have it; tests run in
// the process have none.
func FileOf(w io.Writer) *os.File {
	if f, ok := w.(*os.File); ok {
		return f
	}
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return os.Stderr
	}
	return f
}

// strictly reports whether procmail's behaviour is wanted to the letter.
func strictly(a *ProcmailArgs) bool {
	value, ok := a.assigned("PROCMAIL_STRICT")
	if !ok {
		value = os.Getenv("PROCMAIL_STRICT")
	}
	return strings.EqualFold(value, "yes") || value == "1"
}

// ProcmailAccount returns what an rcfile is to know of an account.
func ProcmailAccount(a delivery.Account) procmailrc.Account {
	return procmailrc.Account{Name: a.Name, Home: a.Home, Shell: a.Shell, UID: a.UID, GID: a.GID}
}

// refusal is a failure that procmail has an exit status of its own for, and words.
type refusal struct {
	exit     int // procmail's
	procmail string
	err      *dsn.Error
}

func (r *refusal) Error() string { return r.err.Error() }

func (r *refusal) Unwrap() error { return r.err }

// refused tells a refusal: to Postfix, which reads the code, in the terms of RFC
// 3463; otherwise in procmail's, with its exit status if that is a verdict, or if
// it is wanted.
func (p *Process) refused(r *refusal, strict bool) error {
	if p.UnderPostfix || !strict && r.err.Status.Temporary() {
		return r
	}
	io.WriteString(p.Stderr, "procmail: "+r.procmail+"\n")
	return ExitStatus(r.exit)
}
