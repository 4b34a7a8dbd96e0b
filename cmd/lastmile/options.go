package main

import (
	"fmt"
	"strconv"
	"strings"

	"lastmile/delivery"
	"lastmile/delivery/dsn"
	"lastmile/delivery/stamp"
	"lastmile/loopcheck"
)

// withRules adds, to the options of a command that decides, those that the
// decision depends on.
func withRules(options ...option) []option {
	return append(options,
		option{name: "stamped-by", text: "auto", usage: "who stamped this delivery's Delivered-To on top: `WHO` is auto, mta or none"},
		option{name: "match", text: "postfix", usage: "compare addresses as `WAY` postfix (to the letter) or mailbox (by meaning)"},
		option{name: "recipient-delimiter", usage: "the `CHARS` between user and extension, as Postfix's recipient_delimiter"},
		option{name: "trust", text: "any", usage: "which stamps count: `WHOSE` is any, as in Postfix, or own, made by this installation"},
		option{name: "key-file", usage: "the `FILE` with the key of own stamps (default: a key made of /etc/machine-id)"},
		option{name: "stamp-expiry", kind: wantsTime, n: int64(stamp.DefaultExpiry), usage: "own stamps count for `TIME`"},
		option{name: "max-hops", kind: wantsNumber, n: delivery.DefaultMaxHops, usage: "refuse a message with `N` Received fields; 0 for no limit"},
	)
}

// rules reads the options of [withRules].
func (p *process) rules(a *arguments) (delivery.Rules, error) {
	r := delivery.Rules{MaxHops: a.number("max-hops"), UnderPostfix: p.underPostfix}
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

// testOnlyMachineID is where the key comes from if there is no key file; tests
// take it away.
var testOnlyMachineID = "/etc/machine-id"

// own reads the options of --trust own; nil means that every stamp counts.
func own(a *arguments) (*delivery.Own, error) {
	mine, err := choose(a, "trust", word[bool]{"any", false}, word[bool]{"own", true})
	if err != nil {
		return nil, err
	}
	if !mine {
		for _, option := range []string{"key-file", "stamp-expiry"} {
			if a.isSet(option) {
				return nil, dsn.Config("--" + option + " wants --trust own")
			}
		}
		return nil, nil
	}
	o := &delivery.Own{Expiry: a.span("stamp-expiry"), Host: delivery.HostName()}
	if o.Expiry <= 0 {
		return nil, dsn.Config("--stamp-expiry is not a time above 0")
	}
	if file := a.text("key-file"); a.isSet("key-file") {
		if o.Keys, err = stamp.Load(file); err != nil {
			return nil, &dsn.Error{Status: dsn.TempConfig, Text: "no key for --trust own", Err: err}
		}
		return o, nil
	}
	if o.Keys, err = stamp.Machine(testOnlyMachineID); err != nil {
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
func choose[T any](a *arguments, option string, words ...word[T]) (T, error) {
	given := a.text(option)
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

// recipient returns the envelope of the one argument.
func recipient(a *arguments) (*delivery.Envelope, error) {
	switch len(a.operands) {
	case 0:
		return nil, dsn.Config("no recipient given" + seeHelp(a.command))
	case 1:
	default:
		text := fmt.Sprintf("%d arguments where one recipient is wanted", len(a.operands))
		for _, arg := range a.operands[1:] {
			if strings.HasPrefix(arg, "-") {
				text += "; options go before it"
				break
			}
		}
		return nil, dsn.Config(text + seeHelp(a.command))
	}
	env, err := delivery.NewEnvelope(a.first())
	if err == nil {
		env.Delimiter = a.text("recipient-delimiter")
	}
	return env, err
}
