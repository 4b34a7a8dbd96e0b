package confine

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The system calls of landlock(7), for which x/sys has the types only. Nothing else
// of lastmile is unsafe.

// Version returns the version of Landlock that the kernel has, 0 if it has none or
// may not use it.
func Version() int {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(v)
}

// createRuleset makes rules that deny what is handled. A kernel that does not know
// a field of the type wants it to be zero.
func createRuleset(handled *unix.LandlockRulesetAttr) (fd int, err error) {
	r, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(handled)), unsafe.Sizeof(*handled), 0)
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}

// addRule allows something beneath an open directory.
func addRule(rules, dir int, allowed uint64) error {
	beneath := unix.LandlockPathBeneathAttr{Allowed_access: allowed, Parent_fd: int32(dir)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(rules), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&beneath)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// restrictSelf puts the thread that calls under the rules.
func restrictSelf(rules int) error {
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(rules), 0, 0); errno != 0 {
		return errno
	}
	return nil
}
