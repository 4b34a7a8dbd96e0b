package agent

import (
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"lastmile/delivery"
	"lastmile/delivery/dsn"
)

// finalStep is how long the step that makes a delivery final may still take, and
// what follows it, when the time is up: its outcome is worth waiting for, but not
// until Postfix ends us, which would bounce the message.
const finalStep = 30 * time.Second

// Unwatched is how long a brief delivery goes on before anything watches signals
// and its time limit. Nearly all are over by then, and the Go runtime takes three
// threads and a dozen switches between them to have signals sent to a channel,
// which is a sixth of the time of a small message.
//
// Until then signals are ignored: most deliveries are complete before anybody who
// sends one could do without them. To let one end the process would be as cheap, but
// chasquid and Exim bounce what a signal has ended.
const Unwatched = 50 * time.Millisecond

// watch ends a process whose delivery has to be given up.
type watch struct {
	p     *Process
	gate  delivery.Gate
	start time.Time
	limit time.Duration
	delay *time.Timer // until it begins by itself
	// conclude makes of the outcome of the delivery that of the process. It is
	// called once.
	conclude func(delivery.Receipt, error) error

	mu      sync.Mutex // guards the rest
	signals chan os.Signal
	why     *dsn.Error // if the delivery is being given up
	over    bool       // the outcome is settled
}

// signalled is the signal that a delivery was given up for.
type signalled syscall.Signal

// Error implements error.
func (s signalled) Error() string { return syscall.Signal(s).String() }

// newWatch returns a watch that begins when [Unwatched] is over.
func (p *Process) newWatch(limit time.Duration, conclude func(delivery.Receipt, error) error) *watch {
	w := &watch{p: p, start: time.Now(), limit: limit, conclude: conclude}
	w.delay = time.AfterFunc(min(Unwatched, limit), w.begin)
	return w
}

// begin begins to watch, if it has not begun.
func (w *watch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.signals != nil {
		return
	}
	w.signals = make(chan os.Signal, 1)
	if len(w.p.heed) > 0 { // none would be all
		signal.Notify(w.signals, w.p.heed...)
	}
	survive()
	go func() {
		select {
		case s := <-w.signals:
			e := &dsn.Error{Status: dsn.TempSystem, Text: fmt.Sprintf("ended by signal %d", s)}
			if on := w.p.onSignal; on != nil {
				e.Err = signalled(s.(syscall.Signal)) // who wants to know; the text has said it
				on(s.(syscall.Signal))
			}
			w.giveUp(e)
		case <-time.After(w.limit - time.Since(w.start)):
			w.giveUp(&dsn.Error{Status: dsn.TempSystem, Text: fmt.Sprintf("time limit of %v exceeded", w.limit)})
		}
	}()
}

// giveUp gives the delivery up, and ends the process without waiting for it: it may
// hang. If its final step is under way the outcome of that counts; and if it has been
// made, only what an rcfile does afterwards is given up, TRAP.
func (w *watch) giveUp(why *dsn.Error) {
	w.mu.Lock()
	w.why = why
	w.mu.Unlock()
	var err error = why
	aborted := make(chan bool, 1)
	go func() { aborted <- w.gate.Abort() }() // waits for a final step
	select {
	case gaveUp := <-aborted:
		if !gaveUp {
			err = nil
			time.Sleep(finalStep)
		}
	case <-time.After(finalStep):
	}
	if first, _ := w.settle(); first {
		w.p.end(w.conclude(delivery.Receipt{}, err))
	}
}

// run runs a delivery to its end, unless that has to be given up and the process ends
// before. It runs in the calling goroutine: to wait for another one takes the runtime
// a thread and two switches.
//
// What is watched is watched to the end of the process, when the delivery is over as
// well: a signal that killed us before we have said so would bring the message again.
func (w *watch) run(deliver func(*delivery.Gate) (delivery.Receipt, error)) error {
	receipt, err := guarded(func() (delivery.Receipt, error) { return deliver(&w.gate) })
	w.delay.Stop()
	first, why := w.settle()
	if !first {
		select {} // it has been given up, and that is being reported
	}
	if err != nil && why != nil && w.gate.Abort() { // if it has become final, the error is a verdict of the user's
		err = why
	}
	return w.conclude(receipt, err)
}

// settle reports whether the caller is the one to report the outcome, and why the
// delivery is being given up, if it is.
func (w *watch) settle() (first bool, why *dsn.Error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	first, w.over = !w.over, true
	return first, w.why
}

// guarded makes a deferral of a panic in a delivery.
func guarded(deliver func() (delivery.Receipt, error)) (receipt delivery.Receipt, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = crashed(v)
		}
	}()
	return deliver()
}
