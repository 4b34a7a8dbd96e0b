package lab

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The POP3 account, as the founding case has it.
const (
	Account  = "receiver@example1.jp"
	password = "secret"
)

// Dovecot is a running private instance with a POP3 server: the provider's, from
// which the fetchers fetch, and an independent reader of what we stored.
type Dovecot struct {
	root  string
	port  int
	boxes int // added by Retrieve
}

// StartDovecot starts a POP3 server for the length of the test. It costs a tenth
// of a second.
func StartDovecot(t testing.TB) *Dovecot {
	t.Helper()
	Need(t, "dovecot", "doveadm", "pop3-login", "sh")
	root, err := publicDir("lm-dc-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	d := &Dovecot{root: root, port: freePort(t)}
	d.configure(t)
	// As a job of the shell it has /dev/null for input. It detaches nothing with -F.
	cmd := exec.Command("sh", "-c", `"$1" -F -c "$2/dovecot.conf" & pid=$!
		tries=0; until [ -S "$2/run/login/pop3" ] || [ $tries -ge 100 ]; do tries=$((tries + 1)); sleep .05; done
		kill -0 $pid && echo ready; cat >/dev/null; kill $pid; wait $pid; rm -rf "$2"`, "sh", Find("dovecot"), root)
	hold(t, cmd)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("dovecot log:\n%s", d.Log(t))
		}
	})
	return d
}

const dovecotConf = `
protocols = pop3
listen = 127.0.0.1
base_dir = @ROOT@/run
state_dir = @ROOT@/state
instance_name = @ROOT@
log_path = @ROOT@/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
auth_cache_size = 0
first_valid_uid = 1
first_valid_gid = 1
mail_fsync = never
passdb {
  driver = passwd-file
  args = username_format=%u @ROOT@/passwd
}
userdb {
  driver = passwd-file
  args = username_format=%u @ROOT@/passwd
}
service pop3-login {
  chroot =
  inet_listener pop3 {
    port = @PORT@
  }
  inet_listener pop3s {
    port = 0
  }
}
service anvil {
  chroot =
}
`

func (d *Dovecot) configure(t testing.TB) {
	t.Helper()
	conf := strings.NewReplacer("@ROOT@", d.root, "@PORT@", strconv.Itoa(d.port)).Replace(dovecotConf)
	if err := os.WriteFile(filepath.Join(d.root, "dovecot.conf"), []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", "new", "cur", "tmp"} {
		makeOwned(t, filepath.Join(d.Box(), dir), ordinaryUID)
	}
	d.account(t, Account, d.Box(), ordinaryUID)
}

// account adds a user. Dovecot reads the file again when it has changed.
func (d *Dovecot) account(t testing.TB, name, maildir string, uid int) {
	t.Helper()
	path := filepath.Join(d.root, "passwd")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	home := filepath.Join(d.root, "home-"+strconv.Itoa(uid))
	makeOwned(t, home, uid)
	// Indexes and the list of unique ids stay out of the Maildir.
	state := filepath.Join(home, strconv.Itoa(d.boxes))
	_, err = fmt.Fprintf(f, "%s:{PLAIN}%s:%d:%d::%s::userdb_mail=maildir:%s:INDEX=%s:CONTROL=%s\n",
		name, password, uid, uid, home, maildir, state, state)
	if err != nil {
		t.Fatal(err)
	}
	group, err := user.LookupGroup("dovecot")
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(group.Gid)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, 0, gid); err != nil {
		t.Fatal(err)
	}
}

// Port is where the POP3 server listens on 127.0.0.1.
func (d *Dovecot) Port() int { return d.port }

// Box is the Maildir of Account.
func (d *Dovecot) Box() string { return filepath.Join(d.root, "box") }

// Put adds messages to the box of Account, to be served in this order.
func (d *Dovecot) Put(t testing.TB, messages ...[]byte) {
	t.Helper()
	first := len(Files(t, filepath.Join(d.Box(), "new"))) + len(Files(t, filepath.Join(d.Box(), "cur")))
	for i, msg := range messages {
		path := filepath.Join(d.Box(), "new", fmt.Sprintf("%d.M%dP1.isp", 1500000000+first+i, first+i))
		if err := os.WriteFile(path, msg, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, ordinaryUID, ordinaryUID); err != nil {
			t.Fatal(err)
		}
	}
}

// Count is the number of messages that the box of Account still holds.
func (d *Dovecot) Count(t testing.TB) int {
	t.Helper()
	return len(MaildirFiles(t, d.Box()))
}

// Log is what Dovecot logged; errors and warnings say so.
func (d *Dovecot) Log(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(d.root, "dovecot.log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Retrieve reads a Maildir through a POP3 session and returns its messages as
// they came over the wire, dot-stuffing undone: CRLF line ends, the last one included.
// Dovecot works as the owner of the Maildir.
func (d *Dovecot) Retrieve(t testing.TB, maildir string) [][]byte {
	t.Helper()
	info, err := os.Stat(maildir)
	if err != nil {
		t.Fatal(err)
	}
	d.boxes++
	name := fmt.Sprintf("box%d@reader.test", d.boxes)
	d.account(t, name, maildir, int(info.Sys().(*syscall.Stat_t).Uid))
	return retrieve(t, d.port, name)
}

// makeOwned makes a directory that belongs to uid.
func makeOwned(t testing.TB, dir string, uid int) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, uid, uid); err != nil {
		t.Fatal(err)
	}
}
