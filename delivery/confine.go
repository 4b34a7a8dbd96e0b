package delivery

import "lastmile/delivery/internal/confine"

// Confine says when a delivery to a mailbox is confined: once the mailbox is open,
// the thread that delivers can write, make, rename and remove files in it only, start
// no program, and connect neither by TCP nor to an abstract socket. Where the kernel
// cannot do so (Linux before 5.19, or without Landlock) nothing is confined.
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
