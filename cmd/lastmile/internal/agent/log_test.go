package agent

import (
	"net"
	"path/filepath"
	"testing"
	"time"
)

// A daemon gets the line; one that does not read, or is not there, keeps nobody.
func TestSendTo(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "log")
	sendTo(socket, "to nobody")
	daemon, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket})
	if err != nil {
		t.Fatal(err)
	}
	defer daemon.Close()
	const line = "<22>Nov 25 15:00:00 lastmile[1]: recipient=you@example.com"
	sendTo(socket, line)
	daemon.SetReadDeadline(time.Now().Add(time.Minute))
	got := make([]byte, 100)
	if n, err := daemon.Read(got); err != nil || string(got[:n]) != line {
		t.Errorf("the daemon got %q (%v), want %q", got[:n], err, line)
	}

	// Linux queues a few (net.unix.max_dgram_qlen); then each waits.
	full := make(chan bool)
	go func() {
		defer close(full)
		start := time.Now()
		for time.Since(start) < logPatience/2 {
			sendTo(socket, line)
		}
	}()
	select {
	case <-full:
	case <-time.After(time.Minute):
		t.Error("it waits for ever for a daemon that does not read")
	}
}
