package delivery

import "lastmile/delivery/internal/confine"

// Confine says when a delivery to a mailbox is confined: once the mailbox is open,
// the thread that delivers can open for writing, make, rename and remove files in the
// Maildir only, or remove the lock beside the mbox, and starts no program. From Linux
// 6.7 on it cannot use TCP, from 6.12 on no abstract socket. Where the kernel cannot
// do so (Linux before 5.19, or without Landlock) nothing is confined.
//
// There is no way back: the goroutine that has delivered stays confined, with the
// thread it runs in.
type Confine int

const (
	// ConfineShared confines where the address chooses the mailbox: one user then
	// has the right to write to those of many.
	ConfineShared Confine = iota
	ConfineAlways
	// ConfineNever is for who wants to start programs after the delivery.
	ConfineNever
)

// wanted tells whether a delivery to a template is to be confined.
func (c Confine) wanted(at Template) bool {
	return c == ConfineAlways || c == ConfineShared && len(at.below) > 0
}

// CanConfine reports whether the kernel can confine a delivery.
func CanConfine() bool { return confine.Version() >= confine.Enough }
