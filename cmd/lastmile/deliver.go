package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"lastmile/delivery"
	"lastmile/delivery/dsn"
	"lastmile/maildir"
)

// defaultTimeout is below Postfix's command_time_limit of 1000 s, at which it
// ends a command and bounces the message.
const defaultTimeout = 900 * time.Second

// testOnlyBeforeDelivery, if set, is called when a delivery begins: tests make
// the process crash there.
var testOnlyBeforeDelivery func()

// deliverCommand is lastmile deliver.
func (p *program) deliverCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "sender", Aliases: []string{"f"}, Usage: "the envelope sender `ADDRESS`, for Return-Path; empty or <> for the null sender"},
		&cli.StringFlag{Name: "original-recipient", Usage: "the `ADDRESS` before aliases, for X-Original-To"},
		&cli.StringFlag{Name: "maildir", Usage: "deliver to the Maildir at `TEMPLATE`; {recipient} {user} {extension} {domain} are replaced (default: ~/Maildir/)"},
		&cli.StringFlag{Name: "folder", Usage: "deliver to the Maildir++ folder `NAME`, with the same placeholders, if it exists"},
		&cli.BoolFlag{Name: "create-folder", Usage: "create a missing folder"},
		&cli.BoolFlag{Name: "no-create", Usage: "do not create a missing Maildir"},
		&cli.StringFlag{Name: "mbox", Usage: "add the message to the mbox file at `TEMPLATE`, with the same placeholders"},
		&cli.StringFlag{Name: "command", Usage: "hand the message to `COMMAND`, without a shell"},
		&cli.StringFlag{Name: "rcfile", Usage: "run the procmail rcfile `FILE` over the message; what it does not deliver goes to --maildir or --mbox"},
		&cli.BoolFlag{Name: "shell", Usage: "run the command with /bin/sh -c"},
		&cli.StringFlag{Name: "on-loop", Value: "bounce", Usage: "what to do with a message that loops: `POLICY` is bounce, defer, deliver or quarantine"},
		&cli.StringFlag{Name: "dsn", Usage: "give a refused message back to its sender, for callers without an MTA: `TARGET` is sendmail, or an mbox file"},
		&cli.StringFlag{Name: "ret", Value: "full", Usage: "return `WHAT` with --dsn: full, the message, or hdrs, its header section"},
		&cli.DurationFlag{Name: "timeout", Value: defaultTimeout, Usage: "give the delivery up after `TIME`"},
		&cli.StringFlag{Name: "log", Usage: "write a line for the message to `TARGET`: syslog, stderr, none or a file (default: syslog if there is one)"},
		&cli.StringFlag{Name: "log-format", Value: "text", Usage: "write the line as `FORMAT` text or json"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "say on standard output where the message went"},
		&cli.BoolFlag{Name: "dry-run", Usage: "say what would be done, and do nothing"},
	}
	return p.command("deliver", "deliver the message on standard input", "-- RECIPIENT", p.deliver, append(flags, ruleFlags()...)...)
}

// deliver delivers one message, says so, and logs it.
func (p *program) deliver(c *cli.Context) error {
	start := time.Now()
	log, err := p.newLog(c)
	if err != nil {
		return err
	}
	env, receipt, err := p.attempt(c)
	dryRun := c.Bool("dry-run")
	if err == nil && (c.Bool("verbose") || dryRun) {
		fmt.Fprintln(p.stdout, outcome(dryRun, receipt))
	}
	if env == nil {
		env = &delivery.Envelope{Recipient: c.Args().First()}
	}
	p.finish = func() { log.delivery(env, dryRun, receipt, err, time.Since(start)) }
	return err
}

// attempt reads the options and delivers one message.
func (p *program) attempt(c *cli.Context) (*delivery.Envelope, delivery.Receipt, error) {
	env, err := recipient(c)
	if err != nil {
		return nil, delivery.Receipt{}, err
	}
	if c.IsSet("sender") {
		env.SetSender(c.String("sender"))
	}
	env.SetOriginalRecipient(c.String("original-recipient"))
	limit := c.Duration("timeout")
	if limit <= 0 {
		return env, delivery.Receipt{}, dsn.Config("--timeout is not a time above 0")
	}
	receipt, err := p.supervised(limit, func(gate *delivery.Gate) (delivery.Receipt, error) {
		agent, err := p.agent(c) // reads files, so it is under the time limit
		if err != nil {
			return delivery.Receipt{}, err
		}
		if testOnlyBeforeDelivery != nil {
			testOnlyBeforeDelivery()
		}
		return agent.Deliver(gate, env, p.stdin)
	})
	return env, receipt, err
}

