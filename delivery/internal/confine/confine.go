// Package confine takes from a delivery what it has no need of once its mailbox is
// open: with landlock(7) the kernel then denies to write anywhere else, to start
// programs, to make devices and links, and, as new as it has to be for that, to go out
// by TCP (Linux 6.7) or to an abstract socket (Linux 6.12).
// A mistake of ours so cannot lead out of the mailbox, once that is open; which one it
// is, package maildir finds below the fixed part of a template without following links.
//
// Threads are confined, not processes, and what this one starts. The others are left
// alone: they heed signals. So this is no wall against foreign code, which has no way
// in here, but one against errors. What the thread has open stays as it was: it can
// still write a log.
//
// Reading is not confined. A delivery does not send anything, so there is nobody to
// tell what was read.
package confine

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Enough is the version of Landlock from which on a delivery can be confined: the
// first one lets nobody link from one directory to another. Linux 5.19 has it.
const Enough = 2

// What a thread may do beneath the directory of its mailbox.
const (
	// InMaildir is to write, name and remove messages, and to make folders.
	InMaildir = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_REFER | unix.LANDLOCK_ACCESS_FS_MAKE_DIR
	// BesideMbox is to remove the lock of an mbox that is open already.
	BesideMbox = unix.LANDLOCK_ACCESS_FS_REMOVE_FILE
)

// changes are the rights of the first version that have to do with changing a file
// system, and with starting a program.
const changes = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
	unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
	unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG |
	unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK | unix.LANDLOCK_ACCESS_FS_MAKE_SYM

// handled returns all that a version can deny.
func handled(version int) *unix.LandlockRulesetAttr {
	h := &unix.LandlockRulesetAttr{Handled_access_fs: changes | unix.LANDLOCK_ACCESS_FS_REFER}
	if version >= 3 {
		h.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if version >= 4 {
		h.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if version >= 5 {
		h.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if version >= 6 {
		// Not LANDLOCK_SCOPE_SIGNAL: up to Linux 6.14 it kept the Go runtime from
		// signalling the other threads of the process.
		h.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
	}
	return h
}

// Thread confines the calling goroutine, which keeps its thread until both end, to
// what is allowed beneath an open directory. Pinned says that it keeps it anyway, as
// init functions do (see [runtime.LockOSThread]): to lock it there has the runtime
// start a thread, which is a twentieth of the time of a small message. It reports
// whether it could; a delivery goes on if not.
func Thread(dir int, allowed uint64, pinned bool) bool {
	version := Version()
	if version < Enough {
		return false
	}
	rules, err := createRuleset(handled(version))
	if err != nil {
		return false
	}
	defer unix.Close(rules)
	if addRule(rules, dir, allowed) != nil {
		return false
	}
	if !pinned {
		runtime.LockOSThread()
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == nil && restrictSelf(rules) == nil
}
