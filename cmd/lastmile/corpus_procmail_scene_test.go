package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pmHolder is a process that keeps the mount namespace of a case until its
// standard input ends, at the latest when the test process does.
type pmHolder struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

// pmHold lays the case's /etc over the real one, puts its spool where mail is, and
// mounts its small file systems.
const pmHold = `set -e
cd "$1"
if [ -d etc ]; then
	mount -t tmpfs tmpfs work
	mkdir work/upper work/work
	cp -a etc/. work/upper/
	mount -t overlay -o lowerdir=/etc,upperdir=work/upper,workdir=work/work overlay /etc
fi
if [ -d h/spool ]; then mount --bind h/spool /var/mail; fi
while read -r size dir owner; do
	mkdir -p "h/$dir"
	mount -t tmpfs -o "size=$size,mode=0755,$owner" tmpfs "h/$dir"
done <tmpfs
echo ready
exec cat
`

// fillSystem prepares what isolate mounts.
func (s *pmSandbox) fillSystem() error {
	if !s.c.isolated() {
		return nil
	}
	var tmpfs strings.Builder
	for _, t := range s.c.tmpfs {
		fmt.Fprintf(&tmpfs, "%s %s uid=%d,gid=%d\n", t[0], t[1], s.uid, s.gid)
	}
	if err := os.WriteFile(filepath.Join(s.base, "tmpfs"), []byte(tmpfs.String()), 0o600); err != nil {
		return err
	}
	if len(s.c.users) == 0 {
		return nil
	}
	passwd := "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
	groups := "root:x:0:\nmail:x:8:\nnogroup:x:65534:\n"
	for _, u := range s.c.users {
		passwd += fmt.Sprintf("%s:x:%d:%d::%s:/bin/sh\n", u.name, u.uid, u.gid, s.sub(u.home))
		groups += fmt.Sprintf("%s:x:%d:\n", u.name, u.gid)
		if u.home != "@HOME@/"+u.name { // a home of its own making, or none
			continue
		}
		dir := filepath.Join(s.home, u.name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.Chown(dir, u.uid, u.gid); err != nil {
			return err
		}
	}
	system := append([]pmFile{{path: "/etc/passwd", mode: 0o644, body: passwd}, {path: "/etc/group", mode: 0o644, body: groups}}, s.c.rootFiles...)
	for _, f := range system {
		if err := s.put(s.base, f); err != nil {
			return err
		}
	}
	if err := os.Mkdir(filepath.Join(s.base, "work"), 0o755); err != nil {
		return err
	}
	return s.fillSpool()
}

// fillSpool makes the spool of the case: by default one like Debian's.
func (s *pmSandbox) fillSpool() error {
	spool := filepath.Join(s.home, "spool")
	if err := os.Mkdir(spool, 0o755); err != nil {
		return err
	}
	mode, owner := uint64(0o2775), "root:mail"
	if f := strings.Fields(s.c.sections["spooldir"]); len(f) > 0 {
		var err error
		if mode, err = strconv.ParseUint(f[0], 8, 32); err != nil {
			return err
		}
		if len(f) > 1 {
			owner = f[1]
		}
	}
	if err := s.chown(spool, owner); err != nil {
		return err
	}
	if err := os.Chmod(spool, unixMode(mode)); err != nil {
		return err
	}
	for _, f := range s.c.spool {
		if f.owner == "" {
			f.owner = f.path + ":mail"
		}
		if err := s.put(spool, f); err != nil {
			return err
		}
	}
	return nil
}

// lookup finds an account of the case.
func (s *pmSandbox) lookup(name string) (pmUser, error) {
	for _, u := range s.c.users {
		if u.name == name {
			return u, nil
		}
	}
	if name == "root" {
		return pmUser{name: "root"}, nil
	}
	return pmUser{}, fmt.Errorf("no such user in the case: %q", name)
}

// chown takes USER or USER:GROUP.
func (s *pmSandbox) chown(path, owner string) error {
	name, group, _ := strings.Cut(owner, ":")
	u, err := s.lookup(name)
	if err != nil {
		return err
	}
	switch group {
	case "":
	case "mail":
		u.gid = pmMailGroup
	default:
		g, err := s.lookup(group)
		if err != nil {
			return err
		}
		u.gid = g.gid
	}
	return os.Chown(path, u.uid, u.gid)
}

// isolate starts the holder of a mount namespace.
func (s *pmSandbox) isolate() (*pmHolder, error) {
	cmd := exec.Command("unshare", "-m", "/bin/sh", "-c", pmHold, "sh", s.base)
	var messages bytes.Buffer
	cmd.Stderr = &messages
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	h := &pmHolder{cmd, stdin}
	if line, _ := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		h.close()
		return nil, fmt.Errorf("%w: %s", errNoNamespace, messages.String())
	}
	return h, nil
}

