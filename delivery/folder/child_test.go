package folder

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/maildir"
)

// TestMain lets the test binary be another process: what it then does stands in
// its environment.
func TestMain(m *testing.M) {
	if job := os.Getenv("FOLDER_TEST_JOB"); job != "" {
		os.Exit(child(job))
	}
	os.Exit(m.Run())
}

// child puts messages, or parts of one, into a folder:
//
//	mbox PATH N      N messages that name this process
//	mh PATH N, maildir PATH N
//	full PATH N      a message, where files can have no more than N bytes
//	kill-KIND PATH N a message of kind mbox, mh or msg, and death at step N
func child(job string) int {
	words := strings.Fields(job)
	path, n := words[1], 0
	n, _ = strconv.Atoi(words[2])
	switch words[0] {
	case "mbox", "mh", "maildir":
		for i := range n {
			if err := deliverOne(words[0], path, message(os.Getpid(), i)); err != nil {
				os.Stderr.WriteString(err.Error())
				return 1
			}
		}
		return 0
	case "full":
		signal.Ignore(syscall.SIGXFSZ)
		unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: uint64(n), Max: uint64(n)})
		err := deliverOne("mbox", path, strings.Repeat("x", 100_000))
		if !errors.Is(err, unix.EFBIG) {
			return 1
		}
		return 0
	}
	killAt(strings.TrimPrefix(words[0], "kill-"), path, n)
	return 1
}

// deliverOne delivers as a program would.
func deliverOne(kind, path, text string) error {
	if kind == "mbox" {
		m, err := Open(testContext, path, Options{Lock: quick})
		if err != nil {
			return err
		}
		q := NewQuoter(m)
		if _, err = q.Write([]byte(strings.TrimSuffix(text, "\n"))); err == nil { // End ends it with an empty line
			err = q.End()
		}
		if err != nil {
			m.Abort()
			return err
		}
		return m.Commit()
	}
	d, err := beginOne(kind, path)
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err = d.Write([]byte(text)); err == nil {
		if err = d.Sync(); err == nil {
			_, err = d.Place()
		}
	}
	return err
}

// beginOne begins a delivery into a directory.
func beginOne(kind, path string) (interface {
	io.Writer
	Sync() error
	Place() (string, error)
	Close()
}, error) {
	if kind == "mh" {
		return Numbered(path, DirOptions{})
	}
	box, err := maildir.Open(maildir.Location{Trusted: path}, maildir.Options{Create: true, FollowLink: true})
	if err != nil {
		return nil, err
	}
	return box.Create()
}

// killAt dies after a number of steps of a delivery.
func killAt(kind, path string, steps int) {
	step := func() {
		if steps--; steps < 0 {
			unix.Kill(os.Getpid(), unix.SIGKILL)
			time.Sleep(time.Minute)
		}
	}
	if kind == "mbox" {
		step()
		m, _ := Open(testContext, path, Options{Lock: quick})
		step()
		m.Write([]byte("From half"))
		step()
		m.Write([]byte(" of a\n\nmessage"))
		step()
		m.Sync()
		step()
		return
	}
	begin := func() (*Delivery, error) { return Numbered(path, DirOptions{}) }
	if kind == "msg" {
		begin = func() (*Delivery, error) { return Msg(path, "msg.", DirOptions{}) }
	}
	step()
	d, _ := begin()
	step()
	d.Write([]byte("half"))
	step()
	d.Write([]byte("half"))
	step()
	d.Sync()
	step()
}

// job runs the test binary as another process.
func job(t testing.TB, words string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "FOLDER_TEST_JOB="+words)
	return cmd
}

// asNobody runs one test again as a user without rights.
func asNobody(t *testing.T, name string) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "folder-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/test", self, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir+"/test", 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(dir+"/test", "-test.run", "^"+name+"$", "-test.v")
	cmd.Dir = dir
	cmd.Env = []string{"TMPDIR=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+name) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}
