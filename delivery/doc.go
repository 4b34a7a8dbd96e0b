// Package delivery takes one message over the last step: it decides whether the
// message loops, and hands it to its destination if it does not.
//
// One message's way:
//
//	stdin ─► message.Read ──► loopcheck.Scanner ──► Rules.Decide ── loop, too many hops ──► *dsn.Error ─┐
//	              │                                      │                                             │
//	              │                        pass, or OnLoop deliver, quarantine                         │
//	              ▼                                      ▼                                             │
//	      our trace fields above it ───────────────► Destination                                       │
//	                                       Maildir: open ► confine ► tmp ► write ► fsync ►             │
//	                                                [► journal] ► link new ► fsync new                 │
//	                                       Mbox: lock ► open ► lock ► confine ► write ► fsync ► unlock │
//	                                       Command: spool ► child ► exit status and output             │
//	                                       Filter: rcfile ► its actions, then a Destination            │
//	                                                     │                                             ▼
//	                                                  Receipt ───────────────────────────► cmd: one line, exit status, log
//
// The step that makes a delivery final, and the decision to give it up (a
// signal, the time limit), go through one [Gate], so that exactly one of the
// two happens.
//
// An [Envelope.ID] lets a Maildir know a message again that comes another time
// because a crash kept the outcome of its delivery from the caller: once.go, and the
// journal in package maildir. [Confine] says when the kernel keeps a delivery inside
// its mailbox.
//
// Errors are *dsn.Error, made where the failure happens; everything else that
// comes back is something nobody foresaw, and [lastmile/delivery/dsn.Of] makes
// a deferral of it.
//
// # A new destination
//
// Say, --lmtp. What has to be written, in this order:
//
//   - delivery/lmtp.go: a type with [Destination]'s two methods, and a
//     constructor that refuses the admin's mistakes with [dsn.Config]. [Maildir]
//     is the model for what is stored, [Command] for what is handed on; a
//     destination that others can be wrapped around, as [Filter] is, has a
//     Destination in it. Paths that an address has a part in come from
//     [Template] only.
//   - delivery/destination_test.go: an entry in its table, which holds every
//     destination to the interface: a message that cannot be read, a delivery
//     that is given up, a Plan without effect. It says how many messages the
//     destination leaves below the test's directory: none if it sends them away.
//   - cmd/lastmile/internal/agent/deliver.go: an option in DeliverOptions, a case in
//     destinations, and a cell in destinationOptions, so that no message has two
//     destinations and signals are watched from the beginning. What is in that cell
//     goes with no --id, no --rcfile and no --confine always: a mailbox, which can
//     be confined and be an rcfile's DEFAULT, is named in handing, and takes what
//     confinement returns. If loops can be kept apart, set Quarantine.
//   - testdata/script/lmtp.txtar: what a user sees, with its exit statuses.
//   - cmd/lastmile/lastmile.1: the option; a test misses it. The completion and
//     the list of options in the help are made of the option's table; the sentences
//     below it are deliverHelp in cmd/lastmile/helptext.go.
//   - cmd/lastmile/internal/fault/ways_test.go: a way, in which every system call
//     fails once, and is the last one before a crash.
//   - cmd/lastmile/internal/doctor: command.template, so that doctor looks for no
//     Maildir, and a set-up in testdata/doctor.
//   - CHANGELOG.md, and README if a newcomer should know.
//
// A package of its own, if it needs one, goes below delivery/internal and into the
// table of TestImports.
//
// # A new diagnosis
//
// What explain names is a [loopcheck.Cause]: a constant and a rule in
// loopcheck/diagnosis.go, the sentences in both languages in
// cmd/lastmile/catalogue.go, the story in lastmile-loops(7), and a message with the
// cause it must have in testdata/explain. What doctor finds is a function in
// cmd/lastmile/internal/doctor, an entry in lastmile(8), and a set-up that has the
// fault in testdata/doctor, with one beside it that has not.
package delivery
