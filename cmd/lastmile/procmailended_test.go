package main

import (
	"os"
	"os/exec"
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
			for limit := time.Now().Add(time.Minute); exists(dir+"/started") == "none" && time.Now().Before(limit); {
				time.Sleep(10 * time.Millisecond)
			}
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
