package delivery

import (
	"fmt"
	"strings"
	"time"

	"lastmile/delivery/dsn"
	"lastmile/delivery/stamp"
	"lastmile/loopcheck"
)

// StampedBy says who has put the Delivered-To field of this very delivery on
// top of the message.
type StampedBy int

const (
	// Auto is MTA if Postfix has started us and the topmost Delivered-To field
	// of the last hop's block names the recipient; otherwise None.
	Auto StampedBy = iota
	// MTA: the caller has checked for a loop and stamped the message, as
	// local(8), and pipe(8) with flags=D, do. Its stamp does not count.
	MTA
	// None: nobody has; every stamp counts.
	None
)

// OnLoop says what becomes of a message that loops.
type OnLoop int

const (
	Bounce     OnLoop = iota // 5.4.6, as Postfix
	Defer                    // 4.4.6
	Deliver                  // delivered, with a field that says so
	Quarantine               // delivered into a folder of its own, with that field
)

// DefaultMaxHops is Postfix's hopcount_limit.
const DefaultMaxHops = 50

// Rules are what the decision about a message depends on besides the message.
// The zero value is Postfix's way, without a limit of hops.
type Rules struct {
	StampedBy StampedBy
	Match     loopcheck.Match
	MaxHops   int // the number of Received fields at which mail is refused; 0 for no limit
	OnLoop    OnLoop
	// Own, if not nil, makes only the stamps count that this installation has
	// made; every message that is delivered then gets one.
	Own *Own
	// UnderPostfix is set if Postfix has started us: pipe(8) and local(8)
	// export MAIL_CONFIG, which no shell and no mail retriever does.
	UnderPostfix bool
}

// Own says how the stamps of this installation are made and known.
type Own struct {
	Keys   stamp.Keys
	Expiry time.Duration // how long a stamp counts
	Host   string        // the name to put into stamps
}

// Verdict is the decision about one message, with the reasons for it.
type Verdict struct {
	// Stamp is the field that names the recipient: the message loops. Nil if
	// it does not.
	Stamp *loopcheck.Field
	// Skipped is the stamp of this very delivery, which did not count, or nil.
	Skipped *loopcheck.Field
	// Foreign is a field that names the recipient and does not count, because
	// only stamps of this installation do. Nil if there is none.
	Foreign *loopcheck.Field
	// SkipReason says why Skipped did not count, or why no field was skipped.
	SkipReason string
	// Recipient is the address that was looked for: that of the envelope, as
	// far as it is whole (see censored).
	Recipient string
	// Hops is the number of Received fields.
	Hops int
	// TooManyHops is set if Hops has reached the limit.
	TooManyHops bool
}

// Decide judges a message. It is the only place where that is done.
func (r Rules) Decide(h *loopcheck.Header, env *Envelope) Verdict {
	v := Verdict{Recipient: env.Recipient, Hops: h.Hops, TooManyHops: r.TooManyHops(h)}
	if env.Recipient == "" {
		v.SkipReason = "no recipient is known"
		return v
	}
	o := loopcheck.Options{Match: r.Match, Delimiter: env.Delimiter}
	v.Skipped, v.SkipReason = r.stampOfThisHop(h, env.Recipient, o)
	if o.Skip = v.Skipped; o.Skip != nil && r.UnderPostfix && censored(o.Skip.Value) == env.Recipient {
		v.Recipient = loopcheck.Unquote(o.Skip.Value)
	}
	v.Stamp = h.Find(v.Recipient, o)
	if r.Own != nil {
		v.Foreign, v.Stamp = v.Stamp, r.Own.find(h, o.Key(v.Recipient))
		if v.Stamp != nil {
			v.Foreign = nil
		}
	}
	return v
}

// TooManyHops reports whether a header section has as many Received fields as
// are refused.
func (r Rules) TooManyHops(h *loopcheck.Header) bool { return r.MaxHops > 0 && h.Hops >= r.MaxHops }

