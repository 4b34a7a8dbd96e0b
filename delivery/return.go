package delivery

import (
	"bytes"
	"fmt"
	"time"

	"lastmile/delivery/dsn"
	"lastmile/delivery/internal/child"
	"lastmile/delivery/message"
)

// Return gives refused messages back to their senders, for callers that have no
// MTA behind them: a mail retriever would fetch a refused message again and
// again. Under an MTA the exit status does it.
type Return struct {
	// File is an mbox file to which reports are added. If it is empty they are
	// sent with sendmail(1).
	File string
	// HeadersOnly returns the header section of the message, never all of it:
	// RET=HDRS of RFC 3461.
	HeadersOnly bool
}

// report makes a report of a refusal (RFC 3464) and hands it on. It returns nil
// when somebody else has it, and the refusal itself if no report may be sent:
// never to a null sender, to a list, or about mail of programs.
func (to *Return) report(gate *Gate, env *Envelope, refusal *dsn.Error, arrival time.Time, c *dsn.Copy) (where string, err error) {
	kept, complete := c.Message()
	r := &dsn.Report{
		ReportingMTA: HostName(), Arrival: arrival,
		Sender: env.Sender, Recipient: env.Recipient, OriginalRecipient: env.OriginalRecipient,
		Err: refusal, Message: kept, Complete: complete, HeadersOnly: to.HeadersOnly,
	}
	if ok, why := r.Sendable(); !ok {
		cause := fmt.Errorf("no report was sent: %s", why)
		if refusal.Err != nil {
			cause = fmt.Errorf("%w; no report was sent: %s", refusal.Err, why)
		}
		return "", &dsn.Error{Status: refusal.Status, Text: refusal.Text, Err: cause}
	}
	if to.File != "" {
		where, err = to.File, gate.Pass(func() error { return r.Append(to.File) })
	} else {
		where, err = "sendmail", send(gate, env, r)
	}
	if err != nil {
		return "", &dsn.Error{Status: dsn.TempSystem, Text: "cannot hand on the report of a refusal", Err: err}
	}
	return where, nil
}

// send hands a report to sendmail(1).
func send(gate *Gate, env *Envelope, r *dsn.Report) error {
	var b bytes.Buffer
	if _, err := r.WriteTo(&b); err != nil {
		return err
	}
	m, err := message.Read(&b, func([]byte) bool { return true })
	if err != nil {
		return err
	}
	stdin, _, err := m.Spool()
	if err != nil {
		return err
	}
	defer stdin.Close()
	argv := r.Sendmail()
	result, err := child.Run(argv, environment(env), stdin, func(running *child.Child) error {
		return gate.OnAbort(running.Kill)
	})
	if err != nil {
		return err
	}
	if result.Exit != 0 || result.Signal != 0 {
		return fmt.Errorf("%s ended with status %d, signal %d: %s", argv[0], result.Exit, result.Signal, printable(result.Output))
	}
	return gate.Pass(func() error { return nil })
}
