//go:build amd64

package fault

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/cmd/lastmile/internal/lab"
)

const (
	// limit is after which time a delivery hangs. Waits of our own are up to
	// two seconds: for the output that a program left behind may still write.
	limit = 30 * time.Second
	// sweepMax is more calls than a delivery makes.
	sweepMax = 2000
)

// tally counts what came of the runs of one way.
type tally struct {
	runs, stored, deferred, killed, again atomic.Int64
}

func TestMain(m *testing.M) {
	status := m.Run()
	lab.Cleanup()
	os.Exit(status)
}

// Every system call of a delivery fails, in turn, for every reason that it can
// have, and the process is killed before and after each. Afterwards:
//
//   - exit 0 means that exactly one whole message is there, and on stable storage;
//   - otherwise the status is 75, or the process died of a signal, and nothing is
//     there: no part of a message that a reader sees, no file in tmp/, no lock;
//   - only what was killed may leave something: a lock, a file in tmp/, and in an
//     mbox the beginning of a message;
//   - the next try delivers; with --id it does not deliver again what is there.
//
// LASTMILE_FAULTS=all tries every errno of every call, once and for good; without it
// each call meets one of them, in turn, so that a run takes half a minute.
func TestFaults(t *testing.T) {
	lab.Binary(t)
	filter := lab.Tool(t, "./cmd/lastmile/internal/fault/filter")
	for _, way := range ways() {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			sweepFaults(t, filter, way)
		})
	}
}

func sweepFaults(t *testing.T, filter string, way way) {
	dir := t.TempDir()
	var tally tally
	calls := countCalls(t, filter, way, dir, &tally)
	plans := plansFor(calls)
	var wg sync.WaitGroup
	next := make(chan Plan)
	for range 2 {
		wg.Go(func() {
			for p := range next {
				runPlan(t, filter, way, dir, p, &tally)
			}
		})
	}
	for _, p := range plans {
		next <- p
	}
	close(next)
	wg.Wait()
	t.Logf("%d calls, %d runs: %d delivered, %d deferred, %d killed; stored although deferred or killed: %d",
		len(calls), tally.runs.Load(), tally.stored.Load(), tally.deferred.Load(), tally.killed.Load(), tally.again.Load())
}

// countCalls runs a delivery without a fault and returns its calls.
func countCalls(t *testing.T, filter string, way way, dir string, tally *tally) (calls []*Call) {
	t.Helper()
	r := runPlan(t, filter, way, dir, Plan{}, tally)
	if tally.stored.Load() != 1 || len(r.Calls) > sweepMax {
		t.Fatalf("without a fault: %v, %d calls, %q", r.Status, len(r.Calls), r.Output)
	}
	return r.Calls
}

// plansFor makes the plans: of the errnos that a call can have, without
// LASTMILE_FAULTS=all some only, but every one of them in turn.
func plansFor(calls []*Call) (plans []Plan) {
	all := os.Getenv("LASTMILE_FAULTS") == "all"
	seen := map[string]int{}
	for i, c := range calls {
		seen[c.Name]++
		for n := range c.Errnos {
			if all {
				plans = append(plans, Plan{At: i + 1, Fail: 1 + n}, Plan{At: i + 1, Fail: 1 + n, Sticky: true})
			}
		}
		if !all && len(c.Errnos) > 0 {
			plans = append(plans, Plan{At: i + 1, Fail: seen[c.Name], Sticky: seen[c.Name]%2 == 0})
		}
		plans = append(plans, Plan{At: i + 1, Signal: unix.SIGKILL})
		if all || seen[c.Name]%2 == 1 {
			plans = append(plans, Plan{At: i + 1, Signal: unix.SIGTERM})
		}
		if all || strings.Contains("write link create unlink fsync ftruncate rename mkdir", c.Name) {
			plans = append(plans, Plan{At: i + 1, Signal: unix.SIGKILL, When: After})
		}
	}
	return plans
}

