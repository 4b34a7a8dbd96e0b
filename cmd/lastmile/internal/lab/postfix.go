package lab

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	drainLimit = 60 * time.Second // for a queue of a few messages on a busy machine
	toolLimit  = 30 * time.Second // sendmail, postlog, setpriv'd fetchers: anything a test waits for
	firstUID   = 20001            // of the test accounts
)

// PostfixConfig is what a test adds to the bare instance. In its texts @ROOT@
// stands for the directory of the instance, @LASTMILE@ for our binary, and
// @PROCMAIL@ for it under the name procmail.
type PostfixConfig struct {
	MainCF    string   // settings, replacing those of the same name
	MasterCF  string   // services; pipe transports with D or O also need NAME_destination_recipient_limit = 1 in MainCF
	Transport string   // texthash: "example.test  service:" or "user@example.test  service:"
	Aliases   string   // aliases(5) of local.test, owned by root
	Users     []string // accounts, known to this Postfix and its children only; also user@local.test
	SMTP      bool     // listen on a port of the loopback interface
}

// Postfix is a running private instance. Domain local.test goes to local(8),
// sink.test to a catch-all; other domains go where Transport says.
type Postfix struct {
	root   string
	script string
	port   int
	mark   atomic.Int64
}

// StartPostfix starts an instance for the length of the test. It costs one or
// two seconds, so tests share one among many transports and users.
func StartPostfix(t testing.TB, c PostfixConfig) *Postfix {
	t.Helper()
	Need(t, "postfix", "master", "postlog", "sendmail", "postdrop", "mount", "unshare", "bash")
	NeedMounts(t)
	root, err := publicDir("lm-pf-")
	if err != nil {
		t.Fatal(err)
	}
	p := &Postfix{root: root, script: dataPath(t, "lab/postfix-instance.sh")}
	p.configure(t, c)

	cmd := exec.Command("bash", p.script, "hold", root)
	cmd.Env = append(os.Environ(), "PF_USERS="+accounts(c.Users))
	if c.SMTP {
		p.port = freePort(t)
		cmd.Env = append(cmd.Env, "PF_PORT="+strconv.Itoa(p.port))
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	hold(t, cmd)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("mail log:\n%s", p.log(t))
		}
	})
	return p
}

