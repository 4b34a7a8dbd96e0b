package agent

import (
	"slices"
	"time"

	"lastmile/delivery"
	"lastmile/delivery/dsn"
	"lastmile/maildir"
)

// defaultTimeout is below Postfix's command_time_limit of 1000 s, at which it
// ends a command and bounces the message.
const defaultTimeout = 900 * time.Second

// TestOnlyBeforeDelivery, if set, is called when a delivery begins: tests make
// the process crash there.
var TestOnlyBeforeDelivery func()

// DeliverOptions are the options of lastmile deliver.
func DeliverOptions() []Option {
	return WithRules(
		Option{Name: "sender", Short: "f", Usage: "the envelope sender `ADDRESS`, for Return-Path; empty or <> for the null sender"},
		Option{Name: "original-recipient", Usage: "the `ADDRESS` before aliases, for X-Original-To"},
		Option{Name: "id", Usage: "store the message once only, however often it is delivered as `ID` to this recipient"},
		Option{Name: "maildir", Usage: "deliver to the Maildir at `TEMPLATE`; {recipient} {user} {extension} {domain} are replaced (default: ~/Maildir/)"},
		Option{Name: "folder", Usage: "deliver to the Maildir++ folder `NAME`, with the same placeholders, if it exists"},
		Option{Name: "create-folder", Kind: WantsNothing, Usage: "create a missing folder"},
		Option{Name: "no-create", Kind: WantsNothing, Usage: "do not create a missing Maildir"},
		Option{Name: "mbox", Usage: "add the message to the mbox file at `TEMPLATE`, with the same placeholders"},
		Option{Name: "command", Usage: "hand the message to `COMMAND`, without a shell"},
		Option{Name: "rcfile", Usage: "run the procmail rcfile `FILE` over the message; what it does not deliver goes to --maildir or --mbox"},
		Option{Name: "shell", Kind: WantsNothing, Usage: "run the command with /bin/sh -c"},
		Option{Name: "confine", Text: "shared", Usage: "keep the delivery inside its mailbox, by the kernel's Landlock: `WHEN` is shared (where the address chooses the mailbox), always or never"},
		Option{Name: "on-loop", Text: "bounce", Usage: "what to do with a message that loops: `POLICY` is bounce, defer, deliver or quarantine"},
		Option{Name: "dsn", Usage: "give a refused message back to its sender, for callers without an MTA: `TARGET` is sendmail, or an mbox file"},
		Option{Name: "ret", Text: "full", Usage: "return `WHAT` with --dsn: full, the message, or hdrs, its header section"},
		Option{Name: "timeout", Kind: WantsTime, N: int64(defaultTimeout), Usage: "give the delivery up after `TIME`"},
		Option{Name: "log", Usage: "write a line for the message to `TARGET`: syslog, stderr, none or a file (default: syslog if there is one)"},
		Option{Name: "log-format", Text: "text", Usage: "write the line as `FORMAT` text or json"},
		Option{Name: "verbose", Short: "v", Kind: WantsNothing, Usage: "say on standard output where the message went"},
		Option{Name: "dry-run", Kind: WantsNothing, Usage: "say what would be done, and do nothing"},
	)
}

