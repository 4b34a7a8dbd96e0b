package child

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// run runs a shell command on an input.
func run(t *testing.T, command, input string, started func(*Child) error) (Result, error) {
	t.Helper()
	stdin, err := os.CreateTemp(t.TempDir(), "stdin")
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if _, err := stdin.WriteString(input); err != nil {
		t.Fatal(err)
	}
	stdin.Seek(0, 0)
	if started == nil {
		started = func(*Child) error { return nil }
	}
	return Run([]string{"/bin/sh", "-c", command}, []string{"A=b", "PATH=" + Path}, stdin, started)
}

func TestRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		command, input string
		exit           int
		signal         syscall.Signal
		output         string
	}{
		"output of both streams": {"echo out; echo err >&2; exit 3", "", 3, 0, "out\nerr\n"},
		"reads its input":        {"cat; exit 3", "message", 3, 0, "message"},
		"exit status":            {"exit 75", "", 75, 0, ""},
		"signal":                 {"kill -9 $$", "", 0, syscall.SIGKILL, ""},
		"SIGPIPE is as usual":    {"kill -PIPE $$", "", 0, syscall.SIGPIPE, ""},
		"environment":            {"echo $A $HOME; exit 3", "", 3, 0, "b\n"},
		"much output":            {"head -c 100000 /dev/zero | tr '\\0' x; exit 3", "", 3, 0, strings.Repeat("x", maxOutput)},
		"own session":            {"test $(cut -d' ' -f6 /proc/$$/stat) = $$", "", 0, 0, ""},
		"only 0, 1 and 2":        {"ls /proc/$$/fd; exit 3", "", 3, 0, "0\n1\n2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := run(t, c.command, c.input, nil)
			if err != nil || r.Exit != c.exit || r.Signal != c.signal || string(r.Output) != c.output {
				t.Errorf("exit %d, signal %v, output %.50q, %v; want %d, %v, %.50q", r.Exit, r.Signal, r.Output, err, c.exit, c.signal, c.output)
			}
		})
	}
}

// A descriptor that our caller has left open stays ours.
func TestDescriptorsStay(t *testing.T) {
	leaked, err := unix.Open("/dev/null", unix.O_RDONLY, 0) // without O_CLOEXEC
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(leaked)
	r, err := run(t, "ls -l /proc/$$/fd; exit 3", "", nil)
	if err != nil || len(r.Output) == 0 || strings.Contains(string(r.Output), "/dev/null") {
		t.Errorf("the child has %s (%v)", r.Output, err)
	}
}

// What the child leaves behind with the output open is not waited for.
func TestLeftBehind(t *testing.T) {
	t.Parallel()
	for _, exit := range []int{0, 3} {
		start := time.Now()
		r, err := run(t, fmt.Sprintf("sleep 30 & exit %d", exit), "", nil)
		if err != nil || r.Exit != exit || time.Since(start) > 20*time.Second {
			t.Errorf("%+v, %v, after %v", r, err, time.Since(start))
		}
	}
}

func TestKill(t *testing.T) {
	t.Parallel()
	// Stopped, deaf to SIGTERM, with a child of its own.
	r, err := run(t, "trap '' TERM; sleep 30 & kill -STOP $$; wait", "", func(c *Child) error {
		time.AfterFunc(100*time.Millisecond, c.Kill)
		return nil
	})
	if err != nil || r.Signal != syscall.SIGKILL {
		t.Errorf("%+v, %v; want SIGKILL", r, err)
	}
}

func TestNotFound(t *testing.T) {
	for _, name := range []string{"", "no-such-command", "/no/such/command", "/dev/null"} {
		if c, err := Start([]string{name}, nil, nil); err == nil {
			c.Wait()
			t.Errorf("%q was started", name)
		}
	}
}
