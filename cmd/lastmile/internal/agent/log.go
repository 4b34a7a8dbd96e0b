package agent

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"golang.org/x/sys/unix"

	"lastmile/delivery"
	"lastmile/delivery/dsn"
)

const (
	// devLog is where a syslog daemon listens on Linux.
	devLog = "/dev/log"
	// mailInfo and mailWarning are the priorities of the lines: facility mail
	// (2), severity info (6) and warning (4) of RFC 3164.
	mailInfo    = 2<<3 | 6
	mailWarning = 2<<3 | 4
	// logPatience is how long a log may keep the process: log/syslog would
	// wait for ever for a daemon that does not read.
	logPatience = time.Second
)

// log writes one line per message. It is written after everything else is done
// and said, and nothing that goes wrong with it changes the outcome.
type log struct {
	target string
	json   bool
	stderr io.Writer
	file   atomic.Pointer[os.File] // a target that is one, when it is open
}

// newLog reads the options of the log.
func (p *Process) newLog(a *Arguments) (*log, error) {
	asJSON, err := choose(a, "log-format", word[bool]{"text", false}, word[bool]{"json", true})
	if err != nil {
		return nil, err
	}
	l := p.systemLog()
	l.json = asJSON
	if a.IsSet("log") {
		if l.target = a.Text("log"); l.target == "" {
			return nil, dsn.Config("--log names no target")
		}
	}
	return l, nil
}

// open opens a target that is a file: before the delivery, which may confine its
// thread to the mailbox, but under its time limit, since a file system may hang. If it
// cannot be opened, nothing is written.
func (l *log) open() {
	switch l.target {
	case "none", "stderr", "syslog":
		return
	}
	if f, err := os.OpenFile(l.target, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NONBLOCK, 0o600); err == nil {
		l.file.Store(f)
	}
}

// systemLog returns the log that lines go to if nobody says otherwise: syslog, if
// there is one.
func (p *Process) systemLog() *log {
	l := &log{target: "none", stderr: p.report.w}
	if unix.Access(devLog, unix.F_OK) == nil {
		l.target = "syslog"
	}
	return l
}

// ownTime reports whether the line is to say when it was written: syslog does
// that itself, and who reads standard error knows.
func (l *log) ownTime() bool { return l.target != "syslog" && l.target != "stderr" }

// pair is one key of the line with its value.
type pair struct {
	key   string
	value any
}

// delivery writes the line of one message.
func (l *log) delivery(env *delivery.Envelope, dryRun bool, r delivery.Receipt, err error, took time.Duration) {
	if l.target == "none" {
		return
	}
	status, priority := "2.0.0", mailInfo
	if err != nil {
		status, priority = dsn.Of(err).Status.String(), mailWarning
	}
	if r.Refusal != nil {
		status = r.Refusal.Status.String()
	}
	sender := env.Sender
	if sender == "" {
		sender = "<>"
	}
	if !env.HasSender {
		sender = ""
	}
	line := []pair{
		{"recipient", env.Recipient}, {"sender", sender}, {"message-id", r.MessageID}, {"size", r.Size},
		{"verdict", r.Verdict.String()}, {"status", status}, {"where", r.Where}, {"duration", took.Round(time.Microsecond).String()},
	}
	if dryRun {
		line = append(line, pair{"dry-run", true})
	}
	if s := r.Verdict.Stamp; s != nil {
		line = append(line, pair{"loop-line", s.Line})
	}
	if s := r.Verdict.Foreign; s != nil {
		line = append(line, pair{"foreign-stamp-line", s.Line})
	}
	if r.Refusal != nil {
		line = append(line, pair{"given-back", true}, pair{"text", r.Refusal.Text})
	}
	if err != nil {
		e := dsn.Of(err)
		line = append(line, pair{"text", e.Text})
		if e.Err != nil {
			line = append(line, pair{"cause", e.Err.Error()})
		}
	}
	if l.ownTime() {
		line = append([]pair{{"time", time.Now().Format(time.RFC3339)}}, line...)
	}
	l.write(priority, l.format(line))
}

// format makes text of the line.
func (l *log) format(line []pair) string {
	var b strings.Builder
	for i, p := range line {
		switch {
		case l.json && i == 0:
			b.WriteByte('{')
		case l.json:
			b.WriteByte(',')
		case i > 0:
			b.WriteByte(' ')
		}
		if l.json {
			fmt.Fprintf(&b, "%q:%s", p.key, jsonValue(p.value))
			continue
		}
		b.WriteString(p.key + "=" + logValue(fmt.Sprint(p.value)))
	}
	if l.json {
		b.WriteByte('}')
	}
	return b.String()
}

// jsonValue is the value in JSON, without the escapes that only HTML wants.
func jsonValue(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "null"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// logValue quotes what would not be read back as one value.
func logValue(s string) string {
	odd := func(r rune) bool {
		return r == ' ' || r == '"' || r == '\\' || !unicode.IsPrint(r) || r == unicode.ReplacementChar
	}
	if strings.ContainsFunc(s, odd) {
		return strconv.Quote(s)
	}
	return s
}

// write sends the line to its target.
func (l *log) write(priority int, line string) {
	switch l.target {
	case "none":
	case "stderr":
		if priority == mailWarning {
			line = "\n" + line // the status line stands there without its end
		}
		io.WriteString(l.stderr, line+"\n")
	case "syslog":
		sendTo(devLog, fmt.Sprintf("<%d>%s lastmile[%d]: %s", priority, time.Now().Format(time.Stamp), os.Getpid(), line))
	default:
		f := l.file.Load()
		f.SetWriteDeadline(time.Now().Add(logPatience)) // of a FIFO that nobody empties
		io.WriteString(f, line+"\n")
	}
}

// sendTo sends a datagram to a daemon's socket, with the four system calls that
// it takes: package net sets itself up for them first, which is a fortieth of the
// time of a small message.
func sendTo(socket, line string) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	patience := unix.NsecToTimeval(logPatience.Nanoseconds())
	unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &patience)
	for unix.Sendto(fd, []byte(line), 0, &unix.SockaddrUnix{Name: socket}) == unix.EINTR {
	}
}
