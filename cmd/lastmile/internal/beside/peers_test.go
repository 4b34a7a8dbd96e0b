package beside

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

// nobody is the account that the programs run as if we are root: dovecot-lda
// wants an account that exists.
const nobody = 65534

// peer is one program that delivers.
type peer struct {
	name    string
	version string
	argv    []string // delivers standard input into box
	box     string   // its Maildir
}

// contestants returns lastmile, first, and what else is there.
func contestants(b *testing.B) []peer {
	b.Helper()
	dir := lab.Dir(b)
	ours := peer{name: "lastmile", version: goVersion(), argv: []string{lab.Binary(b), "deliver", "-f", "a@example.net",
		"--original-recipient", "you@example.com", "--recipient-delimiter", "+", "--maildir", dir + "/{domain}/{user}/Maildir/", "--", "you@example.com"}}
	ours.box = dir + "/example.com/you/Maildir"
	all := []peer{ours}
	if cc := lab.Find("cc"); cc != "" {
		p := peer{name: "yardstick", version: "C", box: dir + "/yardstick", argv: []string{dir + "/yardstick.bin", dir + "/yardstick"}}
		if out, err := exec.Command(cc, "-O2", "-static", "-o", p.argv[0], "testdata/yardstick.c").CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		all = append(all, p)
	}
	if path := lab.Find("procmail"); path != "" {
		p := peer{name: "procmail", version: firstLine(path, "-v"), box: dir + "/procmail"}
		p.argv = []string{path, "-m", "DEFAULT=" + p.box + "/", os.DevNull}
		all = append(all, p)
	}
	if path := lab.Find("maildrop"); path != "" {
		p := peer{name: "maildrop", version: firstLine(path, "-v"), box: dir + "/maildrop"}
		p.argv = []string{path, write(b, dir+"/maildrop.rc", "to \""+p.box+"/\"\n")}
		all = append(all, p)
	}
	if path := lab.Find("dovecot-lda"); path != "" {
		p := peer{name: "dovecot-lda", box: dir + "/dovecot"}
		if dovecot := lab.Find("dovecot"); dovecot != "" {
			p.version = firstLine(dovecot, "--version")
		}
		conf := "protocols =\nbase_dir = " + dir + "/run\nstate_dir = " + dir + "/run\nmail_location = maildir:" + p.box +
			"\nmail_home = " + dir + "\nlog_path = " + dir + "/dovecot.log\npostmaster_address = postmaster@example.com\nhostname = example.com\nssl = no\n"
		p.argv = []string{path, "-c", write(b, dir+"/dovecot.conf", conf), "-f", "a@example.net", "-a", "you@example.com"}
		all = append(all, p)
	}
	for _, p := range all {
		p.makeBox(b)
	}
	own(b, dir)
	return all
}

// makeBox makes the Maildir, so that nobody is measured making it.
func (p peer) makeBox(b *testing.B) {
	b.Helper()
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(p.box, sub), 0o700); err != nil {
			b.Fatal(err)
		}
	}
}

// own gives everything in a directory to the account that delivers.
func own(b *testing.B, dir string) {
	b.Helper()
	if os.Getuid() != 0 {
		return
	}
	if err := filepath.Walk(dir, func(path string, _ os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	}); err != nil {
		b.Fatal(err)
	}
}

// firstLine is what a program says about itself.
func firstLine(path string, args ...string) string {
	out, _ := exec.Command(path, args...).CombinedOutput() // procmail -v exits 1
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return strings.TrimSpace(line)
}

func write(b *testing.B, path, text string) string {
	b.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}