// outcome is the line of -v and --dry-run.
func outcome(dryRun bool, r delivery.Receipt) string {
	if r.Refusal != nil {
		return oneLine("given back to the sender by "+r.Where+": "+r.Refusal.Status.String()+" "+r.Refusal.Text, maxReport)
	}
	done := "delivered to "
	if dryRun {
		done = "would be delivered to "
	}
	if r.Verdict.Loops() {
		done = "loops; " + done
	}
	return oneLine(done+r.Where, maxReport)
}

// dsn reads the option that says how refused messages are given back.
func (p *program) dsn(c *cli.Context) (*delivery.Return, error) {
	target := c.String("dsn")
	headersOnly, err := choose(c, "ret", word[bool]{"full", false}, word[bool]{"hdrs", true})
	switch {
	case err != nil:
		return nil, err
	case !c.IsSet("dsn") && c.IsSet("ret"):
		return nil, dsn.Config("--ret wants --dsn")
	case !c.IsSet("dsn"):
		return nil, nil
	case p.underPostfix:
		return nil, dsn.Config("--dsn under Postfix would be a second report: Postfix sends one itself")
	case target == "":
		return nil, dsn.Config("--dsn names no target")
	case target == "sendmail":
		return &delivery.Return{HeadersOnly: headersOnly}, nil
	}
	return &delivery.Return{File: target, HeadersOnly: headersOnly}, nil
}

// agent reads the options that say how to deliver.
func (p *program) agent(c *cli.Context) (*delivery.Agent, error) {
	rules, err := p.rules(c)
	if err != nil {
		return nil, err
	}
	type policy = word[delivery.OnLoop]
	rules.OnLoop, err = choose(c, "on-loop", policy{"bounce", delivery.Bounce}, policy{"defer", delivery.Defer}, policy{"deliver", delivery.Deliver}, policy{"quarantine", delivery.Quarantine})
	if err != nil {
		return nil, err
	}
	a := &delivery.Agent{Rules: rules, DryRun: c.Bool("dry-run")}
	if a.Return, err = p.dsn(c); err != nil {
		return nil, err
	}
	if a.DryRun {
		if err := p.notUnderPostfix("lastmile deliver --dry-run"); err != nil {
			return nil, err
		}
	}
	if err := destinations(c, a); err != nil || !c.IsSet("rcfile") {
		return a, err
	}
	a.Destination, err = p.rcfile(c.String("rcfile"), a.Destination)
	return a, err
}

// destinations reads the options that say where messages go, and where those
// that loop.
func destinations(c *cli.Context, a *delivery.Agent) (err error) {
	switch {
	case c.IsSet("command"):
		if err := alone(c, "command", "rcfile", "mbox", "maildir", "folder", "create-folder", "no-create"); err != nil {
			return err
		}
		if a.Rules.OnLoop == delivery.Quarantine {
			return dsn.Config("--on-loop quarantine wants a Maildir or an mbox, not --command")
		}
		a.Destination, err = delivery.NewCommand(c.String("command"), c.Bool("shell"))
		return err
	case c.IsSet("shell"):
		return dsn.Config("--shell wants --command")
	case c.IsSet("mbox"):
		if err := alone(c, "mbox", "maildir", "folder", "create-folder", "no-create"); err != nil {
			return err
		}
		at, err := delivery.ParseTemplate(c.String("mbox"), delivery.Home)
		box := delivery.NewMbox(at)
		a.Destination, a.Quarantine = box, box.Quarantine()
		return err
	}
	template := "~/Maildir/"
	if c.IsSet("maildir") {
		template = c.String("maildir")
	}
	at, err := delivery.ParseTemplate(template, delivery.Home)
	if err != nil {
		return err
	}
	box, err := delivery.NewMaildir(at, c.String("folder"), maildir.Options{Create: !c.Bool("no-create"), CreateFolder: c.Bool("create-folder")})
	if err != nil {
		return err
	}
	a.Destination, a.Quarantine = box, box.Quarantine()
	return nil
}

// alone refuses an option beside others that say something else.
func alone(c *cli.Context, option string, others ...string) error {
	for _, other := range others {
		if c.IsSet(other) {
			return dsn.Config("--" + option + " and --" + other + " exclude each other: a message has one destination")
		}
	}
	return nil
}
