package procmailrc

import (
	"bytes"
	"time"
)

// Intake says what is done to a message when it comes in (procmail(1), -f and
// -d).
type Intake struct {
	// Deliver is set in the explicit delivery mode (-d): a message without a
	// From_ line gets one.
	Deliver bool
	// From, if HasFrom is set, is the envelope sender for the From_ line; "-"
	// only renews the date of the line that is there.
	From    string
	HasFrom bool
	// Invoker is the login name of whoever runs us.
	Invoker string
	// Now is the time for the From_ line.
	Now time.Time
}

// Apply returns the message with the From_ line that it is to have. Without -f and
// -d it is left as it came. The message begins at an offset: what is in front of it
// is free for the line.
func (i Intake) Apply(data []byte, at int) []byte {
	line, rest := i.fromLine(data[at:])
	at = len(data) - len(rest) - len(line)
	if at < 0 {
		return append(line, rest...)
	}
	copy(data[at:], line)
	return data[at:]
}

// fromLine returns the From_ line that a message is to have, and what follows it.
func (i Intake) fromLine(data []byte) (line, rest []byte) {
	if !i.Deliver && !i.HasFrom {
		return nil, data
	}
	data = bytes.TrimLeft(data, "\n")
	line, rest = nil, data
	if bytes.HasPrefix(data, fromLine) {
		end := bytes.IndexByte(data, '\n') + 1
		if end == 0 {
			end = len(data)
		}
		line, rest = data[:end], data[end:]
		if len(line) >= defaultLineBuf {
			line = nil // procmail has no room for it
		}
	}
	sender := i.Invoker
	switch {
	case i.HasFrom && i.From != "-":
		sender = i.From
	case len(line) > 0 && !i.HasFrom:
		return line, rest
	case len(line) > 0:
		return append(bytes.Clone(line[:stampStart(line)]), i.date()...), rest
	}
	return []byte("From " + sender + i.date()), rest
}

// date is the end of a From_ line.
func (i Intake) date() string { return "  " + i.Now.Format(time.ANSIC) + "\n" }

// stampLength is the length of a date in a From_ line with a blank before it or
// the newline after it.
const stampLength = 25

// stampStart returns where in a From_ line the date begins, with the blanks
// before it: after the address, which may have blanks in it as long as a date can
// be seen behind them.
func stampStart(line []byte) int {
	start, end := len(fromLine), len(line)-stampLength
	blank := func(at int) bool { return at < len(line) && (line[at] == ' ' || line[at] == '\t') }
	for blank(start) {
		start++
	}
	for start < len(line) && !blank(start) && line[start] != '\n' {
		start++
	}
	after := start
	for blank(after) {
		after++
	}
	if after >= end {
		return start
	}
	for end > start && !(line[end+13] == ':' && line[end+16] == ':') {
		end--
	}
	seen := false
	for end > start {
		end--
		if blank(end) {
			seen = true
		} else if seen {
			return end + 1
		}
	}
	return start
}
