package agent

import (
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"

	"lastmile/delivery/dsn"
)

// protect sees to it that whatever happens to this process means "try again":
//
//   - A panic is recovered in [Process.Run]; a fatal error of the Go runtime cannot be,
//     and would exit 2, which Postfix bounces. It is made to die of SIGABRT,
//     which Postfix defers, without a core file of somebody's mail.
//   - SIGPIPE and SIGXFSZ become errors of the write that caused them.
//   - What is created is for its owner alone, whatever the caller's umask.
//
// It returns the signals that are to end a delivery. Alone says that no other
// program will be started before somebody else sees to signals (see watch): then
// all of them are ignored, which costs one system call each, but would be handed
// down to other programs.
func protect(alone bool) (heed []os.Signal) {
	debug.SetTraceback("crash")
	unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	for _, s := range [...]os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) { // the caller wants it so: nohup(1)
			heed = append(heed, s)
		}
	}
	if alone {
		signal.Ignore(append([]os.Signal{syscall.SIGPIPE, syscall.SIGXFSZ}, heed...)...)
	} else {
		survive()
	}
	unix.Umask(0o077)
	return heed
}

// survive makes errors of the signals SIGPIPE and SIGXFSZ, for this process only.
func survive() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE, syscall.SIGXFSZ) }

// crashed makes a deferral of a panic.
func crashed(v any) *dsn.Error {
	return &dsn.Error{
		Status: dsn.TempSystem,
		Text:   "internal software error",
		Err:    fmt.Errorf("panic: %v\n%s", v, debug.Stack()),
	}
}
