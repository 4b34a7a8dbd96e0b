package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"lastmile/delivery"
	"lastmile/delivery/dsn"
	"lastmile/delivery/stamp"
	"lastmile/loopcheck"
)

// ruleFlags are the options that the decision depends on; every command that
// decides has them.
func ruleFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "stamped-by", Value: "auto", Usage: "who stamped this delivery's Delivered-To on top: `WHO` is auto, mta or none"},
		&cli.StringFlag{Name: "match", Value: "postfix", Usage: "compare addresses as `WAY` postfix (to the letter) or mailbox (by meaning)"},
		&cli.StringFlag{Name: "recipient-delimiter", Usage: "the `CHARS` between user and extension, as Postfix's recipient_delimiter"},
		&cli.StringFlag{Name: "trust", Value: "any", Usage: "which stamps count: `WHOSE` is any, as in Postfix, or own, made by this installation"},
		&cli.StringFlag{Name: "key-file", Usage: "the `FILE` with the key of own stamps (default: a key made of /etc/machine-id)"},
		&cli.DurationFlag{Name: "stamp-expiry", Value: stamp.DefaultExpiry, Usage: "own stamps count for `TIME`"},
		&cli.IntFlag{Name: "max-hops", Value: delivery.DefaultMaxHops, Usage: "refuse a message with `N` Received fields; 0 for no limit"},
	}
}

// rules reads ruleFlags.
func (p *program) rules(c *cli.Context) (delivery.Rules, error) {
	r := delivery.Rules{MaxHops: c.Int("max-hops"), UnderPostfix: p.underPostfix}
	if r.MaxHops < 0 {
		return r, dsn.Config("--max-hops is negative")
	}
	var err error
	if r.StampedBy, err = choose(c, "stamped-by", word[delivery.StampedBy]{"auto", delivery.Auto}, word[delivery.StampedBy]{"mta", delivery.MTA}, word[delivery.StampedBy]{"none", delivery.None}); err != nil {
		return r, err
	}
	if r.Match, err = choose(c, "match", word[loopcheck.Match]{"postfix", loopcheck.Postfix}, word[loopcheck.Match]{"mailbox", loopcheck.Mailbox}); err != nil {
		return r, err
	}
	r.Own, err = own(c)
	return r, err
}

// testOnlyMachineID is where the key comes from if there is no key file; tests
// take it away.
var testOnlyMachineID = "/etc/machine-id"

// own reads the options of --trust own; nil means that every stamp counts.
func own(c *cli.Context) (*delivery.Own, error) {
	mine, err := choose(c, "trust", word[bool]{"any", false}, word[bool]{"own", true})
	if err != nil {
		return nil, err
	}
	if !mine {
		for _, option := range []string{"key-file", "stamp-expiry"} {
			if c.IsSet(option) {
				return nil, dsn.Config("--" + option + " wants --trust own")
			}
		}
		return nil, nil
	}
	o := &delivery.Own{Expiry: c.Duration("stamp-expiry"), Host: delivery.HostName()}
	if o.Expiry <= 0 {
		return nil, dsn.Config("--stamp-expiry is not a time above 0")
	}
	if file := c.String("key-file"); c.IsSet("key-file") {
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
func choose[T any](c *cli.Context, option string, words ...word[T]) (T, error) {
	given := c.String(option)
	names := make([]string, len(words))
	for i, w := range words {
		if given == w.name {
			return w.value, nil
		}
		names[i] = w.name
	}
	var zero T
	return zero, dsn.Config(fmt.Sprintf("--%s is %q, not one of %s", option, given, strings.Join(names, ", ")))
}

// recipient returns the envelope of the one argument.
func recipient(c *cli.Context) (*delivery.Envelope, error) {
	switch c.NArg() {
	case 0:
		return nil, dsn.Config("no recipient given" + seeHelp(c))
	case 1:
	default:
		text := fmt.Sprintf("%d arguments where one recipient is wanted", c.NArg())
		for _, arg := range c.Args().Tail() {
			if strings.HasPrefix(arg, "-") {
				text += "; options go before it"
				break
			}
		}
		return nil, dsn.Config(text + seeHelp(c))
	}
	env, err := delivery.NewEnvelope(c.Args().First())
	if err == nil {
		env.Delimiter = c.String("recipient-delimiter")
	}
	return env, err
}
