package main

import (
	"debug/elf"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

// The way of imports: down only, never sideways. What is not in the table may
// import nothing of the module.
var mayImport = map[string][]string{
	"lastmile/cmd/lastmile":                {"lastmile/cmd/lastmile/internal/agent", "lastmile/cmd/lastmile/internal/doctor", "lastmile/cmd/lastmile/internal/early", "lastmile/cmd/lastmile/internal/formail", "lastmile/delivery", "lastmile/delivery/dsn", "lastmile/delivery/folder", "lastmile/delivery/message", "lastmile/delivery/procmailrc", "lastmile/delivery/procmailrc/lint", "lastmile/delivery/stamp", "lastmile/loopcheck"},
	"lastmile/cmd/lastmile/internal/early": {"lastmile/cmd/lastmile/internal/agent", "lastmile/delivery/message"},
	"lastmile/cmd/lastmile/internal/agent": {"lastmile/delivery", "lastmile/delivery/dsn", "lastmile/delivery/message", "lastmile/delivery/procmailrc", "lastmile/delivery/stamp", "lastmile/loopcheck", "lastmile/maildir"},
	"lastmile/delivery":                    {"lastmile/delivery/dsn", "lastmile/delivery/folder", "lastmile/delivery/internal/child", "lastmile/delivery/internal/confine", "lastmile/delivery/internal/lockfile", "lastmile/delivery/message", "lastmile/delivery/procmailrc", "lastmile/delivery/stamp", "lastmile/loopcheck", "lastmile/maildir", "lastmile/maildir/durable"},
	"lastmile/delivery/procmailrc":         {"lastmile/delivery/procmailrc/pattern"},
	"lastmile/delivery/procmailrc/lint":    {"lastmile/delivery/procmailrc"},
	"lastmile/delivery/folder":             {"lastmile/delivery/internal/lockfile", "lastmile/maildir", "lastmile/maildir/durable"},
	"lastmile/delivery/internal/lockfile":  {"lastmile/maildir/durable"},
	"lastmile/maildir":                     {"lastmile/maildir/durable"},
}

// Each of the libraries has its place.
var onlyIn = map[string][]string{
	"github.com/urfave/cli":           {"lastmile/cmd/lastmile"},
	"github.com/emersion/go-message":  {"lastmile/delivery/dsn", "lastmile/delivery/message"},
	"github.com/emersion/go-maildir":  {"lastmile/maildir"},
	"golang.org/x/text":               {"lastmile/loopcheck"},
	"golang.org/x/net":                {"lastmile/loopcheck"},
	"github.com/rogpeppe/go-internal": {},
	// The system calls of landlock(7), and the filter of the tracer that tests use.
	"unsafe": {"lastmile/delivery/internal/confine", "lastmile/cmd/lastmile/internal/fault/filter"},
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "lastmile/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg, imports := fields[0], fields[1:]
		for _, imported := range imports {
			if strings.HasPrefix(imported, "lastmile/") && !slices.Contains(mayImport[pkg], imported) {
				t.Errorf("%s imports %s", pkg, imported)
			}
			for library, places := range onlyIn {
				if strings.HasPrefix(imported, library) && !slices.Contains(places, pkg) {
					t.Errorf("%s imports %s", pkg, imported)
				}
			}
		}
	}
}

// Start-up counts, a process for each message: what no delivery needs may not
// come in through some library.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-tags", "urfave_cli_no_docs", "lastmile/cmd/lastmile").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, dep := range strings.Fields(string(out)) {
		switch dep {
		case "net/http", "crypto/tls", "os/user", "log/syslog", "C":
			t.Errorf("%s is linked into lastmile", dep)
		}
	}
}

// The binary needs nothing of the machine but the kernel.
func TestStatic(t *testing.T) {
	f, err := elf.Open(lab.Binary(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("it has a %v segment", p.Type)
		}
	}
}
