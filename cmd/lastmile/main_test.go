package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/cmd/lastmile/internal/lab"
	"lastmile/delivery/stamp"
)

// TestMain makes the commands that the scripts run from this test binary: the
// program itself, and the program with a fault in the middle of a delivery.
func TestMain(m *testing.M) {
	keyed := func() {
		if keyless() {
			agent.TestOnlyMachineID = "/proc/sys/kernel/random/boot_id"
		}
		main()
	}
	testscript.Main(cleaning{m}, map[string]func(){
		"lastmile":       keyed, // but package early delivers before
		"lastmile-keyed": keyed,
		"lastmile-panic": func() {
			agent.TestOnlyBeforeDelivery = func() { panic("made by a test") }
			main()
		},
		"lastmile-nomachine": func() {
			agent.TestOnlyMachineID = "/nonexistent/machine-id"
			main()
		},
		"lastmile-fatal": func() {
			agent.TestOnlyBeforeDelivery = overflowStack
			main()
		},
	})
}

// keyless reports whether this machine gives no key for --trust own: an empty root has
// no /etc/machine-id, or nothing in it.
func keyless() bool {
	_, err := stamp.Machine(agent.TestOnlyMachineID)
	return err != nil
}

// cleaning removes what package lab has built once the tests have run.
type cleaning struct{ m *testing.M }

func (c cleaning) Run() int {
	defer lab.Cleanup()
	// Under nohup(1), or in the background of a script, signals are ignored, and so
	// would be by the programs that tests send them to. What is caught is not
	// inherited.
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
	return c.m.Run()
}

// inThisProcess returns a program that writes to out.
func inThisProcess(stdin io.Reader, out io.Writer) *program {
	return &program{agent.New(stdin, out, out, nil)}
}

// overflowStack ends in a fatal error of the Go runtime, which no recover
// catches.
func overflowStack() {
	var f func(int) int
	f = func(n int) int { return f(n+1) + f(n+2) }
	f(0)
}

// TestScripts runs the promises of the command line, a file for each.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=50") // not a second at the end of each program
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"stored": stored,
			"absent": absent,
		},
	})
}

// exits runs a command and compares its exit status, a number or the name of
// the signal that killed it: exits 77 lastmile deliver …
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS command [arg…]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = strconv.Itoa(exit.ExitCode())
		if s := exit.Sys().(syscall.WaitStatus); s.Signaled() {
			got = s.Signal().String()
		}
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if want := strings.ReplaceAll(args[0], "_", " "); got != want {
		ts.Fatalf("exit status %s, want %s", got, want)
	}
}

// stored asserts that a Maildir holds one message and nothing else, with the
// mode and the size in the name that it must have, and copies it to a file:
// stored Maildir message.
func stored(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: stored MAILDIR FILE")
	}
	dir := ts.MkAbs(args[0])
	files := list(ts, dir, "new")
	if rest := append(list(ts, dir, "tmp"), list(ts, dir, "cur")...); len(files) != 1 || len(rest) > 0 {
		ts.Fatalf("%s: want one message in new/, found %q there and %q in tmp/ and cur/", args[0], files, rest)
	}
	info, err := os.Lstat(files[0])
	ts.Check(err)
	if info.Mode() != 0o600 {
		ts.Fatalf("%s: mode %v, want 0600", files[0], info.Mode())
	}
	if want := ",S=" + strconv.FormatInt(info.Size(), 10); !strings.HasSuffix(files[0], want) {
		ts.Fatalf("%s: the name does not end in %s", files[0], want)
	}
	message, err := os.ReadFile(files[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), message, 0o600))
}

// absent asserts that Maildirs hold nothing, or do not exist.
func absent(ts *testscript.TestScript, neg bool, args []string) {
	for _, dir := range args {
		for _, sub := range []string{"new", "cur", "tmp"} {
			if files := list(ts, ts.MkAbs(dir), sub); len(files) > 0 {
				ts.Fatalf("there is %q", files)
			}
		}
	}
}

// list returns the paths of the files in a directory that may be missing.
func list(ts *testscript.TestScript, dir, sub string) []string {
	entries, err := os.ReadDir(filepath.Join(dir, sub))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		ts.Fatalf("%v", err)
	}
	var paths []string
	for _, e := range entries {
		paths = append(paths, filepath.Join(dir, sub, e.Name()))
	}
	return paths
}
