package delivery

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// How a program that an rcfile runs ends: by itself, because its time is up, or because
// the delivery is given up.

const (
	// killAfter is how long a program has to end after SIGTERM, before SIGKILL.
	killAfter = 10 * time.Second
	// abandonAfter is the same for a program that has a part of the message only when
	// the delivery is given up. We end then, and it is not to see the end of the pipe,
	// which it would take for that of the message.
	abandonAfter = time.Second
)

// watch ends the program when its time is up, or the delivery is given up.
func (r *running) watch() {
	if !r.h.begin(r.abandon) {
		r.abandon()
	}
	r.h.control.OnAlarm(r.expire)
	if r.p.Timeout > 0 {
		r.timer = time.AfterFunc(r.p.Timeout, r.expire)
	}
}

// release lets the program have all the time it wants.
func (r *running) release() {
	if r.timer != nil {
		r.timer.Stop()
	}
	r.h.control.OnAlarm(nil)
	r.mu.Lock()
	r.released = true
	r.mu.Unlock()
}

// expire ends the program because its time is up. Whoever waits for it goes on
// only afterwards.
func (r *running) expire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reaped || r.released || r.timedOut {
		return
	}
	r.timedOut = true
	r.p.TimedOut(true)
	r.terminate()
	if r.output != nil {
		r.output.SetReadDeadline(time.Now().Add(killAfter + outputAfter))
	}
}

// end tells the program to end, and what it has started, and makes sure of it.
func (r *running) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.terminate()
}

// isFed notes that the program has all of its input, or wants no more.
func (r *running) isFed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fed = true; !r.abandoned {
		close(r.settled)
	}
}

// abandon is end for when our end of the pipe is about to close: it returns when no
// program can take a part of the message for all of it.
func (r *running) abandon() {
	r.mu.Lock()
	if !r.fed && !r.abandoned {
		r.abandoned = true
		close(r.settled)
	}
	abandoned := r.abandoned
	r.terminate()
	r.mu.Unlock()
	if !abandoned {
		return
	}
	select {
	case <-r.gone:
	case <-time.After(abandonAfter):
		r.mu.Lock()
		defer r.mu.Unlock()
		r.signal(unix.SIGKILL)
	}
}

// terminate is end with the mutex held.
func (r *running) terminate() {
	r.signal(unix.SIGTERM)
	time.AfterFunc(killAfter, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.signal(unix.SIGKILL)
	})
}

// signal sends a signal to the program's process group, unless it has ended: the
// number may be another's then. The mutex is held.
func (r *running) signal(s syscall.Signal) {
	if !r.reaped {
		unix.Kill(-r.proc.Pid, s)
	}
}

// reap waits for the end of the program. What an abandoned one has started ends with
// it, for that may read the pipe as well: as long as the program is not waited for, its
// number stays that of its process group.
func (r *running) reap() {
	for unix.Waitid(unix.P_PID, r.proc.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	<-r.settled
	r.mu.Lock()
	if r.abandoned {
		r.signal(unix.SIGKILL)
	}
	state, _ := r.proc.Wait()
	r.reaped = true
	r.mu.Unlock()
	close(r.gone)
	r.ended <- state
}
