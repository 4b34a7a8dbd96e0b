package agent

import (
	"fmt"
	"strconv"
	"strings"

	"lastmile/delivery"
	"lastmile/delivery/dsn"
	"lastmile/delivery/stamp"
	"lastmile/loopcheck"
)

// WithRules adds, to the options of a command that decides, those that the
// decision depends on.
func WithRules(options ...Option) []Option {
	return append(options,
		Option{Name: "stamped-by", Text: "auto", Usage: "who stamped this delivery's Delivered-To on top: `WHO` is auto, mta or none"},
		Option{Name: "match", Text: "postfix", Usage: "compare addresses as `WAY` postfix (to the letter) or mailbox (by meaning)"},
		Option{Name: "recipient-delimiter", Usage: "the `CHARS` between user and extension, as Postfix's recipient_delimiter"},
		Option{Name: "trust", Text: "any", Usage: "which stamps count: `WHOSE` is any, as in Postfix, or own, made by this installation"},
		Option{Name: "key-file", Usage: "the `FILE` with the key of own stamps (default: a key made of /etc/machine-id)"},
		Option{Name: "stamp-expiry", Kind: WantsTime, N: int64(stamp.DefaultExpiry), Usage: "own stamps count for `TIME`"},
		Option{Name: "max-hops", Kind: WantsNumber, N: delivery.DefaultMaxHops, Usage: "refuse a message with `N` Received fields; 0 for no limit"},
	)
}

// Rules reads the options of [WithRules].
func (p *Process) Rules(a *Arguments) (delivery.Rules, error) {
	r := delivery.Rules{MaxHops: a.Number("max-hops"), UnderPostfix: p.UnderPostfix}
	if r.MaxHops < 0 {
		return r, dsn.Config("--max-hops is negative")
	}
	var err error
	if r.StampedBy, err = choose(a, "stamped-by", word[delivery.StampedBy]{"auto", delivery.Auto}, word[delivery.StampedBy]{"mta", delivery.MTA}, word[delivery.StampedBy]{"none", delivery.None}); err != nil {
		return r, err
	}
	if r.Match, err = choose(a, "match", word[loopcheck.Match]{"postfix", loopcheck.Postfix}, word[loopcheck.Match]{"mailbox", loopcheck.Mailbox}); err != nil {
		return r, err
	}
	r.Own, err = own(a)
	return r, err
}

// TestOnlyMachineID is where the key comes from if there is no key file; tests
// take it away.
var TestOnlyMachineID = "/etc/machine-id"

// own reads the options of --trust own; nil means that every stamp counts.
func own(a *Arguments) (*delivery.Own, error) {
	mine, err := choose(a, "trust", word[bool]{"any", false}, word[bool]{"own", true})
	if err != nil {
		return nil, err
	}
	if !mine {
		for _, option := range []string{"key-file", "stamp-expiry"} {
			if a.IsSet(option) {
				return nil, dsn.Config("--" + option + " wants --trust own")
			}
		}
		return nil, nil
	}
	o := &delivery.Own{Expiry: a.Span("stamp-expiry"), Host: delivery.HostName()}
	if o.Expiry <= 0 {
		return nil, dsn.Config("--stamp-expiry is not a time above 0")
	}
	if file := a.Text("key-file"); a.IsSet("key-file") {
		if o.Keys, err = stamp.Load(file); err != nil {
			return nil, &dsn.Error{Status: dsn.TempConfig, Text: "no key for --trust own", Err: err}
		}
		return o, nil
	}
	if o.Keys, err = stamp.Machine(TestOnlyMachineID); err != nil {
		return nil, &dsn.Error{Status: dsn.TempConfig, Text: "no key for --trust own: make one with lastmile key FILE, and give --key-file FILE", Err: err}
	}
	return o, nil
}

// word is a value of an option that has a few.
type word[T any] struct {
	name  string
	value T
}

// choose returns the value of an option.
func choose[T any](a *Arguments, option string, words ...word[T]) (T, error) {
	given := a.Text(option)
	names := make([]string, len(words))
	for i, w := range words {
		if given == w.name {
			return w.value, nil
		}
		names[i] = w.name
	}
	var zero T
	return zero, dsn.Config("--"+option+" is not one of "+strings.Join(names, ", "), strconv.Quote(given))
}

// Recipient returns the envelope of the one argument.
func Recipient(a *Arguments) (*delivery.Envelope, error) {
	switch len(a.Operands) {
	case 0:
		return nil, dsn.Config("no recipient given" + SeeHelp(a.command))
	case 1:
	default:
		text := fmt.Sprintf("%d arguments where one recipient is wanted", len(a.Operands))
		for _, arg := range a.Operands[1:] {
			if strings.HasPrefix(arg, "-") {
				text += "; options go before it"
				break
			}
		}
		return nil, dsn.Config(text + SeeHelp(a.command))
	}
	env, err := delivery.NewEnvelope(a.First())
	if err == nil {
		env.Delimiter = a.Text("recipient-delimiter")
	}
	return env, err
}
