package folder

import (
	"context"

	"lastmile/delivery/internal/lockfile"
)

// A lock file by itself, for what is not below delivery: the program
// lockfile(1). See package lockfile for all of it.
type (
	Lock        = lockfile.Lock
	LockOptions = lockfile.Options
	LockEvent   = lockfile.Event
)

// The kinds of a LockEvent, and the errors and defaults of package lockfile.
const (
	LockHeld   = lockfile.Held
	LockForced = lockfile.Forced
	LockDenied = lockfile.Denied

	LockSleep   = lockfile.DefaultSleep
	LockSuspend = lockfile.DefaultSuspend
)

// DotLock makes a lock file: [lockfile.Acquire].
func DotLock(ctx context.Context, path string, o LockOptions) (*Lock, error) {
	return lockfile.Acquire(ctx, path, o)
}
