package main

import (
	"fmt"
	"slices"
	"time"

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

// deliverOptions are the options of lastmile deliver.
func deliverOptions() []option {
	return withRules(
		option{name: "sender", short: "f", usage: "the envelope sender `ADDRESS`, for Return-Path; empty or <> for the null sender"},
		option{name: "original-recipient", usage: "the `ADDRESS` before aliases, for X-Original-To"},
		option{name: "id", usage: "store the message once only, however often it is delivered as `ID` to this recipient"},
		option{name: "maildir", usage: "deliver to the Maildir at `TEMPLATE`; {recipient} {user} {extension} {domain} are replaced (default: ~/Maildir/)"},
		option{name: "folder", usage: "deliver to the Maildir++ folder `NAME`, with the same placeholders, if it exists"},
		option{name: "create-folder", kind: wantsNothing, usage: "create a missing folder"},
		option{name: "no-create", kind: wantsNothing, usage: "do not create a missing Maildir"},
		option{name: "mbox", usage: "add the message to the mbox file at `TEMPLATE`, with the same placeholders"},
		option{name: "command", usage: "hand the message to `COMMAND`, without a shell"},
		option{name: "rcfile", usage: "run the procmail rcfile `FILE` over the message; what it does not deliver goes to --maildir or --mbox"},
		option{name: "shell", kind: wantsNothing, usage: "run the command with /bin/sh -c"},
		option{name: "confine", text: "shared", usage: "keep the delivery inside its mailbox, by the kernel's Landlock: `WHEN` is shared (where the address chooses the mailbox), always or never"},
		option{name: "on-loop", text: "bounce", usage: "what to do with a message that loops: `POLICY` is bounce, defer, deliver or quarantine"},
		option{name: "dsn", usage: "give a refused message back to its sender, for callers without an MTA: `TARGET` is sendmail, or an mbox file"},
		option{name: "ret", text: "full", usage: "return `WHAT` with --dsn: full, the message, or hdrs, its header section"},
		option{name: "timeout", kind: wantsTime, n: int64(defaultTimeout), usage: "give the delivery up after `TIME`"},
		option{name: "log", usage: "write a line for the message to `TARGET`: syslog, stderr, none or a file (default: syslog if there is one)"},
		option{name: "log-format", text: "text", usage: "write the line as `FORMAT` text or json"},
		option{name: "verbose", short: "v", kind: wantsNothing, usage: "say on standard output where the message went"},
		option{name: "dry-run", kind: wantsNothing, usage: "say what would be done, and do nothing"},
	)
}

// deliver is lastmile deliver, with the arguments that follow the command: it
// delivers one message, says so, and logs it.
func (p *process) deliver(argv []string) error {
	a, err := parse("deliver", deliverOptions(), argv)
	if err != nil {
		return dsn.Config(err.Error() + seeHelp("deliver"))
	}
	start := time.Now()
	log, err := p.newLog(a)
	if err != nil {
		return err
	}
	release, stdout := func(error) {}, p.stdout
	if a.isSet("rcfile") {
		if release, err = p.withhold(!isTerminal(p.stderr)); err != nil {
			return err
		}
	}
	env, err := envelope(a)
	conclude := func(receipt delivery.Receipt, err error) error {
		dryRun := a.yes("dry-run")
		if err == nil && (a.yes("verbose") || dryRun) {
			fmt.Fprintln(stdout, outcome(dryRun, receipt))
		}
		p.finish = func() {
			release(err)
			log.delivery(env, dryRun, receipt, err, time.Since(start))
		}
		return err
	}
	if err != nil {
		return conclude(delivery.Receipt{}, err)
	}
	limit := a.span("timeout")
	if limit <= 0 {
		return conclude(delivery.Receipt{}, dsn.Config("--timeout is not a time above 0"))
	}
	w := p.newWatch(limit, conclude)
	for _, option := range append(elsewhere(), "rcfile", "dsn") { // another program would inherit what is ignored
		if a.isSet(option) {
			w.begin()
			break
		}
	}
	return w.run(func(gate *delivery.Gate) (delivery.Receipt, error) {
		agent, err := p.agent(a) // reads files, so it is under the time limit
		if err != nil {
			return delivery.Receipt{}, err
		}
		if testOnlyBeforeDelivery != nil {
			testOnlyBeforeDelivery()
		}
		return agent.Deliver(gate, env, p.stdin)
	})
}

// envelope returns the envelope that the arguments give. With an error it is what is
// known of it, for the log.
func envelope(a *arguments) (*delivery.Envelope, error) {
	env, err := recipient(a)
	if err != nil {
		return &delivery.Envelope{Recipient: a.first()}, err
	}
	if a.isSet("sender") {
		env.SetSender(a.text("sender"))
	}
	env.SetOriginalRecipient(a.text("original-recipient"))
	if !a.isSet("id") {
		return env, nil
	}
	if err := alone(a, "id", "only a Maildir can tell whether it has had a message before", append(elsewhere(), "rcfile", "dsn")...); err != nil {
		return env, err
	}
	return env, env.SetID(a.text("id"))
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
func (p *process) dsn(a *arguments) (*delivery.Return, error) {
	target := a.text("dsn")
	headersOnly, err := choose(a, "ret", word[bool]{"full", false}, word[bool]{"hdrs", true})
	switch {
	case err != nil:
		return nil, err
	case !a.isSet("dsn") && a.isSet("ret"):
		return nil, dsn.Config("--ret wants --dsn")
	case !a.isSet("dsn"):
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
func (p *process) agent(opt *arguments) (*delivery.Agent, error) {
	rules, err := p.rules(opt)
	if err != nil {
		return nil, err
	}
	type policy = word[delivery.OnLoop]
	rules.OnLoop, err = choose(opt, "on-loop", policy{"bounce", delivery.Bounce}, policy{"defer", delivery.Defer}, policy{"deliver", delivery.Deliver}, policy{"quarantine", delivery.Quarantine})
	if err != nil {
		return nil, err
	}
	a := &delivery.Agent{Rules: rules, DryRun: opt.yes("dry-run")}
	if a.Return, err = p.dsn(opt); err != nil {
		return nil, err
	}
	if a.DryRun {
		if err := p.notUnderPostfix("lastmile deliver --dry-run"); err != nil {
			return nil, err
		}
	}
	if err := destinations(opt, a); err != nil {
		return nil, err
	}
	if rules.OnLoop == delivery.Quarantine && a.Quarantine == nil {
		return nil, dsn.Config("--on-loop quarantine wants a Maildir or an mbox")
	}
	if !opt.isSet("rcfile") {
		return a, nil
	}
	a.Destination, err = p.rcfile(opt.text("rcfile"), a.Destination)
	return a, err
}

// destinations reads the options that say where messages go, and where those
// that loop.
func destinations(opt *arguments, a *delivery.Agent) error {
	if err := oneDestination(opt); err != nil {
		return err
	}
	confine, err := confinement(opt, a)
	if err != nil {
		return err
	}
	switch {
	case opt.isSet("command"):
		a.Destination, err = delivery.NewCommand(opt.text("command"), opt.yes("shell"))
		return err
	case opt.isSet("shell"):
		return dsn.Config("--shell wants --command")
	case opt.isSet("mbox"):
		at, err := delivery.ParseTemplate(opt.text("mbox"), delivery.Home)
		if err != nil {
			return err
		}
		box, err := delivery.NewMbox(at)
		if err != nil {
			return err
		}
		box.Confine = confine
		a.Destination, a.Quarantine = box, box.Quarantine()
		return nil
	}
	return toMaildir(opt, a, confine)
}

// toMaildir is destinations for a Maildir.
func toMaildir(opt *arguments, a *delivery.Agent, confine delivery.Confine) error {
	template := "~/Maildir/"
	if opt.isSet("maildir") {
		template = opt.text("maildir")
	}
	at, err := delivery.ParseTemplate(template, delivery.Home)
	if err != nil {
		return err
	}
	box, err := delivery.NewMaildir(at, opt.text("folder"), maildir.Options{Create: !opt.yes("no-create"), CreateFolder: opt.yes("create-folder")})
	if err != nil {
		return err
	}
	box.Confine = confine
	a.Destination, a.Quarantine = box, box.Quarantine()
	return nil
}

// destinationOptions are the options that choose a destination, in a cell for each;
// the last is that of the Maildir, which is the default.
func destinationOptions() [][]string {
	return [][]string{{"command"}, {"mbox"}, {"maildir", "folder", "create-folder", "no-create"}}
}

// elsewhere are the options by which a message goes elsewhere than to a Maildir.
func elsewhere() []string {
	cells := destinationOptions()
	return slices.Concat(cells[:len(cells)-1]...)
}

// oneDestination refuses options that say different things about where a message
// goes: of a row only options may be given together that stand in one cell.
func oneDestination(opt *arguments) error {
	for _, row := range [...][][]string{
		destinationOptions(),
		{{"command"}, {"rcfile"}},
	} {
		before := ""
		for _, cell := range row {
			given := ""
			for _, option := range cell {
				if !opt.isSet(option) {
					continue
				}
				if before != "" {
					return dsn.Config("--" + before + " and --" + option + " exclude each other: a message has one destination")
				}
				given = option
			}
			if given != "" {
				before = given
			}
		}
	}
	return nil
}

// confinement reads the option that says when a delivery is confined: never if
// programs may have to be started.
func confinement(opt *arguments, a *delivery.Agent) (delivery.Confine, error) {
	type when = word[delivery.Confine]
	c, err := choose(opt, "confine", when{"shared", delivery.ConfineShared}, when{"always", delivery.ConfineAlways}, when{"never", delivery.ConfineNever})
	if err != nil {
		return c, err
	}
	if a.Return != nil || opt.isSet("rcfile") || opt.isSet("command") {
		if c == delivery.ConfineAlways {
			return c, dsn.Config("--confine always starts no programs, so it goes with none of --command, --rcfile and --dsn")
		}
		c = delivery.ConfineNever
	}
	return c, nil
}

// alone refuses an option beside others.
func alone(opt *arguments, option, why string, others ...string) error {
	for _, other := range others {
		if opt.isSet(other) {
			return dsn.Config("--" + option + " and --" + other + " exclude each other: " + why)
		}
	}
	return nil
}
