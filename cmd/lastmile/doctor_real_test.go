package main

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/doctor"
	"lastmile/cmd/lastmile/internal/lab"
)

// The set-ups that doctor calls broken are broken: a real Postfix bounces, keeps
// or misplaces their mail. With what doctor proposes, put in by these tests word
// for word, it delivers.

// realSetup is the texts of an instance.
type realSetup struct {
	main, master, aliases string
	forwards              map[string]string
	commands              []string // of the shell
}

const (
	realArgv  = "argv=@LASTMILE@ deliver -f ${sender} --maildir @ROOT@/vmail/{domain}/{user}/ -- ${recipient}\n"
	realAlias = `"|/nonexistent/lastmile deliver --maildir @ROOT@/spool/{user}/ -f \"$SENDER\" -- \"$RECIPIENT\"`
)

// brokenSetup has one fault in each transport, alias and .forward; a transport
// has the domain NAME.test.
func brokenSetup() realSetup {
	return realSetup{
		main: "command_time_limit = 1000s\nmynull_destination_recipient_limit = 1\nmynone_destination_recipient_limit = 1\n" +
			"myopt_destination_recipient_limit = 1\nmyuser_destination_recipient_limit = 1\n" +
			"mydry_destination_recipient_limit = 1\nmydir_destination_recipient_limit = 1\nmymacro_destination_recipient_limit = 1\n" +
			"myslow_destination_recipient_limit = 1\nmyslow_time_limit = 1s\n" +
			"mailbox_command = @LASTMILE@ deliver -f \"$SENDER\" -- \"$RECIPIENT\" || exit 75\n",
		master: "mylimit unix - n n - - pipe flags=DRhu user=vmail null_sender= " + realArgv +
			"mymany unix - n n - - pipe flags=hu user=vmail null_sender= " + realArgv +
			"mynull unix - n n - - pipe flags=Rhu user=vmail " + realArgv +
			"mynone unix - n n - - pipe flags=DRhu user=vmail null_sender= " + strings.Replace(realArgv, " -- ", " --stamped-by none -- ", 1) +
			"myopt unix - n n - - pipe flags=hu user=vmail null_sender= argv=@LASTMILE@ deliver ${recipient} -f ${sender} --maildir @ROOT@/vmail/{domain}/{user}/\n" +
			"myuser unix - n n - - pipe flags=hu user=root null_sender= " + realArgv +
			"mydry unix - n n - - pipe flags=hu user=vmail null_sender= " + strings.Replace(realArgv, " -- ", " --dry-run -- ", 1) +
			"mydir unix - n n - - pipe flags=hu user=vmail null_sender= " + strings.Replace(realArgv, "/vmail/", "/none/", 1) +
			"mymacro unix - n n - - pipe flags=hu user=vmail null_sender= " + strings.Replace(realArgv, "${recipient}", "${rcpt}", 1) +
			"myslow unix - n n - - pipe flags=hu user=vmail null_sender= argv=@LASTMILE@ deliver --command {sleep 2} -- ${recipient}\n",
		aliases: "ring2: ring\nring: ring2\n" +
			"bare: " + realAlias + "\"\n" +
			"exec: " + strings.Replace(realAlias, "|", "|exec ", 1) + " || exit 75\"\n",
		forwards: map[string]string{
			"alice": "bob@local.test\n",
			"bob":   "alice@local.test\n",
			"carol": `"|@LASTMILE@ deliver -f $SENDER -- \"$RECIPIENT\" || exit 75"` + "\n",
			"dave":  `|@LASTMILE@ deliver -f "$SENDER" -- "$RECIPIENT" || exit 75` + "\n",
		},
	}
}

// realCase is what becomes of mail before and after.
type realCase struct {
	id, to        string
	before, after string // the beginning of the outcome for it, from "dsn=" on
}

// nothing is the outcome of mail that waits without a record, or that has gone
// on to another address.
const nothing = "nothing logged"

