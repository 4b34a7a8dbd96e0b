package procmailrc

import (
	"errors"
	"io/fs"
	"syscall"
)

// lock makes a lockfile and keeps its name where at points to; what was locked
// there before is unlocked first, so that nobody waits for us while we wait for
// them. An empty name locks nothing.
func (in *interp) lock(name string, at *string) bool {
	if *at != "" {
		if *at == name {
			return true
		}
		in.unlock(at)
	}
	if name == "" {
		return true
	}
	o := LockOptions{
		Sleep: seconds(in.lockSleep), Timeout: seconds(in.lockTimeout), Suspend: seconds(in.suspend), Retries: in.lockRetries(),
		Notice: func(text, name string) { in.logQuoted(text, name) },
	}
	for {
		in.tell("Locking", name)
		in.flush()
		err := in.host.Lock(name, o)
		if err == nil {
			break
		}
		if errors.Is(err, fs.ErrPermission) && name == in.systemMailbox+in.lockExt {
			// Only with the group of the spool directory, which procmail has, could
			// it be made there; the kernel's lock has to do, as for local(8).
			in.tell("Bypassed locking", name)
			return false
		}
		if !errors.Is(err, syscall.ENAMETOOLONG) || len(name) < 2 || name[len(name)-2] == '/' {
			in.logQuoted("Lock failure on", name)
			return false
		}
		in.logQuoted("Truncating", name)
		in.write(" and retrying lock\n")
		name = name[:len(name)-1]
	}
	*at = name
	return true
}

// strictLockRetries is how often procmail tries again to make a lockfile where
// none can be made: with the default LOCKSLEEP that takes 56 seconds.
const strictLockRetries = 7

// lockRetries returns how often a lockfile is tried again that cannot be made. A
// missing directory does not come into being, so once is enough.
func (in *interp) lockRetries() int {
	if in.rules.strict {
		return strictLockRetries
	}
	return 1
}

// unlock removes a lockfile.
func (in *interp) unlock(at *string) {
	if *at == "" {
		return
	}
	in.tell("Unlocking", *at)
	if in.host.Unlock(*at) != nil {
		in.logQuoted("Couldn't unlock", *at)
	}
	*at = ""
}

// lockFor makes the local lockfile of a recipe: the one it names, or what it acts
// on with LOCKEXT. Without that the action is done all the same.
func (in *interp) lockFor(r *recipe, on string) {
	name := r.lockFile
	if !r.hasLockFile {
		if on == "/dev/null" || on == "|" {
			return
		}
		name = on + in.lockExt
	}
	if in.globalLock != "" && name == in.globalLock {
		in.logQuoted("Deadlock attempted on", name)
		return
	}
	in.lock(name, &in.folderLock)
}
