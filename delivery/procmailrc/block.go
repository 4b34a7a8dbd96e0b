package procmailrc

// openBlock begins a block. The "{" and the blank behind it have been taken.
func (in *interp) openBlock(a *action, skip *int) {
	in.traceAction(a, BlockAct, nil, "")
	r := a.recipe
	if r.locks && !r.flags.has('c') {
		in.extraneous("locallockfile")
	}
	for _, flag := range [...]struct {
		letter byte
		name   string
	}{{'b', "deliver-body flag"}, {'h', "deliver-head flag"}, {'i', "ignore-write-error flag"}, {'r', "raw-mode flag"}} {
		if r.flags.has(flag.letter) {
			in.extraneous(flag.name)
		}
	}
	if !a.match {
		*skip++
		return
	}
	a.done, a.block, a.succeeded = true, true, true
	if r.locks {
		in.lockFor(r, "")
	}
	if !r.flags.has('c') || in.walking {
		in.blocks = append(in.blocks, in.chain)
		return
	}
	if in.control.clones.Add(1) > maxClones {
		in.log("Too many copies of the message\n")
		a.succeeded = false
		*skip++
		return
	}
	in.tell("Forking", "procmail")
	in.flush()
	status := in.runClone()
	if w := in.waiting(r); w != notWaiting {
		if in.lastStatus = status; status != 0 {
			in.failed(command{first: "procmail"}, status, w)
			a.succeeded = false
		}
	}
	*skip++
}

// runClone runs a block with flag c, and all of the rcfile that follows it, over
// a copy of the message with copies of all variables, as procmail does in a
// process of its own. We run it to its end before we go on: what it delivers is
// safe before we say that anything is.
func (in *interp) runClone() (status int) {
	c := *in
	c.mail = in.mail.clone()
	c.vars = in.vars.clone()
	c.src = in.src.clone()
	c.blocks = append(append([]chain(nil), in.blocks...), in.chain)
	c.clone = true
	c.folderLock, c.globalLock = "", "" // lockfiles are not inherited
	restore, verbose := in.host.Clone(), in.verbose()
	in.traceCopy(true)
	defer func() {
		c.mail.fold(false)
		restore()
		in.control.SetVerbose(verbose)
		in.traceCopy(false)
	}()
	return c.finish(c.run(true))
}
