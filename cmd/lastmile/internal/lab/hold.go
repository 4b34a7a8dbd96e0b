package lab

import (
	"bufio"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	startLimit = 30 * time.Second // a server is ready after this, or the test fails
	stopLimit  = 20 * time.Second // after this its supervisor is killed
)

// hold starts a supervisor which prints "ready" when its server is up and stops
// the server when its standard input ends: at the end of the test or, should
// the test process die, at that moment.
func hold(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var messages strings.Builder
	cmd.Stderr = &messages
	// A server that outlives its supervisor may keep stderr open.
	cmd.WaitDelay = time.Second
	// Own session: an interrupt at the terminal ends the test, not its servers' supervisor.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := func() {
		stdin.Close()
		timer := time.AfterFunc(stopLimit, func() { cmd.Process.Kill() })
		defer timer.Stop()
		cmd.Wait()
	}
	t.Cleanup(stop)
	if !readLine(stdout, "ready\n") {
		stop()
		t.Fatalf("%s is not ready: %s", strings.Join(cmd.Args, " "), messages.String())
	}
}

// readLine says whether the first line of r is the wanted one and comes in time.
func readLine(r io.Reader, want string) bool {
	line := make(chan string, 1)
	go func() {
		got, _ := bufio.NewReader(r).ReadString('\n')
		line <- got
	}()
	select {
	case got := <-line:
		return got == want
	case <-time.After(startLimit):
		return false
	}
}

// freePort returns a port of the loopback interface that nobody listens on. It
// is below the ports that the kernel gives to outgoing connections, so that none of
// those takes it before the server does.
func freePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 12000 + rand.IntN(20000)
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no free port on 127.0.0.1")
	return 0
}

// waitFor polls until the condition holds; it says whether it came to hold.
func waitFor(limit time.Duration, condition func() bool) bool {
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		if condition() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}