func (p *Postfix) configure(t testing.TB, c PostfixConfig) {
	t.Helper()
	texts := map[string]string{
		"extra-main.cf":   c.MainCF,
		"extra-master.cf": c.MasterCF,
		"transport":       c.Transport,
		"aliases":         c.Aliases,
	}
	for name, text := range texts {
		text = strings.ReplaceAll(text, "@ROOT@", p.root)
		if strings.Contains(text, "@LASTMILE@") {
			text = strings.ReplaceAll(text, "@LASTMILE@", Binary(t))
		}
		if strings.Contains(text, "@PROCMAIL@") {
			text = strings.ReplaceAll(text, "@PROCMAIL@", Named(t, "procmail"))
		}
		if err := os.WriteFile(filepath.Join(p.root, name), []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func accounts(users []string) string {
	var b strings.Builder
	for i, user := range users {
		fmt.Fprintf(&b, "%s:%d ", user, firstUID+i)
	}
	return b.String()
}

// Root is the directory of the instance; users may enter it, not write to it.
func (p *Postfix) Root() string { return p.root }

// Port is where smtpd listens on 127.0.0.1, 0 if it does not.
func (p *Postfix) Port() int { return p.port }

// Home is the home directory of a test account, owned by it.
func (p *Postfix) Home(user string) string { return filepath.Join(p.root, "home", user) }

// Inject queues a message through sendmail(1); from "" is the null sender.
func (p *Postfix) Inject(t testing.TB, from, to string, msg []byte) {
	t.Helper()
	p.InjectAll(t, from, []string{to}, msg)
}

// InjectAll queues one message for many recipients. Options of sendmail(1) may
// stand before the first recipient.
func (p *Postfix) InjectAll(t testing.TB, from string, to []string, msg []byte, options ...string) {
	t.Helper()
	if from == "" {
		from = "<>"
	}
	args := append([]string{"-C", p.etc(), "-i", "-f", from}, options...)
	args = append(append(args, "--"), to...)
	p.tool(t, msg, "sendmail", args...)
}

// Drain waits until nothing is left to do now: maildrop, incoming and active are
// empty, and what was logged until then is in the log file. Deferred messages
// stay deferred.
func (p *Postfix) Drain(t testing.TB) {
	t.Helper()
	// A message may be between two directories at one look.
	quiet := 0
	if !waitFor(drainLimit, func() bool {
		quiet++
		if p.busy() {
			quiet = 0
		}
		return quiet > 5
	}) {
		t.Fatalf("queue still busy after %v", drainLimit)
	}
	// The log has one writer and keeps the order: our mark is behind all the rest.
	mark := fmt.Sprintf("mark-%d-%d", os.Getpid(), p.mark.Add(1))
	p.tool(t, nil, "postlog", "-c", p.etc(), "-t", "lab", mark)
	if !waitFor(drainLimit, func() bool { return bytes.Contains(p.log(t), []byte(mark+"\n")) }) {
		t.Fatalf("log not written after %v", drainLimit)
	}
}

func (p *Postfix) busy() bool {
	for _, queue := range []string{"maildrop", "incoming", "active"} {
		if files, _ := filepath.Glob(filepath.Join(p.root, "queue", queue, "*")); len(files) > 0 {
			return true
		}
	}
	return false
}

// Deferred counts the messages that the queue keeps for a later attempt.
func (p *Postfix) Deferred(t testing.TB) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.root, "queue", "deferred", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// Retry has the deferred messages attempted again; Drain waits for the outcome.
func (p *Postfix) Retry(t testing.TB) {
	t.Helper()
	count, before := p.Deferred(t), len(p.log(t))
	p.tool(t, nil, "postqueue", "-c", p.etc(), "-f")
	// The queue manager takes them up when it comes to it.
	if !waitFor(drainLimit, func() bool { return bytes.Count(p.log(t)[before:], []byte("(queue active)")) >= count }) {
		t.Fatalf("deferred messages not taken up after %v", drainLimit)
	}
}

// Result is one delivery status that Postfix logged.
type Result struct {
	Line   string // the record without date, host and service
	DSN    string // 5.4.6
	Status string // sent, deferred, bounced
	Text   string // what stands in the parentheses, to the byte
}

var resultLine = regexp.MustCompile(`(?m)^.*?\]: ([0-9A-Za-z]+: to=<(.*?)>, .*?, dsn=([0-9.]+), status=(\w+) \((.*)\))$`)

// Results returns every status logged for a recipient, oldest first. The address
// is written as the log writes it: quoted where RFC 5321 wants quotes.
func (p *Postfix) Results(t testing.TB, to string) []Result {
	t.Helper()
	var results []Result
	for _, m := range resultLine.FindAllSubmatch(p.log(t), -1) {
		if string(m[2]) == to {
			results = append(results, Result{string(m[1]), string(m[3]), string(m[4]), string(m[5])})
		}
	}
	return results
}

// Result returns the last status logged for a recipient; there must be one.
func (p *Postfix) Result(t testing.TB, to string) Result {
	t.Helper()
	all := p.Results(t, to)
	if len(all) == 0 {
		t.Fatalf("nothing logged for %s:\n%s", to, p.log(t))
	}
	return all[len(all)-1]
}

// Sink returns the messages that virtual(8) stored for one address of sink.test,
// in no order.
func (p *Postfix) Sink(t testing.TB, address string) [][]byte {
	t.Helper()
	var found [][]byte
	for _, msg := range ReadMaildir(t, filepath.Join(p.root, "sink")) {
		// virtual(8) writes Return-Path, X-Original-To, Delivered-To on top.
		head, _, _ := bytes.Cut(msg, []byte("Received: "))
		if bytes.Contains(head, []byte("\nDelivered-To: "+address+"\n")) {
			found = append(found, msg)
		}
	}
	return found
}

func (p *Postfix) log(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(p.root, "log", "mail.log"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (p *Postfix) etc() string { return filepath.Join(p.root, "etc") }

// tool runs a program of Postfix as root and expects it to succeed.
func (p *Postfix) tool(t testing.TB, stdin []byte, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), toolLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, Find(name), args...)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}
