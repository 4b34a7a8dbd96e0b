package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// outsideCommand begins the command of README that names a clone of the module.
const outsideCommand = `^go mod edit .*`

// A program of another module uses the packages that are for others, by the commands
// that README names.
func TestOutside(t *testing.T) {
	t.Parallel()
	clone, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "main.go"), page(t, filepath.Join(clone, "testdata/outside/main.go")))
	// Nothing comes over the network: the modules have been needed for this test, and
	// their sums are those of ours.
	writeText(t, filepath.Join(dir, "go.sum"), page(t, filepath.Join(clone, "go.sum")))
	run := func(message, command string, words ...string) (string, int) {
		cmd := exec.Command(command, words...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(message)
		cmd.Env = append(os.Environ(), "GOPROXY=off", "GOWORK=off", "CGO_ENABLED=0")
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}

	add := strings.Fields(strings.ReplaceAll(recipe(t, outsideCommand), "CLONE", clone))
	for _, command := range [][]string{{"go", "mod", "init", "example.com/outside"}, add, {"go", "mod", "tidy"}, {"go", "build"}} {
		if out, status := run("", command[0], command[1:]...); status != 0 {
			t.Fatalf("%s: exit status %d, %s", strings.Join(command, " "), status, out)
		}
	}

	const to, message = "you@example.com", "Subject: x\n\nbody"
	maildir := filepath.Join(dir, "Maildir")
	if out, status := run(message, "./outside", to, maildir); status != 0 || !strings.HasPrefix(out, maildir+"/new/") {
		t.Fatalf("exit status %d, %s", status, out)
	}
	stored := string(e2eStored(t, maildir))
	if want := "Delivered-To: " + to + "\n" + message; stored != want {
		t.Errorf("stored %q, want %q", stored, want)
	}
	if out, status := run(stored, "./outside", to, maildir); status != 77 || out != "5.4.6 mail forwarding loop for you@example.com: line 1\n" {
		t.Errorf("the second pass: exit status %d, %s", status, out)
	}
	e2eStored(t, maildir)
}
