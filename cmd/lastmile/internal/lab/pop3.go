package lab

import (
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"
)

// retrieve reads a whole POP3 box and deletes nothing.
func retrieve(t testing.TB, port int, user string) [][]byte {
	t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(toolLimit))
	c := textproto.NewConn(conn)
	ask := func(line string) string {
		t.Helper()
		if line != "" {
			if err := c.PrintfLine("%s", line); err != nil {
				t.Fatal(err)
			}
		}
		answer, err := c.ReadLine()
		if err != nil || !strings.HasPrefix(answer, "+OK") {
			t.Fatalf("POP3 %s: %q, %v", line, answer, err)
		}
		return answer
	}
	ask("")
	ask("USER " + user)
	ask("PASS " + password)
	fields := strings.Fields(ask("STAT"))
	count, err := strconv.Atoi(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	var messages [][]byte
	for i := range count {
		ask("RETR " + strconv.Itoa(i+1))
		messages = append(messages, readDots(t, c))
	}
	ask("QUIT")
	return messages
}

// readDots reads a multi-line answer without changing it. (textproto's own
// reader turns CRLF into LF, a lone CR before LF included.)
func readDots(t testing.TB, c *textproto.Conn) []byte {
	t.Helper()
	var msg []byte
	for {
		line, err := c.R.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		if string(line) == ".\r\n" {
			return msg
		}
		if line[0] == '.' {
			line = line[1:]
		}
		msg = append(msg, line...)
	}
}

// Wire returns a stored message as POP3 transmits it: CRLF for LF, and a line end
// at the end, which a message without one gets by the protocol.
func Wire(msg []byte) []byte {
	wire := make([]byte, 0, len(msg)+len(msg)/32+2)
	for i, b := range msg {
		if b == '\n' && (i == 0 || msg[i-1] != '\r') {
			wire = append(wire, '\r')
		}
		wire = append(wire, b)
	}
	if len(msg) > 0 && msg[len(msg)-1] != '\n' {
		wire = append(wire, '\r', '\n')
	}
	return wire
}
