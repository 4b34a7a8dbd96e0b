package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lastmile/cmd/lastmile/internal/lab"
)

// A program that has a part of the message when the delivery is given up does not see
// the end of the pipe, even if it ignores SIGTERM, or its shell does not: it would
// take the part for the message.
func TestGivenUpProgramTakesNoPart(t *testing.T) {
	t.Parallel()
	const takes = "touch started; while test ! -e go; do sleep 0.1; done; cat >/dev/null; touch taken"
	for name, action := range map[string]string{
		"ignores it":   "trap '' TERM; " + takes,
		"its shell":    "sh -c \"trap '' TERM; " + takes + "\" || exit 75",
		"without TERM": takes,
		"left behind":  "exec 3<&0; sh -c \"trap '' TERM; " + takes + "\" <&3 &",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeText(t, dir+"/rc", "SHELL=/bin/sh\nMAILDIR="+dir+"\n\n:0 w\n| "+action+"\n")
			cmd := exec.Command(lab.Named(t, "procmail"), "-m", dir+"/rc")
			cmd.Stdin = strings.NewReader("Subject: test\n\n" + strings.Repeat("body\n", 100_000))
			said, err := os.Create(dir + "/said") // not a pipe: the program might hold that open
			if err != nil {
				t.Fatal(err)
			}
			defer said.Close()
			cmd.Stderr = said
			t.Cleanup(func() { writeText(t, dir+"/go", "") })
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			appears(t, dir+"/started")
			cmd.Process.Signal(syscall.SIGTERM)
			cmd.Wait()
			text, _ := os.ReadFile(said.Name())
			if status := cmd.ProcessState.ExitCode(); status != 75 || !strings.Contains(string(text), "4.3.0 ended by signal 15") {
				t.Errorf("exit status %d: %s", status, text)
			}
			writeText(t, dir+"/go", "")
			time.Sleep(500 * time.Millisecond) // for who could take it
			if exists(dir+"/taken") != "none" {
				t.Error("a part of the message was taken")
			}
		})
	}
}

// A signal that comes when the message is delivered, while TRAP runs, changes nothing:
// the exit status is the one that the rcfile has chosen.
func TestSignalInTrap(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"of its own": 0, "chosen": 67} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exitCode := ""
			if want != 0 {
				exitCode = fmt.Sprintf("EXITCODE=%d\n", want)
			}
			dir := t.TempDir()
			writeText(t, dir+"/rc", "SHELL=/bin/sh\nMAILDIR="+dir+"\n"+exitCode+"TRAP='touch trapped; while test ! -e go; do sleep 0.1; done'\n\n:0\nbox/\n")
			cmd := exec.Command(lab.Named(t, "procmail"), "-m", dir+"/rc")
			cmd.Stdin = strings.NewReader("Subject: test\n\nbody\n")
			var said strings.Builder
			cmd.Stderr = &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			appears(t, dir+"/trapped")
			cmd.Process.Signal(syscall.SIGTERM)
			time.Sleep(200 * time.Millisecond) // for the signal to be heeded
			writeText(t, dir+"/go", "")
			cmd.Wait()
			stored, _ := filepath.Glob(dir + "/box/new/*")
			if status := cmd.ProcessState.ExitCode(); status != want || len(stored) != 1 {
				t.Errorf("exit status %d, want %d; %d messages; %s", status, want, len(stored), said.String())
			}
		})
	}
}

// appears waits for a file.
func appears(t *testing.T, path string) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); exists(path) == "none"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s does not appear", path)
		}
	}
}