// Deliver is lastmile deliver, with the arguments that follow the command: it
// delivers one message, says so, and logs it.
func (p *Process) Deliver(argv []string) error {
	a, err := Parse("deliver", DeliverOptions(), argv)
	switch {
	case err == errHelp:
		return dsn.Config("help was asked for, but a message may be waiting" + SeeHelp("deliver"))
	case err != nil:
		return dsn.Config(err.Error() + SeeHelp("deliver"))
	}
	start := time.Now()
	log, err := p.newLog(a)
	if err != nil {
		return err
	}
	release, stdout := func(error) {}, p.Stdout
	if a.IsSet("rcfile") {
		if release, err = p.withhold(!IsTerminal(p.Stderr)); err != nil {
			return err
		}
	}
	env, err := envelope(a)
	conclude := func(receipt delivery.Receipt, err error) error {
		dryRun := a.Yes("dry-run")
		if err == nil && (a.Yes("verbose") || dryRun) {
			lastWords(stdout, outcome(dryRun, receipt)+"\n")
		}
		p.finish = func() {
			release(err)
			log.delivery(env, dryRun, receipt, err, time.Since(start))
		}
		return err
	}
	limit := a.Span("timeout")
	if err == nil && limit <= 0 {
		err = dsn.Config("--timeout is not a time above 0")
	}
	if err != nil {
		log.open()
		return conclude(delivery.Receipt{}, err)
	}
	w := p.newWatch(limit, conclude)
	for _, option := range append(elsewhere(), "rcfile", "dsn") { // another program would inherit what is ignored
		if a.IsSet(option) {
			w.begin()
			break
		}
	}
	return w.run(func(gate *delivery.Gate) (delivery.Receipt, error) {
		log.open()
		agent, err := p.agent(a) // reads files, so it is under the time limit
		if err != nil {
			return delivery.Receipt{}, err
		}
		if TestOnlyBeforeDelivery != nil {
			TestOnlyBeforeDelivery()
		}
		defer time.AfterFunc(wondering, p.Invite).Stop()
		return agent.Deliver(gate, env, p.Stdin)
	})
}

// envelope returns the envelope that the arguments give. With an error it is what is
// known of it, for the log.
func envelope(a *Arguments) (*delivery.Envelope, error) {
	env, err := Recipient(a)
	if err != nil {
		return &delivery.Envelope{Recipient: a.First()}, err
	}
	if a.IsSet("sender") {
		env.SetSender(a.Text("sender"))
	}
	env.SetOriginalRecipient(a.Text("original-recipient"))
	if !a.IsSet("id") {
		return env, nil
	}
	if err := alone(a, "id", "only a Maildir can tell whether it has had a message before", append(elsewhere(), "rcfile", "dsn")...); err != nil {
		return env, err
	}
	return env, env.SetID(a.Text("id"))
}

// outcome is the line of -v and --dry-run.
func outcome(dryRun bool, r delivery.Receipt) string {
	if r.Refusal != nil {
		return OneLine("given back to the sender by "+r.Where+": "+r.Refusal.Status.String()+" "+r.Refusal.Text, MaxReport)
	}
	done := "delivered to "
	if dryRun {
		done = "would be delivered to "
	}
	if r.Verdict.Loops() {
		done = "loops; " + done
	}
	return OneLine(done+r.Where, MaxReport)
}

// dsn reads the option that says how refused messages are given back.
func (p *Process) dsn(a *Arguments) (*delivery.Return, error) {
	target := a.Text("dsn")
	headersOnly, err := choose(a, "ret", word[bool]{"full", false}, word[bool]{"hdrs", true})
	switch {
	case err != nil:
		return nil, err
	case !a.IsSet("dsn") && a.IsSet("ret"):
		return nil, dsn.Config("--ret wants --dsn")
	case !a.IsSet("dsn"):
		return nil, nil
	case p.UnderPostfix:
		return nil, dsn.Config("--dsn under Postfix would be a second report: Postfix sends one itself")
	case target == "":
		return nil, dsn.Config("--dsn names no target")
	case target == "sendmail":
		return &delivery.Return{HeadersOnly: headersOnly}, nil
	}
	return &delivery.Return{File: target, HeadersOnly: headersOnly}, nil
}