var realCases = []realCase{
	{"recipient-limit", "one@mylimit.test", "dsn=4.3.5, status=deferred", "dsn=2.0.0, status=sent"},
	{"many-recipients", "one@mymany.test", "dsn=4.3.5, status=deferred", "dsn=2.0.0, status=sent"},
	{"null-sender", "one@mynull.test", "dsn=2.0.0, status=sent", "dsn=2.0.0, status=sent"},
	{"stamped-by-none", "one@mynone.test", "dsn=5.4.6, status=bounced (mail forwarding loop", "dsn=2.0.0, status=sent"},
	{"options-after-recipient", "one@myopt.test", "dsn=4.3.5, status=deferred", "dsn=2.0.0, status=sent"},
	{"pipe-user", "one@myuser.test", nothing, "dsn=2.0.0, status=sent"},
	{"dry-run", "one@mydry.test", "dsn=4.3.5, status=deferred", "dsn=2.0.0, status=sent"},
	{"maildir-unwritable", "one@mydir.test", "dsn=4.2.0, status=deferred", "dsn=2.0.0, status=sent"},
	{"macro-unknown", "one@mymacro.test", "dsn=4.3.5, status=deferred", "dsn=2.0.0, status=sent"},
	{"time-limit", "one@myslow.test", "dsn=5.3.0, status=bounced (Command time limit", "dsn=2.0.0, status=sent"},
	{"alias-loop", "ring@local.test", "dsn=5.4.6, status=bounced (alias database loop", nothing},
	{"unguarded", "bare@local.test", "dsn=5.3.0, status=bounced", "dsn=4.3.0, status=deferred"},
	{"exec-guard", "exec@local.test", "dsn=5.3.0, status=bounced", "dsn=4.3.0, status=deferred"},
	{"alias-loop", "alice@local.test", "dsn=5.4.6, status=bounced (mail forwarding loop", "dsn=2.0.0, status=sent"},
	{"shell-unquoted", "carol@local.test", "dsn=2.0.0, status=sent", "dsn=2.0.0, status=sent"},
	{"forward-unquoted", "dave@local.test", "dsn=5.1.3, status=bounced (bad recipient", "dsn=2.0.0, status=sent"},
	{"root-mail", "root@local.test", "dsn=4.2.0, status=deferred", nothing},
}

func (s realSetup) start(t *testing.T) *lab.Postfix {
	t.Helper()
	var transports strings.Builder
	for _, c := range realCases {
		_, domain, _ := strings.Cut(c.to, "@")
		if name, ok := strings.CutSuffix(domain, ".test"); ok && name != "local" {
			transports.WriteString(domain + " " + name + ":\n")
		}
	}
	p := lab.StartPostfix(t, lab.PostfixConfig{
		Users: []string{"vmail", "alice", "bob", "carol", "dave"}, MainCF: s.main, MasterCF: s.master,
		Aliases: s.aliases, Transport: transports.String(),
	})
	owned(t, p, "vmail", "vmail")
	for user, text := range s.forwards {
		writeText(t, filepath.Join(p.Home(user), ".forward"), here(t, p).Replace(text))
	}
	for _, command := range s.commands {
		command = strings.Replace(here(t, p).Replace(command), "-o vmail", "-o 20001", 1) // an account of the instance alone
		if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", command, err, out)
		}
	}
	return p
}

// here puts an instance's own paths into texts; there takes them out again.
func here(t *testing.T, p *lab.Postfix) *strings.Replacer {
	return strings.NewReplacer("@ROOT@", p.Root(), "@LASTMILE@", lab.Binary(t))
}

func there(t *testing.T, p *lab.Postfix) *strings.Replacer {
	return strings.NewReplacer(p.Root(), "@ROOT@", lab.Binary(t), "@LASTMILE@")
}

// send injects a message for every case, and returns the outcomes. Two faults
// only show with two recipients, two with the null sender.
func (s realSetup) send(t *testing.T, p *lab.Postfix) map[string]string {
	t.Helper()
	for _, c := range realCases {
		switch c.id {
		case "recipient-limit", "many-recipients":
			p.InjectAll(t, "sender@sink.test", []string{c.to, strings.Replace(c.to, "one", "two", 1)}, e2eMessage(c.id))
		case "null-sender", "shell-unquoted":
			p.Inject(t, "", c.to, e2eMessage(c.id))
		default:
			p.Inject(t, "sender@sink.test", c.to, e2eMessage(c.id))
		}
	}
	p.Drain(t)
	outcomes := map[string]string{}
	for _, c := range realCases {
		outcomes[c.to] = nothing
		logged := strings.Replace(c.to, "ring", "ring2", 1) // the last alias is named, not the first
		for _, r := range p.Results(t, logged) {
			outcomes[c.to] = e2eOutcome(r) // the last one
		}
	}
	return outcomes
}

