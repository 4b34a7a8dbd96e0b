package lab

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built is the lastmile of this test process.
var built struct {
	once sync.Once
	dir  string
	path string
	err  error
}

// Binary builds lastmile, once per test process, the way it is released, and
// returns its path. Every user can run it: the peers call it as ordinary users.
// TestMain calls Cleanup to remove it.
func Binary(t testing.TB) string {
	t.Helper()
	built.once.Do(func() { built.err = build() })
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// Tool builds a program of this module that tests need, and returns its path.
func Tool(t testing.TB, pkg string) string {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), filepath.Base(pkg))
	cmd := exec.Command("go", "build", "-o", path, pkg)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// Named returns the path of the binary under another name, which it acts upon:
// procmail, formail, lockfile.
func Named(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(Binary(t)), name)
	if err := os.Symlink("lastmile", path); err != nil && !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
	return path
}

// Cleanup removes what Binary built.
func Cleanup() {
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
}

func build() error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	built.dir, err = publicDir("lastmile-bin-")
	if err != nil {
		return err
	}
	path := filepath.Join(built.dir, "lastmile")
	cmd := exec.Command("go", "build", "-tags", "urfave_cli_no_docs", "-trimpath", "-ldflags=-s -w", "-o", path, "./cmd/lastmile")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.New("go build: " + err.Error() + "\n" + string(out))
	}
	built.path = path
	return os.Chmod(path, 0o755)
}

// moduleRoot walks up from the working directory, which for a test is the
// directory of its package.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = up
	}
}

// publicDir makes a temporary directory that every user may enter. t.TempDir
// will not do: its parents are private to the caller on some machines, and
// paths of unix sockets, which Dovecot puts below, are limited to 108 bytes.
func publicDir(prefix string) (string, error) {
	dir, err := os.MkdirTemp("/tmp", prefix)
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

// Dir is publicDir for the length of a test.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := publicDir("lm-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// Data reads a file below testdata.
func Data(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(dataPath(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func dataPath(t testing.TB, name string) string {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "testdata", name)
}
