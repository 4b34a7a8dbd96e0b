package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"lastmile/cmd/lastmile/internal/lab"
)

// corpusLimit is how long lastmile may take for one small message on a busy
// machine; it does not take a hundredth of that.
const corpusLimit = 20 * time.Second

// corpusResult is what a caller sees of one run.
type corpusResult struct {
	exit           int // -1 if a signal ended it
	stdout, stderr string
}

// String is the result in one line: the exit status and all of the output.
func (r corpusResult) String() string {
	return fmt.Sprintf("exit %d %q", r.exit, r.stdout+r.stderr)
}

// corpusRun runs lastmile with a message on its standard input, and nothing in
// its environment: MAIL_CONFIG there would mean that Postfix is the caller.
func corpusRun(t *testing.T, message []byte, args ...string) corpusResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), corpusLimit)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, lab.Binary(t), args...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(message), &stdout, &stderr
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("lastmile %q: %v", args, err)
	}
	return corpusResult{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}
