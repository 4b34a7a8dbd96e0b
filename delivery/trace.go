package delivery

import (
	"strings"
	"time"

	"lastmile/loopcheck"
)

// loopField is the field that marks a message which was delivered although it
// loops.
const loopField = "X-Lastmile-Loop"

// traceFields returns the fields to put above the message, in the order and
// spelling of Postfix's mail_copy.c: each only if the caller has not just
// written the same. (The same is deaf to case, because flags=hu of pipe(8)
// changes the arguments and not the fields, and to what local(8) censors.) If the
// message begins with something that is no header field an empty line ends them, so
// that it stays the body it is.
func (r Rules) traceFields(h *loopcheck.Header, env *Envelope, v Verdict) []byte {
	if env.Recipient == "" {
		return nil // called as procmail, which need not be told; we stamp nothing that we cannot know again
	}
	var b strings.Builder
	add := func(name loopcheck.Name, value string) {
		for i := range h.Top {
			if f := &h.Top[i]; f.Name == name && (loopcheck.Equal(f.Value, value) || censored(f.Value) == loopcheck.Unquote(value)) {
				return
			}
		}
		b.WriteString(name.String() + ": " + value + "\n")
	}
	if v.Loops() {
		b.WriteString(loopField + ": " + v.reason() + "\n")
	}
	if env.HasSender {
		path := "<" + loopcheck.Quote(env.Sender) + ">"
		if env.Sender == "" {
			path = "<>"
		}
		add(loopcheck.ReturnPath, path)
	}
	if env.OriginalRecipient != "" {
		add(loopcheck.XOriginalTo, loopcheck.Quote(env.OriginalRecipient))
	}
	if stamp := loopcheck.Quote(v.Recipient); v.Skipped == nil || !loopcheck.Equal(v.Skipped.Value, stamp) {
		b.WriteString(loopcheck.DeliveredTo.String() + ": " + stamp + "\n")
	}
	if r.Own != nil {
		key := loopcheck.Options{Match: r.Match, Delimiter: env.Delimiter}.Key(v.Recipient)
		b.WriteString(loopcheck.OwnStamp.String() + ": " + r.Own.Keys.Sign(key, r.Own.Host, time.Now()) + "\n")
	}
	if h.Bare {
		b.WriteString("\n")
	}
	return []byte(b.String())
}