// stampOfThisHop returns the stamp that the caller has made for this very
// delivery, and why it is taken for that.
func (r Rules) stampOfThisHop(h *loopcheck.Header, recipient string, o loopcheck.Options) (*loopcheck.Field, string) {
	top := h.TopStamp()
	switch {
	case r.StampedBy == None:
		return nil, "none: every stamp counts (--stamped-by none)"
	case top == nil:
		return nil, "none on top"
	case r.StampedBy == MTA:
		return top, "the caller has stamped this delivery (--stamped-by mta)"
	case !r.UnderPostfix:
		return nil, "none known: MAIL_CONFIG is not set, so Postfix has not started us"
	case !top.Names(recipient, o) && censored(top.Value) != recipient:
		return nil, "none: the one on top names another recipient"
	default:
		return top, "Postfix has stamped this delivery: MAIL_CONFIG is set and the stamp on top names the recipient"
	}
}

// find returns the first field in which this installation says that it has
// delivered the message to the recipient with a key.
func (o *Own) find(h *loopcheck.Header, key string) *loopcheck.Field {
	for i := range h.Own {
		if o.Keys.Judge(h.Own[i].Unfolded, key, time.Now(), o.Expiry) == stamp.Valid {
			return &h.Own[i]
		}
	}
	return nil
}

// Judge says what the stamp of a delivery to an address, a Delivered-To field,
// is worth: whether a stamp of this installation stands in the message for it.
func (o *Own) Judge(h *loopcheck.Header, f *loopcheck.Field, match loopcheck.Options) Origin {
	best := Foreign
	key := match.Key(loopcheck.Unquote(f.Value))
	for i := range h.Own {
		switch o.Keys.Judge(h.Own[i].Unfolded, key, time.Now(), o.Expiry) {
		case stamp.Valid:
			return OurValid
		case stamp.Expired:
			best = OurExpired
		case stamp.Invalid:
			if best == Foreign && h.Own[i].Line == f.Line+1 {
				best = Forged
			}
		}
	}
	return best
}

// Origin says whose stamp a Delivered-To field is.
type Origin string

// The origins of a stamp.
const (
	OurValid   Origin = "valid"   // this installation's
	OurExpired Origin = "expired" // this installation's, but too old to count
	Forged     Origin = "invalid" // claims to be lastmile's, and no key of ours agrees
	Foreign    Origin = "foreign" // somebody else's
)

// censored returns what local(8) makes of an address in its commands'
// environment: "_" for every byte outside command_expansion_filter. The stamp
// which it puts on top has the address whole.
func censored(stamp string) string {
	b := []byte(loopcheck.Unquote(stamp))
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', strings.IndexByte("!@%-_=+:,./", c) >= 0:
		default:
			b[i] = '_'
		}
	}
	return string(b)
}

// Loops reports whether the message is not to be delivered as it is.
func (v Verdict) Loops() bool { return v.Stamp != nil || v.TooManyHops }

// String returns the verdict in one word for the log.
func (v Verdict) String() string {
	switch {
	case v.Stamp != nil:
		return "loop"
	case v.TooManyHops:
		return "hops"
	case v.SkipReason == "":
		return "none" // nothing was judged
	default:
		return "pass"
	}
}

// Refusal returns the failure that the verdict means under a policy, in the
// words of Postfix's delivery agents and cleanup(8); nil if the message is
// delivered.
func (v Verdict) Refusal(policy OnLoop) error {
	if !v.Loops() || policy == Deliver || policy == Quarantine {
		return nil
	}
	e := &dsn.Error{Status: dsn.Hops, Text: "too many hops"}
	deferred := dsn.TempHops
	if v.Stamp != nil {
		e.Status, deferred = dsn.Loop, dsn.TempLoop
	}
	e.Text, e.Err = v.reason(), v.cause()
	if policy == Defer {
		e.Status = deferred
	}
	return e
}

// reason is the verdict in Postfix's words.
func (v Verdict) reason() string {
	if v.Stamp != nil {
		return "mail forwarding loop for " + v.Recipient
	}
	return "too many hops"
}

// cause says where in the message the reason stands.
func (v Verdict) cause() error {
	if v.Stamp != nil {
		return fmt.Errorf("line %d of the message is %s: %s", v.Stamp.Line, v.Stamp.Name, v.Stamp.Unfolded)
	}
	return fmt.Errorf("the message has %d Received fields", v.Hops)
}
