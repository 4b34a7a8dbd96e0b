package main

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

// finalStep is how long the step that makes a delivery final may still take
// when the time is up: its outcome is worth waiting for, but not until Postfix
// ends us, which would bounce the message.
const finalStep = 30 * time.Second

// unwatched is how long a brief delivery goes on before anything watches signals
// and its time limit. Nearly all are over by then, and the Go runtime takes three
// threads and a dozen switches between them to have signals sent to a channel,
// which is a sixth of the time of a small message.
//
// Until then signals are ignored: most deliveries are complete before anybody who
// sends one could do without them. To let one end the process would be as cheap, but
// chasquid and Exim bounce what a signal has ended.
const unwatched = 50 * time.Millisecond

// watch tells when a delivery has to be given up.
type watch struct {
	why  chan reason
	heed []os.Signal
	// onSignal, if not nil, is told of the signal that ends a delivery before
	// that is given up.
	onSignal func(syscall.Signal)

	start time.Time
	limit time.Duration
	delay *time.Timer // until it begins by itself

	mu      sync.Mutex // guards the rest
	signals chan os.Signal
}

// reason is why a delivery has to be given up: for a signal, or, if that is 0,
// because its time is up.
type reason struct {
	text   string
	signal signalled
}

// signalled is the signal that a delivery was given up for.
type signalled syscall.Signal

// Error implements error.
func (s signalled) Error() string { return syscall.Signal(s).String() }

// newWatch returns a watch that begins when unwatched is over.
func (p *program) newWatch(limit time.Duration) *watch {
	w := &watch{why: make(chan reason, 1), heed: p.heed, onSignal: p.onSignal, start: time.Now(), limit: limit}
	w.delay = time.AfterFunc(min(unwatched, limit), w.begin)
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
	if len(w.heed) > 0 { // none would be all
		signal.Notify(w.signals, w.heed...)
	}
	survive()
	go func() {
		select {
		case s := <-w.signals:
			w.why <- reason{fmt.Sprintf("ended by signal %d", s), signalled(s.(syscall.Signal))}
		case <-time.After(w.limit - time.Since(w.start)):
			w.why <- reason{text: fmt.Sprintf("time limit of %v exceeded", w.limit)}
		}
	}()
}

// run runs a delivery until it ends or the watch says that it has to be given
// up. It is given up, unless its final step is under way: then the outcome of
// that counts.
func (w *watch) run(deliver func(*delivery.Gate) (delivery.Receipt, error)) (delivery.Receipt, error) {
	type outcome struct {
		receipt delivery.Receipt
		err     error
	}
	// What is watched is watched to the end of the process, when the delivery is
	// over as well: a signal that killed us before we have said so would bring the
	// message again.
	defer w.delay.Stop()
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

	var why reason
	select {
	case o := <-done:
		return o.receipt, o.err
	case why = <-w.why:
	}

	if why.signal != 0 && w.onSignal != nil {
		w.onSignal(syscall.Signal(why.signal))
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
	e := &dsn.Error{Status: dsn.TempSystem, Text: why.text}
	if why.signal != 0 && w.onSignal != nil { // otherwise the text has said it
		e.Err = why.signal
	}
	return delivery.Receipt{}, e
}
