// Package agent is what runs once per message: lastmile deliver and procmail, from
// their arguments to their exit status.
//
// A [Process] has the streams and what surrounds a delivery: signals and the time
// limit (watch.go), panics and limits (protect.go), the one place that writes to the
// caller (report.go), the log (log.go). [Process.Run] reports the outcome of whatever
// is run in it, and ends the process: exactly once, be it by the goroutine that
// delivers or, when that hangs, by the one that watches it.
//
// What decides and delivers is package delivery. Commands that deliver nothing, help
// and cli/v2 are in package main, and nothing of that is imported here: package early
// can deliver before it is initialised.
package agent
