package dsn

import (
	"slices"
	"strings"
	"testing"
)

func TestSendable(t *testing.T) {
	const ok = ""
	for _, c := range []struct {
		name, sender, header, reason string
	}{
		{"plain", "alice@a.test", "Subject: x\n", ok},
		{"local user", "alice", "", ok},
		{"UTF-8", "андрей@例子.test", "", ok},
		{"address literal", "a@[IPv6:::1]", "", ok},
		{"option", "-oQ/tmp@a.test", "", ok},
		{"quoted", "a, b@a.test", "", ok},
		{"extension", "alice+request@a.test", "", ok},
		{"request alone", "request@a.test", "", ok},

		{"null", "", "", "the reverse-path is null"},
		{"null in brackets", "<>", "", "the reverse-path is null"},
		{"two addresses", "a@a.test,b@b.test", "", "the reverse-path is no address"},
		{"list in the domain", "a@b.test, c", "", "the reverse-path is no address"},
		{"no domain", "a@", "", "the reverse-path is no address"},
		{"no local part", "@a.test", "", "the reverse-path is no address"},
		{"source route", "@r.test:a@a.test", "", "the reverse-path is no address"},
		{"line end", "a@a.test\nb", "", "the reverse-path is no address"},
		{"not UTF-8", "\xfc@a.test", "", "the reverse-path is no address"},
		{"bidi", "a\u202e@a.test", "", "the reverse-path is no address"},
		{"too long", strings.Repeat("a", 512) + "@a.test", "", "the reverse-path is no address"},
		{"mailer-daemon", "Mailer-Daemon@a.test", "", "the reverse-path is that of a mail system"},
		{"double-bounce", "double-bounce@a.test", "", "the reverse-path is that of a mail system"},
		{"owner-", "Owner-list@a.test", "", "the reverse-path is that of a mailing list"},
		{"-owner", "list-owner@a.test", "", "the reverse-path is that of a mailing list"},
		{"-request", "list-request@a.test", "", "the reverse-path is that of a mailing list"},
		{"-bounces", "list-bounces@a.test", "", "the reverse-path is that of a mailing list"},
		{"Mailman VERP", "list-bounces+bob=b.test@a.test", "", "the reverse-path is that of a mailing list"},
		{"ezmlm VERP", "list-return-17-bob=b.test@a.test", "", "the reverse-path is that of a mailing list"},
		{"listserv", "LISTSERV@a.test", "", "the reverse-path is that of a mailing list"},

		{"Return-Path null", "a@a.test", "Return-Path: <>\n", "the message came with a null reverse-path"},
		{"an older Return-Path null", "a@a.test", "Return-Path: <b@b.test>\nReturn-Path: <>\n", ok},
		{"Auto-Submitted", "a@a.test", "Auto-Submitted: auto-generated\n", "the message is automatic: Auto-Submitted"},
		{"Auto-Submitted empty", "a@a.test", "Auto-Submitted:\n", "the message is automatic: Auto-Submitted"},
		{"Auto-Submitted no", "a@a.test", "AUTO-SUBMITTED : (a (b) \\) no) No ; x=y\n", ok},
		{"Auto-Submitted folded", "a@a.test", "Auto-Submitted:\n\tauto-replied\n", "the message is automatic: Auto-Submitted"},
		{"Precedence", "a@a.test", "Precedence: Bulk\r\n", "the message is bulk mail: Precedence"},
		{"Precedence list", "a@a.test", "Precedence: list\n", "the message is bulk mail: Precedence"},
		{"Precedence junk", "a@a.test", "Precedence: junk\n", "the message is bulk mail: Precedence"},
		{"Precedence normal", "a@a.test", "Precedence: first-class\n", ok},
		{"List-Id", "a@a.test", "List-ID: <x.test>\n", "the message is from a mailing list"},
		{"List-Unsubscribe", "a@a.test", "List-Unsubscribe: <x:>\n", "the message is from a mailing list"},
		{"Mailing-List", "a@a.test", "Mailing-List: contact x\n", "the message is from a mailing list"},
		{"X-BeenThere", "a@a.test", "X-BeenThere: x\n", "the message is from a mailing list"},
		{"report", "a@a.test", "Content-Type: Multipart/Report; boundary=x\n", "the message is a report"},
		{"other multipart", "a@a.test", "Content-Type: multipart/mixed; x=multipart/report\n", ok},
		{"X-Loop", "a@a.test", "X-Loop: b@b.test\n", "the message was sent by a program: X-Loop"},
		{"suppress NDR", "a@a.test", "X-Auto-Response-Suppress: DR, NDR\n", "the message wants no report: X-Auto-Response-Suppress"},
		{"suppress All", "a@a.test", "X-Auto-Response-Suppress: All\n", "the message wants no report: X-Auto-Response-Suppress"},
		{"suppress OOF", "a@a.test", "X-Auto-Response-Suppress: OOF, AutoReply\n", ok},
		{"under a From_ line", "a@a.test", "From x Mon\nX-Loop: x\n", "the message was sent by a program: X-Loop"},
		{"in the body", "a@a.test", "Subject: x\n\nX-Loop: x\n", ok},
		{"below the header section", "a@a.test", "Subject: x\nnot a field\nX-Loop: x\n", ok},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &Report{Sender: c.sender, Err: &Error{Status: Loop}, Message: []byte(c.header + "\ntext\n"), Complete: true}
			if got, reason := r.Sendable(); got != (c.reason == "") || reason != c.reason {
				t.Errorf("Sendable = %v, %q; want %q", got, reason, c.reason)
			}
		})
	}
}

func TestSendableFailure(t *testing.T) {
	r := &Report{Sender: "a@a.test", Err: &Error{Status: TempLoop}, Complete: true}
	if ok, reason := r.Sendable(); ok {
		t.Errorf("a deferral is reported: %q", reason)
	}
	// What could say that it is automatic may be in the part that was not kept.
	r = &Report{Sender: "a@a.test", Err: &Error{Status: Loop}, Message: []byte("Subject: x\n")}
	if ok, reason := r.Sendable(); ok {
		t.Errorf("half a header section is enough: %q", reason)
	}
	r.Message = append(r.Message, '\n')
	if ok, reason := r.Sendable(); !ok {
		t.Errorf("a whole header section is not enough: %s", reason)
	}
}

// No report is ever reported.
func TestSendableReports(t *testing.T) {
	for name, r := range goldens(t) {
		again := &Report{Sender: "a@a.test", Err: r.Err, Message: written(t, r), Complete: true}
		if ok, _ := again.Sendable(); ok {
			t.Errorf("%s: a report of ours would be reported", name)
		}
	}
	theirs := &Report{Sender: "a@a.test", Err: &Error{Status: Loop}, Message: postfixBounce(t, "seed"), Complete: true}
	if ok, _ := theirs.Sendable(); ok {
		t.Error("a bounce of Postfix would be reported")
	}
}

func TestSendmail(t *testing.T) {
	for sender, want := range map[string]string{
		"alice@a.test":    "alice@a.test",
		"-f@a.test":       "-f@a.test",
		"al ice,b@a.test": `"al ice,b"@a.test`,
		`a"b\@a.test`:     `"a\"b\\"@a.test`,
	} {
		r := &Report{Sender: sender}
		if got := r.Sendmail(); !slices.Equal(got, []string{"/usr/sbin/sendmail", "-i", "-f", "<>", "--", want}) {
			t.Errorf("Sendmail to %s = %q", sender, got)
		}
	}
}