// take puts a proposal into the texts of the set-up.
func (s *realSetup) take(t *testing.T, f doctor.Finding) {
	t.Helper()
	name, _, _ := strings.Cut(f.Where, ":")
	switch {
	case strings.HasPrefix(f.Replace, "install "):
		s.commands = append(s.commands, f.Replace)
	case name == "master.cf" && strings.Contains(f.Replace, " unix "):
		if !strings.Contains(s.master, f.Line) {
			t.Errorf("%s: no such line: %s", f.ID, f.Line)
		}
		s.master = strings.Replace(s.master, f.Line, f.Replace, 1)
	case strings.HasPrefix(f.Where, "ma"):
		if f.Line != "" && !strings.Contains(s.main, f.Line) {
			t.Errorf("%s: no such line: %s", f.ID, f.Line)
		}
		s.main = strings.Replace(s.main, f.Line+"\n", "\n", 1) + f.Replace + "\n"
	case strings.HasSuffix(name, ".forward"):
		user := filepath.Base(filepath.Dir(name))
		s.forwards[user] = strings.Replace(s.forwards[user], f.Line, f.Replace, 1)
	case f.Line == "":
		s.aliases += f.Replace + "\n"
	default:
		s.aliases = strings.Replace(s.aliases, f.Line, f.Replace, 1)
	}
}

func TestDoctorRealSetups(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix", "nsenter")
	broken := brokenSetup()
	p := broken.start(t)
	outcomes := broken.send(t, p)
	for _, c := range realCases {
		if !strings.HasPrefix(outcomes[c.to], c.before) {
			t.Errorf("%s: not broken: %s got %s, want %s", c.id, c.to, outcomes[c.to], c.before)
		}
	}
	realReturnPaths(t, p, "Return-Path: <MAILER-DAEMON>", "Return-Path: <-->")
	report := examineHere(t, p, "--user", "alice", "--user", "carol", "--user", "dave")
	mended := brokenSetup()
	for _, c := range realCases {
		if !slices.ContainsFunc(report.Findings, func(f doctor.Finding) bool { return f.ID == c.id }) {
			t.Errorf("doctor has not found %s", c.id)
		}
	}
	for _, f := range report.Findings {
		if f.ID == "program-missing" { // meant to be missing
			continue
		}
		f.Line, f.Replace = there(t, p).Replace(f.Line), there(t, p).Replace(f.Replace)
		mended.take(t, f)
	}
	q := mended.start(t)
	outcomes = mended.send(t, q)
	for _, c := range realCases {
		if !strings.HasPrefix(outcomes[c.to], c.after) {
			t.Errorf("%s: not mended: %s got %s, want %s", c.id, c.to, outcomes[c.to], c.after)
		}
	}
	realReturnPaths(t, q, "Return-Path: <>", "Return-Path: <>")
	for _, f := range examineHere(t, q, "--user", "alice", "--user", "carol", "--user", "dave").Findings {
		if f.ID != "program-missing" {
			t.Errorf("still there: %+v", f)
		}
	}
}

// realReturnPaths checks the two faults that show in the stored message only.
func realReturnPaths(t *testing.T, p *lab.Postfix, pipe, forward string) {
	t.Helper()
	for dir, want := range map[string]string{
		filepath.Join(p.Root(), "vmail/mynull.test/one"): pipe,
		filepath.Join(p.Home("carol"), "Maildir"):        forward,
	} {
		if !slices.Contains(e2eTop(e2eStored(t, dir)), want) {
			t.Errorf("%s: the top is %q, want %s", dir, e2eTop(e2eStored(t, dir)), want)
		}
	}
}

func TestDoctorSaysWhatIsNotConfined(t *testing.T) {
	t.Parallel()
	for _, can := range []bool{true, false} {
		var r doctor.Report
		if kernel(&r, can); (len(r.Notes) == 0) != can {
			t.Errorf("Landlock %v: notes %q", can, r.Notes)
		}
	}
}