func (h *pmHolder) close() {
	h.stdin.Close()
	h.cmd.Wait()
}

// enter goes before a program that is to run in the namespace, in a directory there.
// The root is named because a namespace is entered at its own: in a chroot that is the
// one of the system around it.
func (h *pmHolder) enter(dir string) []string {
	return []string{"nsenter", fmt.Sprintf("--mount=/proc/%d/ns/mnt", h.cmd.Process.Pid),
		"--root=" + h.root(), "--wd=" + h.root() + dir, "--"}
}

func (h *pmHolder) root() string { return fmt.Sprintf("/proc/%d/root", h.cmd.Process.Pid) }

// sendSignals sends the signals of the case to a process, one after the other; a
// file is waited for, and then a little longer, for a program that has told of
// itself may not yet be where the case wants it. The function that it returns ends
// the sending.
func (s *pmSandbox) sendSignals(pid int) (stop func()) {
	done, over := make(chan struct{}), make(chan struct{})
	sleep := func(d time.Duration) bool {
		select {
		case <-done:
			return false
		case <-time.After(d):
			return true
		}
	}
	go func() {
		defer close(over)
		for _, sig := range s.c.signals {
			if !sleep(sig.after) {
				return
			}
			for sig.when != "" {
				if _, err := os.Lstat(filepath.Join(s.view(), sig.when)); err == nil {
					break
				}
				if !sleep(10 * time.Millisecond) {
					return
				}
			}
			if sig.when != "" && !sleep(200*time.Millisecond) {
				return
			}
			unix.Kill(pid, unix.SignalNum("SIG"+sig.name))
		}
	}()
	return func() { close(done); <-over }
}

// endSession waits for the processes of a session, and kills those that stay.
func endSession(sid int) {
	end := time.Now().Add(pmStragglers)
	for {
		left := sessionProcesses(sid)
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			for _, pid := range left {
				unix.Kill(pid, unix.SIGKILL)
			}
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func sessionProcesses(sid int) []int {
	var found []int
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		data, err := os.ReadFile("/proc/" + name + "/stat")
		if err != nil {
			continue
		}
		// The name of the program, which may hold anything, is in parentheses.
		f := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
		if len(f) > 3 && f[0] != "Z" && f[3] == strconv.Itoa(sid) {
			found = append(found, pid)
		}
	}
	return found
}

// pmComsat is where biff would listen.
type pmComsat struct{ conn *net.UDPConn }

func listenComsat() (*pmComsat, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	return &pmComsat{conn}, err
}

func (c *pmComsat) port() string {
	return strconv.Itoa(c.conn.LocalAddr().(*net.UDPAddr).Port)
}

func (c *pmComsat) close() { c.conn.Close() }

// received returns what has come; the sender is through, so nothing is on its way.
func (c *pmComsat) received() []string {
	var got []string
	buf := make([]byte, 2048)
	for {
		c.conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		n, err := c.conn.Read(buf)
		if err != nil {
			return got
		}
		got = append(got, string(buf[:n]))
	}
}
