package procmailrc

import "strconv"

// finish delivers to DEFAULT what is not delivered yet, and does what is left.
func (in *interp) finish(o outcome) (status int) {
	in.flush()
	if o == ended && !in.host.Ended() && in.deliverDefault() {
		o = delivered
	}
	if in.host.Ended() {
		return exitTempFail
	}
	in.unlock(&in.folderLock)
	if status = in.failure; o == delivered || o == hostMismatch {
		status = exitOK
	}
	folder := in.vars.get("LASTFOLDER")
	switch {
	case status == exitOK:
		in.notify("")
	case in.claimed && in.rules.strict:
		folder = "**Lost**"
	case status == exitTempFail:
		folder = "**Requeued**"
	default:
		folder = "**Bounced**"
	}
	if status != exitOK {
		in.notify(folder)
	}
	in.abstract(folder)
	if in.claimed && (status == exitOK || in.rules.strict) {
		in.runTrap(status)
		status = exitOK
	} else {
		status = in.runTrap(status)
	}
	in.unlock(&in.globalLock)
	in.flush()
	return status & 0xff
}

// deliverDefault delivers to DEFAULT, and to ORGMAIL if that fails.
func (in *interp) deliverDefault() bool {
	in.mail.fold(false)
	all := part{m: in.mail, to: in.mail.len(), close: true}
	r := &recipe{}
	first, last := in.defaultFolder, in.vars.get("ORGMAIL")
	if first == "" && in.fallback != nil {
		return in.fallBack()
	}
	try := func(name string, lock bool) bool {
		ok := in.deliver([]string{name}, all, r, lock)
		in.traceDelivered(Delivered{Words: []string{name}, Default: true, OK: ok})
		return ok
	}
	return first != "" && try(first, true) || last != "" && last != first && try(last, false)
}

// fallBack delivers to where a message goes that is left to us.
func (in *interp) fallBack() bool {
	in.unlock(&in.folderLock)
	in.unlock(&in.globalLock)
	in.flush()
	at := in.mail.afterFrom()
	in.wrote(int64(in.mail.len() - at))
	if in.err = in.fallback(in.mail.data[at:], in.mail.data[:at], !in.clone); in.err != nil {
		return false
	}
	in.setLastFolder(in.vars.get("DEFAULT"))
	return true
}

// runTrap runs TRAP, and returns the exit status that EXITCODE or TRAP choose.
func (in *interp) runTrap(status int) int {
	fromTrap := false
	if code, ok := in.vars.lookup("EXITCODE"); ok && in.exitSet {
		const none = -2
		n := int(int32(Number(code, none))) // procmail's is an int: too large a number is -1
		if n >= 0 {
			status, in.chosen = n, true
		}
		fromTrap = n == none
	} else if in.trap != "" {
		in.set("EXITCODE", strconv.Itoa(status))
	}
	if in.trap == "" {
		return status
	}
	in.mail.fold(false)
	p := in.start(in.command(in.trap), part{m: in.mail, to: in.mail.len(), close: true})
	p.Output, p.Wait, p.IgnoreWriteErrors = ToLog, true, true
	result := in.host.Run(p)
	byItself := result.Status > 0 && !result.Missing && !result.TimedOut // one that was ended has not chosen
	if fromTrap && (byItself || in.rules.strict && result.Status != 0) {
		status, in.chosen = result.Status, true
	}
	return status
}
