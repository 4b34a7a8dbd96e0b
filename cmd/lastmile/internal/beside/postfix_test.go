package beside

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lastmile/cmd/lastmile/internal/lab"
)

const (
	queued   = 500 // messages
	sessions = 10  // SMTP sessions of smtp-source, and deliveries at once
	account  = "vmail"
)

// BenchmarkBehindPostfix measures how fast Postfix gets rid of small messages
// through pipe(8).
func BenchmarkBehindPostfix(b *testing.B) {
	lab.Need(b, "postfix", "smtp-source")
	commands := map[string]string{
		"lastmile": "@LASTMILE@ deliver -f ${sender} --original-recipient ${original_recipient} --recipient-delimiter + --maildir @ROOT@/home/" + account + "/{domain}/Maildir/ -- ${recipient}",
		"procmail": "procmail -t -m DEFAULT=@ROOT@/home/" + account + "/procmail.test/Maildir/ /dev/null",
		"maildrop": "maildrop @ROOT@/home/" + account + "/maildrop.rc",
	}
	c := lab.PostfixConfig{SMTP: true, Users: []string{account}}
	var names []string
	for _, name := range []string{"lastmile", "procmail", "maildrop"} {
		if name != "lastmile" {
			path := lab.Find(name)
			if path == "" {
				continue
			}
			commands[name] = path + strings.TrimPrefix(commands[name], name)
		}
		names = append(names, name)
		c.MainCF += fmt.Sprintf("%s_destination_recipient_limit = 1\n%s_destination_concurrency_limit = %d\n%s_initial_destination_concurrency = %d\n", name, name, sessions, name, sessions)
		c.MasterCF += fmt.Sprintf("%s unix - n n - %d pipe flags=hu user=%s null_sender= argv=%s\n", name, sessions, account, commands[name])
		c.Transport += name + ".test " + name + ":\n"
	}
	// No other wait than for the programs: the queue manager may have all at once.
	c.MainCF += "smtpd_client_connection_rate_limit = 0\nsmtpd_client_connection_count_limit = 0\nin_flow_delay = 0\n"
	p := lab.StartPostfix(b, c)
	home := p.Home(account)
	write(b, home+"/maildrop.rc", "to \""+home+"/maildrop.test/Maildir/\"\n")
	for _, name := range names {
		peer{box: home + "/" + name + ".test/Maildir"}.makeBox(b)
	}
	ownAs(b, home)

	rates := make(map[string][]float64)
	for range max(1, *rounds/3) {
		for _, name := range names {
			rates[name] = append(rates[name], drain(b, p, name, home))
		}
	}
	head(b, fmt.Sprintf("Behind Postfix %s: %d messages of 4 KiB from %d sessions of smtp-source through pipe(8), messages in a second; as a multiple of lastmile's", postfixVersion(), queued, sessions), nil)
	for _, name := range names {
		rate := median(rates[name], func(r float64) float64 { return r })
		fmt.Printf("%8s  %-12s %8.0f /s  %5.2f\n", "", name, rate, rate/median(rates["lastmile"], func(r float64) float64 { return r }))
	}
	b.ReportMetric(0, "ns/op")
}

// drain sends the messages and returns how many of them were delivered in a
// second, from the first to the last.
func drain(b *testing.B, p *lab.Postfix, name, home string) float64 {
	b.Helper()
	source := exec.Command(lab.Find("smtp-source"), "-s", strconv.Itoa(sessions), "-m", strconv.Itoa(queued), "-l", "4096",
		"-f", "a@sink.test", "-t", "you@"+name+".test", "127.0.0.1:"+strconv.Itoa(p.Port()))
	if out, err := source.CombinedOutput(); err != nil {
		b.Fatalf("smtp-source: %v: %s", err, out)
	}
	p.Drain(b)
	files := lab.Files(b, home+"/"+name+".test/Maildir/new")
	if len(files) != queued {
		b.Fatalf("%s has %d messages, want %d", name, len(files), queued)
	}
	var at []time.Time
	for _, path := range files {
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		at = append(at, info.ModTime())
		if err := os.Remove(path); err != nil {
			b.Fatal(err)
		}
	}
	slices.SortFunc(at, time.Time.Compare)
	return float64(queued-1) / at[queued-1].Sub(at[0]).Seconds()
}

// ownAs gives a directory that the owner of another owns to that owner.
func ownAs(b *testing.B, home string) {
	b.Helper()
	if out, err := exec.Command("chown", "-R", "--reference="+home, home).CombinedOutput(); err != nil {
		b.Fatalf("chown: %v: %s", err, out)
	}
}

func postfixVersion() string {
	out, _ := exec.Command("postconf", "-h", "mail_version").Output()
	return strings.TrimSpace(string(out))
}
