// Package procmailrc runs procmail's rcfiles, procmailrc(5), as procmail 3.22 runs
// them.
//
// [Run] reads rcfiles over one message. It does nothing itself: every effect goes
// through a [Host], in the order in which the rcfile has them, because a recipe may
// depend on whether the one before it worked. With a Host that only notes what it
// is asked for, the same code says what an rcfile would do; [Walk] takes every
// recipe, for those who look for mistakes.
//
//	rcfile ─► source: bytes, a stack of files (INCLUDERC, SWITCHRC)
//	            │
//	            ▼
//	          run: assignment │ recipe │ "}"         interp.go, recipe.go
//	            │                 │
//	            ▼                 ▼
//	          act: what a       conditions           condition.go, package pattern
//	          special variable    │
//	          means (assign.go)   ▼
//	                            action: folder, program, filter, capture, forward, block
//	                              │
//	                              ▼
//	                            Host
//
// One expander (expand.go, substitute.go) reads values, words and conditions. It
// finds the end of a text by expanding it, also of one that is skipped, so that
// what is skipped is cut just where it would be if it were used.
//
// # What it must not differ in
//
// The judge is procmail: testdata/procmail has its verdict for every case. The
// surprising ones stand in the comments, marked by what procmail does. Where we do
// otherwise on purpose it is because mail would be lost, or bounce for a trouble
// that passes; [Config] Strict takes that back.
//
// # Limits
//
// LINEBUF is procmail's. Rcfiles may be nested [maxNesting] deep, [maxIncludes] be
// included and [maxSwitches] switched to for a message, which may have [maxClones]
// copies; see there.
package procmailrc