// agent reads the options that say how to deliver.
func (p *Process) agent(opt *Arguments) (*delivery.Agent, error) {
	rules, err := p.Rules(opt)
	if err != nil {
		return nil, err
	}
	type policy = word[delivery.OnLoop]
	rules.OnLoop, err = choose(opt, "on-loop", policy{"bounce", delivery.Bounce}, policy{"defer", delivery.Defer}, policy{"deliver", delivery.Deliver}, policy{"quarantine", delivery.Quarantine})
	if err != nil {
		return nil, err
	}
	a := &delivery.Agent{Rules: rules, DryRun: opt.Yes("dry-run")}
	if a.Return, err = p.dsn(opt); err != nil {
		return nil, err
	}
	if a.DryRun {
		if err := p.NotUnderPostfix("lastmile deliver --dry-run"); err != nil {
			return nil, err
		}
	}
	if err := p.destinations(opt, a); err != nil {
		return nil, err
	}
	if rules.OnLoop == delivery.Quarantine && a.Quarantine == nil {
		return nil, dsn.Config("--on-loop quarantine wants a Maildir or an mbox")
	}
	if !opt.IsSet("rcfile") {
		return a, nil
	}
	a.Destination, err = p.rcfile(opt.Text("rcfile"), a.Destination)
	return a, err
}

// destinations reads the options that say where messages go, and where those
// that loop.
func (p *Process) destinations(opt *Arguments, a *delivery.Agent) error {
	if err := oneDestination(opt); err != nil {
		return err
	}
	confine, err := confinement(opt)
	if err != nil {
		return err
	}
	switch {
	case opt.IsSet("command"):
		a.Destination, err = delivery.NewCommand(opt.Text("command"), opt.Yes("shell"))
		return err
	case opt.IsSet("shell"):
		return dsn.Config("--shell wants --command")
	case opt.IsSet("mbox"):
		at, err := delivery.ParseTemplate(opt.Text("mbox"), delivery.Home)
		if err != nil {
			return err
		}
		box, err := delivery.NewMbox(at)
		if err != nil {
			return err
		}
		box.Confine, box.Pinned = confine, p.InInit
		a.Destination, a.Quarantine = box, box.Quarantine()
		return nil
	}
	return p.toMaildir(opt, a, confine)
}

// toMaildir is destinations for a Maildir.
func (p *Process) toMaildir(opt *Arguments, a *delivery.Agent, confine delivery.Confine) error {
	template := "~/Maildir/"
	if opt.IsSet("maildir") {
		template = opt.Text("maildir")
	}
	at, err := delivery.ParseTemplate(template, delivery.Home)
	if err != nil {
		return err
	}
	box, err := delivery.NewMaildir(at, opt.Text("folder"), maildir.Options{Create: !opt.Yes("no-create"), CreateFolder: opt.Yes("create-folder")})
	if err != nil {
		return err
	}
	box.Confine, box.Pinned = confine, p.InInit
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

// handing are the options by which a message is handed on, not put into a mailbox:
// there is nothing to confine a delivery to, and no DEFAULT for an rcfile.
func handing() []string {
	return slices.DeleteFunc(elsewhere(), func(option string) bool { return option == "mbox" })
}

// oneDestination refuses options that say different things about where a message
// goes: of a row only options may be given together that stand in one cell.
func oneDestination(opt *Arguments) error {
	for _, row := range [...][][]string{
		destinationOptions(),
		{handing(), {"rcfile"}},
	} {
		before := ""
		for _, cell := range row {
			given := ""
			for _, option := range cell {
				if !opt.IsSet(option) {
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
// programs may have to be started, or if there is no mailbox.
func confinement(opt *Arguments) (delivery.Confine, error) {
	type when = word[delivery.Confine]
	c, err := choose(opt, "confine", when{"shared", delivery.ConfineShared}, when{"always", delivery.ConfineAlways}, when{"never", delivery.ConfineNever})
	if err != nil {
		return c, err
	}
	for _, option := range append(handing(), "rcfile", "dsn") {
		if opt.IsSet(option) && c == delivery.ConfineAlways {
			return c, dsn.Config("--confine always starts no programs and wants a mailbox, so it does not go with --" + option)
		}
		if opt.IsSet(option) {
			c = delivery.ConfineNever
		}
	}
	return c, nil
}

// alone refuses an option beside others.
func alone(opt *Arguments, option, why string, others ...string) error {
	for _, other := range others {
		if opt.IsSet(other) {
			return dsn.Config("--" + option + " and --" + other + " exclude each other: " + why)
		}
	}
	return nil
}
