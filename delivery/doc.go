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
// A new destination is a type with [Destination]'s two methods in a file of its
// own, and a flag in cmd/lastmile.
package delivery
