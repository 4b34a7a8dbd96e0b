package agent

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"lastmile/delivery"
	"lastmile/delivery/dsn"
	"lastmile/delivery/message"
)

// each delivers to several recipients, to each in a process of its own: it takes
// on their identity for good.
type each struct {
	p     *Process
	a     *ProcmailArgs
	spool *os.File

	mu    sync.Mutex
	ended bool
	child *os.Process
}

// told is the outcome of one of the processes, which has said why itself.
type told struct {
	status int
	text   string // what is still to be said
}

// Error implements error.
func (t *told) Error() string { return fmt.Sprintf("exit status %d: %s", t.status, t.text) }

// toEach delivers to several recipients.
//
// The message has to be tried again if it could not be delivered to one of them,
// and those who have it get it once more. If there is nothing to try again but a
// verdict, that is told.
func (p *Process) toEach(a *ProcmailArgs) error {
	release, err := p.withhold(false)
	if err != nil {
		return err
	}
	a.say(p.Stderr)
	e, strict := &each{p: p, a: a}, strictly(a)
	p.onSignal = e.signal
	w := p.newWatch(p.procmailLimit(), func(_ delivery.Receipt, err error) error {
		p.finish = func() { release(err) }
		var t *told
		if errors.As(err, &t) {
			lastWords(p.report.w, t.text)
			return ExitStatus(t.status)
		}
		return p.procmailStatus(err, strict)
	})
	w.begin()
	return w.run(func(gate *delivery.Gate) (delivery.Receipt, error) {
		if err := gate.OnAbort(e.end); err != nil {
			return delivery.Receipt{}, err
		}
		return delivery.Receipt{}, e.oneByOne(strict)
	})
}

// oneByOne delivers to one after the other. The error is a [told] for a message
// that one of them has not got.
func (e *each) oneByOne(strict bool) error {
	m, err := message.Read(e.p.Stdin, func([]byte) bool { return true })
	if err != nil {
		return delivery.ReadFailed(err)
	}
	if e.spool, _, err = m.Spool(); err != nil {
		return &dsn.Error{Status: dsn.TempSystem, Text: "cannot spool the message", Err: err}
	}
	defer e.spool.Close()
	worst, last := told{}, 0
	for _, recipient := range e.a.Recipients {
		t, err := e.one(recipient)
		if err != nil {
			return &dsn.Error{Status: dsn.TempSystem, Text: "cannot deliver to each recipient", Err: err}
		}
		if last = t.status; t.status != 0 && worst.status != dsn.ExitTempFail && (worst.status == 0 || t.status == dsn.ExitTempFail) {
			worst = t
		}
		if t.status == 0 {
			io.WriteString(e.p.Stderr, t.text)
		}
	}
	switch {
	case worst.status == 0:
		return nil
	case strict && last != 0: // that of the process itself
		worst.status = last
	case strict && e.a.tempFail:
		worst.status = dsn.ExitTempFail
	case strict:
		worst.status = exitBounced
	}
	return &worst
}

// one delivers to one recipient.
func (e *each) one(recipient string) (told, error) {
	if _, err := e.spool.Seek(0, io.SeekStart); err != nil {
		return told{}, err
	}
	files := []*os.File{e.spool, FileOf(e.p.Stdout), FileOf(e.p.Stderr)}
	var said *os.File
	if e.p.UnderPostfix {
		fd, err := unix.MemfdCreate("procmail-log", unix.MFD_CLOEXEC)
		if err != nil {
			return told{}, err
		}
		said = os.NewFile(uintptr(fd), "(log)")
		defer said.Close()
		files[1], files[2] = said, said
	}
	child, err := e.start(e.arguments(recipient), files)
	if err != nil {
		return told{}, err
	}
	state, err := child.Wait()
	e.mu.Lock()
	e.child = nil
	e.mu.Unlock()
	if err != nil {
		return told{}, err
	}
	if status := state.Sys().(syscall.WaitStatus); status.Signaled() {
		text := fmt.Sprintf("%s the delivery to %s was ended by signal %d", dsn.TempSystem, recipient, status.Signal())
		return told{dsn.ExitTempFail, OneLine(text, MaxReport)}, nil
	}
	t := told{status: state.ExitCode()}
	if said == nil {
		return t, nil
	}
	said.Seek(0, io.SeekStart)
	text, err := io.ReadAll(io.LimitReader(said, maxWithheld))
	t.text = string(text)
	return t, err
}

// arguments are those for one recipient.
func (e *each) arguments(recipient string) []string {
	argv := []string{"procmail"}
	for _, option := range [...]struct {
		word string
		set  bool
	}{{"-o", e.a.override}, {"-Y", e.a.IgnoreLength}, {"-t", e.a.tempFail}} {
		if option.set {
			argv = append(argv, option.word)
		}
	}
	if e.a.hasFrom {
		argv = append(argv, "-f", e.a.from)
	}
	for _, arg := range e.a.args {
		argv = append(argv, "-a", arg)
	}
	return append(argv, "-d", recipient)
}

// start starts a process, unless the delivery has been given up.
func (e *each) start(argv []string, files []*os.File) (*os.Process, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return nil, delivery.ErrAborted
	}
	// GOTRACEBACK: the runtime may fail before protect is called, and is not to exit
	// with 2 then either.
	child, err := os.StartProcess("/proc/self/exe", argv, &os.ProcAttr{Env: append(os.Environ(), "GOTRACEBACK=crash"), Files: files})
	e.child = child
	return child, err
}

// signal passes a signal on to the process under way.
func (e *each) signal(s syscall.Signal) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.child != nil {
		e.child.Signal(s)
	}
}

// end ends the process under way, and lets no further one begin.
func (e *each) end() {
	e.mu.Lock()
	e.ended = true
	e.mu.Unlock()
	e.signal(syscall.SIGTERM)
}
