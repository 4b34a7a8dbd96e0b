package dsn

import (
	"bytes"
	"mime"
	"net/mail"
	"strings"
	"testing"

	"github.com/emersion/go-message"

	"lastmile/loopcheck"
)

// Whatever the envelope, the reason and the message hold: the report parses, has
// the fields that it is to have and no others, and returns the bytes as they came.
func FuzzReport(f *testing.F) {
	seed := seedReport(f)
	f.Add(seed.Sender, seed.Recipient, seed.OriginalRecipient, seed.Err.Text, seed.ReportingMTA, seed.Message, true)
	f.Add("a\r\nBcc: x@y", "b\nStatus: 2.0.0\n\nx", "c\rAction: relayed", "t\n\n--x\r\nFoo: bar", "h\nX: y", []byte("Message-ID: <a@b>\r\n\tx\nA: b\n\n.\nFrom x\n"), false)
	f.Add("ü\x85@x", "\u2028\u202e@x", " @", "\x00\xff", "\xff", []byte("From x\nFrom y\n\n\x00\r"), true)
	f.Add("", strings.Repeat("é", 2000), "a  "+strings.Repeat(" ", 200)+"b@c", strings.Repeat("x y ", 900), strings.Repeat("é", 300), []byte("From x\nnot a field\n"), true)
	f.Fuzz(func(t *testing.T, sender, recipient, original, text, host string, msg []byte, complete bool) {
		r := &Report{host, testTime, testTime, sender, recipient, original, &Error{Status: Loop, Text: text}, msg, complete, !complete}
		h, err := loopcheck.Scan(bytes.NewReader(msg))
		if err != nil || len(msg) < 2000 && fromLines(msg) != h.FromLines { // over 2048 bytes a line counts as cut
			t.Fatalf("From_ lines %d, loopcheck says %d, %v", fromLines(msg), h.FromLines, err)
		}
		b := written(t, r)
		p := parseReport(t, b)
		want := string(msg[fromLines(msg):])
		if !complete || len(want) > MaxReturned {
			head, _ := headerSection([]byte(want))
			want = string(head)
		}
		if p.back != want {
			t.Fatalf("returned %q, want %q", p.back, want)
		}
		_, params, _ := mime.ParseMediaType(p.top["Content-Type"][0])
		end := "\n--" + params["boundary"] + "--\n"
		own, ok := strings.CutSuffix(string(b), want+end)
		if !ok {
			t.Fatalf("report does not end with the message and %q: %q", end, b)
		}
		for line := range strings.Lines(own) {
			if len(line) > 998 || strings.Trim(line, " \t\n") == "" && line != "\n" || strings.ContainsAny(line, "\r\x00") {
				t.Errorf("bad line %q", line)
			}
		}
		wantNames(t, p.top, "Auto-Submitted Content-Transfer-Encoding Content-Type Date From Message-Id Mime-Version Subject To", "In-Reply-To References")
		wantNames(t, p.message, "Arrival-Date Reporting-Mta", "")
		wantNames(t, p.recipient, "Action Diagnostic-Code Final-Recipient Status", "Original-Recipient")
		for _, part := range p.parts {
			wantNames(t, part, "Content-Description Content-Type", "Content-Transfer-Encoding")
		}
		if got := strings.Join(p.recipient["Status"], " "); got != "5.4.6" {
			t.Errorf("Status %q", got)
		}
		if _, err := message.Read(bytes.NewReader(b)); err != nil {
			t.Errorf("go-message: %v", err)
		}
		oneRecipient(t, r, p.top["To"][0])
	})
}

// oneRecipient checks that what sendmail(1) gets is the sender and nobody else. It
// reads an argument as a list of addresses.
func oneRecipient(t *testing.T, r *Report, to string) {
	t.Helper()
	ok, _ := r.Sendable()
	if !ok {
		return
	}
	argv := r.Sendmail()
	if got := argv[len(argv)-1]; got != to || argv[len(argv)-2] != "--" {
		t.Errorf("Sendmail() = %q, To %q", argv, to)
	}
	if strings.ContainsAny(r.Sender, "[]_") || !strings.Contains(r.Sender, "@") {
		return // net/mail is stricter than we are
	}
	list, err := mail.ParseAddressList(to)
	if err != nil {
		return // so may a U-label be
	}
	if len(list) != 1 || list[0].Address != r.Sender && list[0].Address != to {
		t.Errorf("To %q is read as %v, the sender is %q", to, list, r.Sender)
	}
}

func wantNames(t *testing.T, got map[string][]string, must, may string) {
	t.Helper()
	for _, name := range strings.Fields(must) {
		if len(got[name]) != 1 {
			t.Errorf("%d fields %s in %v", len(got[name]), name, got)
		}
	}
	for name, bodies := range got {
		if !strings.Contains(" "+must+" "+may+" ", " "+name+" ") || len(bodies) != 1 {
			t.Errorf("%d fields %s in %v", len(bodies), name, got)
		}
	}
}

// Unfolding as RFC 5322 section 2.2.3 has it gives back what was folded.
func FuzzWrap(f *testing.F) {
	f.Add("Diagnostic-Code: x-unix; " + strings.Repeat("word ", 40))
	f.Add(strings.Repeat("  two blanks", 20) + strings.Repeat(" ", 100) + strings.Repeat("x", 100))
	f.Fuzz(func(t *testing.T, text string) {
		text = printable(text)
		got := wrap(text, " ")
		if strings.ReplaceAll(got, "\n", "") != text {
			t.Errorf("wrap(%q) = %q", text, got)
		}
		for i, line := range strings.Split(got, "\n") {
			if i > 0 && strings.Trim(line, " ") == "" {
				t.Errorf("wrap(%q) has an empty line: %q", text, got)
			}
		}
	})
}
