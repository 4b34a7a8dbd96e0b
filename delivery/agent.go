package delivery

import (
	"errors"
	"io"
	"time"

	"lastmile/delivery/dsn"
	"lastmile/delivery/message"
	"lastmile/loopcheck"
)

// Agent delivers messages by one set of rules.
type Agent struct {
	Rules Rules
	// Destination takes the messages that do not loop, and under the policy
	// Deliver those that do.
	Destination Destination
	// Quarantine takes those that loop under the policy Quarantine.
	Quarantine Destination
	// Return, if not nil, gives refused messages back to their senders.
	Return *Return
	// DryRun says what would be done, and does nothing.
	DryRun bool
}

// Receipt says what became of a message; after an error, as far as it is known.
type Receipt struct {
	Verdict   Verdict
	MessageID string
	Size      int64  // bytes of the message as it came, without From_ lines
	Where     string // a path, or a command
	// Refusal is why the message was not delivered, if it was given back to
	// its sender instead; Where says by which way.
	Refusal *dsn.Error
}

// Deliver reads one message and delivers it, or gives it back to its sender. The
// message is read to its end even if it is refused.
func (a *Agent) Deliver(gate *Gate, env *Envelope, in io.Reader) (Receipt, error) {
	if a.Return == nil || a.DryRun {
		return a.deliver(gate, env, in)
	}
	arrival, c := time.Now(), &dsn.Copy{In: in}
	r, err := a.deliver(gate, env, c)
	if err == nil || dsn.Of(err).Status.Temporary() {
		return r, err
	}
	refusal := dsn.Of(err)
	if r.Where, err = a.Return.report(gate, env, refusal, arrival, c); err == nil {
		r.Refusal = refusal
	}
	return r, err
}

// deliver reads one message and delivers it.
func (a *Agent) deliver(gate *Gate, env *Envelope, in io.Reader) (Receipt, error) {
	m, h, err := Examine(in)
	if err != nil {
		return Receipt{}, err
	}
	r := Receipt{Verdict: a.Rules.Decide(h, env), MessageID: h.MessageID}
	if err := r.Verdict.Refusal(a.Rules.OnLoop); err != nil {
		r.Size = m.Drain() - int64(h.FromLines)
		return r, err
	}
	to := a.Destination
	if r.Verdict.Loops() && a.Rules.OnLoop == Quarantine {
		if to = a.Quarantine; to == nil {
			return r, dsn.Config("no destination is set for quarantine")
		}
	}
	if a.DryRun {
		r.Where, err = to.Plan(env)
		r.Size = m.Drain() - int64(h.FromLines)
		return r, err
	}
	m.CutFrom(h.FromLines)
	fields := a.Rules.traceFields(h, env, r.Verdict)
	m.Prepend(fields)
	r.Where, err = to.Deliver(gate, env, m)
	if err != nil && !m.ReadFailed() {
		m.Drain()
	}
	r.Size = m.Size()
	return r, err
}

// Examine reads the header section of a message. Its errors are deferrals: what
// cannot be read is not known to be a message.
func Examine(in io.Reader) (*message.Message, *loopcheck.Header, error) {
	var s loopcheck.Scanner
	m, err := message.Read(in, s.Write)
	if err != nil {
		return nil, nil, ReadFailed(err)
	}
	return m, s.Header(), nil
}

// ReadFailed is the deferral of a message that did not arrive, or not whole.
func ReadFailed(err error) error {
	if errors.Is(err, message.ErrEmpty) {
		return &dsn.Error{Status: dsn.TempSystem, Text: "no message on standard input"}
	}
	return &dsn.Error{Status: dsn.TempSystem, Text: "cannot read the message", Err: err}
}
