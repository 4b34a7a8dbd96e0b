package lab

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// FetchmailConfig says where fetchmail puts the mail: to an SMTP server, or to an MDA.
type FetchmailConfig struct {
	SMTP          int    // port on 127.0.0.1
	MDA           string // a shell command, in which %T is the recipient and %F the sender
	DropDelivered bool   // the cure of the founding case
}

// Fetchmail polls the box of Account once, for the same address here.
// Exit status 1 says that there was no mail.
func (f *Fetcher) Fetchmail(t testing.TB, c FetchmailConfig) Run {
	t.Helper()
	var rc strings.Builder
	fmt.Fprintf(&rc, "set no bouncemail\npoll pop3.test via 127.0.0.1 port %s protocol pop3 auth password no dns uidl\n", f.port())
	fmt.Fprintf(&rc, "\tuser %q password %q is %q here\n\tsslproto \"\" fetchall\n", Account, password, Account)
	if c.DropDelivered {
		rc.WriteString("\tdropdelivered\n")
	}
	if c.MDA != "" {
		fmt.Fprintf(&rc, "\tmda %q\n", c.MDA)
	} else {
		fmt.Fprintf(&rc, "\tsmtphost 127.0.0.1/%d\n", c.SMTP)
	}
	return f.Exec(t, nil, "fetchmail", "--fetchmailrc", f.file(t, "fetchmailrc", rc.String()), "--silent", "--nosyslog", "--nodetach",
		"--nosslcertck", "--pidfile", filepath.Join(f.home, "fetchmail.pid"), "--idfile", filepath.Join(f.home, "fetchids"))
}

// Getmail polls the box once. The retriever is SimplePOP3Retriever or
// MultidropPOP3Retriever; command is the agent and its arguments, in which
// %(recipient) and %(sender) are getmail's macros.
func (f *Fetcher) Getmail(t testing.TB, retriever string, command ...string) Run {
	t.Helper()
	arguments := ""
	for _, arg := range command[1:] {
		arguments += strconv.Quote(arg) + ", "
	}
	envelope := ""
	if strings.HasPrefix(retriever, "Multidrop") {
		envelope = "envelope_recipient = x-original-to:1\n"
	}
	f.file(t, "getmailrc", fmt.Sprintf(`[retriever]
type = %s
server = 127.0.0.1
port = %s
username = %s
password = %s
%s[destination]
type = MDA_external
path = %s
arguments = (%s)
[options]
delete = true
verbose = 0
message_log = %s
`, retriever, f.port(), Account, password, envelope, command[0], arguments, filepath.Join(f.home, "getmail.log")))
	return f.Exec(t, nil, "getmail", "--getmaildir", f.home, "--rcfile", "getmailrc")
}

// Fdm polls the box once. The command is a shell command.
func (f *Fetcher) Fdm(t testing.TB, command string) Run {
	t.Helper()
	conf := f.file(t, "fdm.conf", fmt.Sprintf(`set lock-file %q
account "isp" pop3 server "127.0.0.1" port %s user %q pass %q
action "agent" pipe %q
match all action "agent"
`, filepath.Join(f.home, "fdm.lock"), f.port(), Account, password, command))
	return f.Exec(t, nil, "fdm", "-q", "-f", conf, "fetch")
}

// Mpop polls the box once. The command is a shell command, in which %F is the sender.
func (f *Fetcher) Mpop(t testing.TB, command string) Run {
	t.Helper()
	conf := f.file(t, "mpoprc", fmt.Sprintf(`account isp
host 127.0.0.1
port %s
user %s
password %s
tls off
auth user
keep off
uidls_file %s
delivery mda %s
`, f.port(), Account, password, filepath.Join(f.home, "uidls"), command))
	return f.Exec(t, nil, "mpop", "--file="+conf, "--quiet", "isp")
}
