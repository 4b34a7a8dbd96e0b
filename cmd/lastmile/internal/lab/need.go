package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// programDirs are searched after PATH: servers and helpers that no user calls.
var programDirs = []string{"/usr/sbin", "/sbin", "/usr/lib/postfix/sbin", "/usr/libexec/postfix", "/usr/lib/dovecot", "/usr/libexec/dovecot"}

// Need skips the test unless it runs as root and every program is installed.
// With REQUIRE_PEERS=1 in the environment it fails instead, so that a CI run
// cannot pass by skipping.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	var missing []string
	for _, name := range programs {
		if Find(name) == "" {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) > 0:
		lack(t, "not installed: "+strings.Join(missing, ", "))
	case os.Getuid() != 0:
		lack(t, "needs root: the peers switch user ids")
	}
}

// NeedMounts is Need for mount namespaces, which a root that is no mount point does
// not have.
func NeedMounts(t testing.TB) {
	t.Helper()
	if err := exec.Command("unshare", "-m", "true").Run(); err != nil {
		lack(t, "no mount namespaces: "+err.Error())
	}
}

// NeedTerminals is Need for pseudo-terminals, which a root without devpts does not
// have.
func NeedTerminals(t testing.TB) {
	t.Helper()
	for _, path := range []string{"/dev/ptmx", "/dev/pts"} {
		f, err := os.Open(path)
		if err != nil {
			lack(t, "no pseudo-terminals: "+err.Error())
		}
		f.Close()
	}
}

// lack ends the test because something it needs is not here.
func lack(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("REQUIRE_PEERS") == "1" {
		t.Fatal("REQUIRE_PEERS=1, but " + reason)
	}
	t.Skip(reason)
}

// Find returns the path of a program, "" if there is none.
func Find(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range programDirs {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}