// runPlan makes one delivery by a plan, and judges it.
func runPlan(t *testing.T, filter string, way way, dir string, p Plan, tally *tally) Result {
	s := way.scene(t, filter, dir)
	defer os.RemoveAll(s.dir)
	r, err := Run(s.cmd, p)
	if err != nil {
		t.Error(err)
		return r
	}
	tally.runs.Add(1)
	complain := func(format string, args ...any) {
		t.Errorf("%s: %s\n\tended with %d, signal %d: %q", describePlan(p, r), fmt.Sprintf(format, args...), r.Status.ExitStatus(), r.Status.Signal(), r.Output)
	}
	if r.Hung {
		complain("hangs")
		return r
	}
	// A fatal error of the Go runtime, which gets no memory or no thread, ends the
	// process as suddenly.
	killed := r.Status.Signaled() && (p.Signal == unix.SIGKILL || r.Status.Signal() == syscall.SIGABRT)
	// One of SIGTERM before the program has asked for anything else is slow: what goes
	// on meanwhile gets no further than to a lock, or a program that has been started.
	slow := r.Status.Signaled() && r.Status.Signal() == unix.SIGTERM
	f := s.look(t)
	if len(f.partial) > 0 && !((killed || slow) && way.cuts) {
		complain("partial: %q", f.partial)
	}
	stays := killed || slow || r.Errno != 0 && r.Hit.Name == "unlink" // what cannot be removed
	if !stays && len(f.litter)+len(f.locks) > 0 {
		complain("left behind: %q %q", f.litter, f.locks)
	}
	switch {
	case r.Status.Exited() && r.Status.ExitStatus() == 0:
		tally.stored.Add(1)
		if len(f.whole) != 1 {
			complain("%d messages, want 1", len(f.whole))
		} else if !way.other {
			if err := r.Disk.Durable(f.whole[0], s.dir); err != nil {
				complain("not on stable storage: %v", err)
			}
		}
		return r
	case killed:
		tally.killed.Add(1)
	case r.Status.Exited() && r.Status.ExitStatus() == 75, r.Status.Signaled() && p.Signal == unix.SIGTERM:
		tally.deferred.Add(1)
		if len(f.whole) != 0 && !way.other {
			complain("%d messages, want none", len(f.whole))
		}
	default:
		complain("wants 0, 75 or a death")
	}
	if len(f.whole) > 0 {
		tally.again.Add(1)
	}
	tryAgain(t, s, f, complain)
	return r
}

// tryAgain makes the next delivery, after a fault, which delivers.
func tryAgain(t *testing.T, s *scene, f found, complain func(format string, args ...any)) {
	for _, lock := range f.locks {
		os.Remove(lock) // what becomes of a stale lock in the end
	}
	if next, err := Run(s.cmd, Plan{}); err != nil || next.Status != 0 {
		complain("the next try: %v, exit status %d: %q", err, next.Status.ExitStatus(), next.Output)
	} else if again := s.look(t); len(again.whole) != len(f.whole)+1 && !(s.way.once && len(again.whole) == 1) {
		complain("after the next try: %d messages, there were %d", len(again.whole), len(f.whole))
	} else if s.way.once && len(again.whole) != 1 {
		complain("stored again: %d messages", len(again.whole))
	}
}

// describePlan says which fault it was.
func describePlan(p Plan, r Result) string {
	if p.At == 0 {
		return "without a fault"
	}
	what := "call " + fmt.Sprint(p.At)
	if r.Hit != nil {
		what += " " + r.Hit.String()
	}
	switch {
	case p.Fail != 0 && p.Sticky:
		return what + " and later ones fail: " + unix.ErrnoName(r.Errno)
	case p.Fail != 0:
		return what + " fails: " + unix.ErrnoName(r.Errno)
	case p.When == After:
		return unix.SignalName(p.Signal) + " after " + what
	}
	return unix.SignalName(p.Signal) + " before " + what
}
