package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/delivery"
	"lastmile/delivery/dsn"
)

// finalStep is how long the step that makes a delivery final may still take
// when the time is up: its outcome is worth waiting for, but not until Postfix
// ends us, which would bounce the message.
const finalStep = 30 * time.Second

// protect sees to it that whatever happens to this process means "try again":
//
//   - A panic is recovered in run; a fatal error of the Go runtime cannot be,
//     and would exit 2, which Postfix bounces. It is made to die of SIGABRT,
//     which Postfix defers, without a core file of somebody's mail.
//   - SIGPIPE and SIGXFSZ become errors of the write that caused them.
//   - What is created is for its owner alone, whatever the caller's umask.
func protect() {
	debug.SetTraceback("crash")
	unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE, syscall.SIGXFSZ)
	unix.Umask(0o077)
}

// crashed makes a deferral of a panic.
func crashed(v any) *dsn.Error {
	return &dsn.Error{
		Status: dsn.TempSystem,
		Text:   "internal software error",
		Err:    fmt.Errorf("panic: %v\n%s", v, debug.Stack()),
	}
}

// supervised runs a delivery until it ends, the time is up, or a signal comes.
// In the last two cases the delivery is given up, unless its final step is
// under way: then the outcome of that counts.
func (p *program) supervised(limit time.Duration, deliver func(*delivery.Gate) (delivery.Receipt, error)) (delivery.Receipt, error) {
	type outcome struct {
		receipt delivery.Receipt
		err     error
	}
	ended := make(chan os.Signal, 1)
	for _, s := range [...]os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) { // the caller wants it so: nohup(1)
			signal.Notify(ended, s)
		}
	}
	// They are heeded to the end of the process, when the delivery is over as well:
	// one that killed us before we have said so would bring the message again.
	gate := new(delivery.Gate)
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if v := recover(); v != nil {
				o.err = crashed(v)
			}
			done <- o
		}()
		o.receipt, o.err = deliver(gate)
	}()

	timer := time.NewTimer(limit)
	defer timer.Stop()
	var why string
	var cause error
	select {
	case o := <-done:
		return o.receipt, o.err
	case s := <-ended:
		why, cause = fmt.Sprintf("ended by signal %d", s), signalled(s.(syscall.Signal))
	case <-timer.C:
		why = fmt.Sprintf("time limit of %v exceeded", limit)
	}

	var s signalled
	if errors.As(cause, &s) && p.onSignal != nil {
		p.onSignal(syscall.Signal(s))
	}
	aborted := make(chan bool, 1)
	go func() { aborted <- gate.Abort() }() // waits for a final step
	select {
	case gaveUp := <-aborted:
		if !gaveUp {
			o := <-done
			return o.receipt, o.err
		}
	case <-time.After(finalStep):
	}
	if p.onSignal == nil {
		cause = nil // the text has said it
	}
	return delivery.Receipt{}, &dsn.Error{Status: dsn.TempSystem, Text: why, Err: cause}
}

// signalled is the signal that a delivery was given up for.
type signalled syscall.Signal

// Error implements error.
func (s signalled) Error() string { return syscall.Signal(s).String() }
