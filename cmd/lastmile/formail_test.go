package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// The command passes every argument on, those too that the library of the
// command line has a meaning for, and formail's exit status back.
func TestFormailCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args   string
		status int
		stdout string
	}{
		{"-x Subject:", 0, " x\n"},
		{"-I Subject: -f", 0, "To: y\n\nbody\n\n"},
		{"-h", 64, ""},
		{"--help", 64, ""},
		{"help", 64, ""},
		{"h", 64, ""},
		{"--", 64, ""},
		{"-X To: -s cat -- -", 0, "To: y\n"},
		{"-rxTo:", 67, " foo@bar\n"},
	} {
		for _, name := range [][]string{{"lastmile", "formail"}, {"/usr/bin/formail"}} {
			if tt.args == "--help" && len(name) > 1 {
				continue // asks for the help of a command
			}
			var stdout, stderr bytes.Buffer
			status := run(append(name, strings.Fields(tt.args)...), strings.NewReader("Subject: x\nTo: y\n\nbody\n"), &stdout, &stderr)
			if status != tt.status || stdout.String() != tt.stdout {
				t.Errorf("%s %s: status %d, %q, %q", name, tt.args, status, stdout.String(), stderr.String())
			}
		}
	}
}

// Standard output that cannot be written is no success.
func TestFormailFullDisk(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	if status := formailMain([]string{"-f"}, strings.NewReader("Subject: x\n"), full, &bytes.Buffer{}); status != exitIOErr {
		t.Errorf("status %d", status)
	}
}
