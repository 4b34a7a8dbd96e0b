package dsn

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/emersion/go-message"
)

var update = flag.Bool("update", false, "write the reports of testdata/dsn anew")

var testTime = time.Date(2026, 11, 23, 21, 39, 28, 0, time.FixedZone("", 0))

// seedReport is a report about the message that Postfix's own bounce in
// testdata/samples is about.
func seedReport(t testing.TB) *Report {
	t.Helper()
	return &Report{
		ReportingMTA: "mail.lab.test", Arrival: testTime, Time: testTime,
		Sender: "alice@capture.test", Recipient: "receiver@example1.jp", OriginalRecipient: "receiver@example1.jp",
		Err:      &Error{Loop, "mail forwarding loop for receiver@example1.jp", errors.New("/secret/path")},
		Message:  []byte(strings.TrimPrefix(parseReport(t, postfixBounce(t, "seed")).back, "Return-Path: <alice@capture.test>\n")),
		Complete: true,
	}
}

// postfixBounce is a bounce of Postfix, without what the way to its reader put
// above it.
func postfixBounce(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../testdata/samples", "postfix-bounce-"+name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return b[bytes.Index(b, []byte("Date:")):]
}

func written(t testing.TB, r *Report) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := r.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("WriteTo = %d, %v; wrote %d bytes", n, err, b.Len())
	}
	return b.Bytes()
}

// parsed is a report as a parser sees it: the fields of each header section, and
// the text of the parts.
type parsed struct {
	top, message, recipient map[string][]string
	parts                   []map[string][]string
	notice, status, back    string
}

// parseReport reads a report with net/mail and mime/multipart.
func parseReport(t testing.TB, b []byte) parsed {
	t.Helper()
	var p parsed
	m, err := mail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("net/mail: %v\n%s", err, b)
	}
	p.top = m.Header
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || media != "multipart/report" || params["report-type"] != "delivery-status" {
		t.Fatalf("Content-Type %q %v %v", media, params, err)
	}
	mr := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := mr.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("mime/multipart: %v\n%s", err, b)
		}
		body, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		p.parts = append(p.parts, part.Header)
		switch len(p.parts) {
		case 1:
			p.notice = string(body)
		case 2:
			p.status = string(body)
		case 3:
			p.back = string(body)
		}
	}
	if len(p.parts) != 3 {
		t.Fatalf("%d parts, want 3\n%s", len(p.parts), b)
	}
	groups := strings.Split(strings.TrimSuffix(p.status, "\n"), "\n\n")
	if len(groups) != 2 {
		t.Fatalf("%d groups of status fields, want 2: %q", len(groups), p.status)
	}
	for i, dst := range []*map[string][]string{&p.message, &p.recipient} {
		g, err := mail.ReadMessage(strings.NewReader(groups[i] + "\n\n"))
		if err != nil {
			t.Fatalf("status fields: %v %q", err, groups[i])
		}
		*dst = g.Header
	}
	return p
}

// The report has what Postfix's own bounce for the same message has; where it
// differs it does so on purpose.
func TestReportAgainstPostfix(t *testing.T) {
	theirs := parseReport(t, postfixBounce(t, "agent-exit69"))
	r := seedReport(t)
	r.Message = []byte(strings.TrimPrefix(theirs.back, "Return-Path: <alice@capture.test>\n"))
	r.Arrival = testTime.Add(12 * time.Second)
	ours := parseReport(t, written(t, r))
	//DIFF field names to "ours" ("" none, "*" any) and the reason
	differ := map[string][2]string{
		"top Date":                                      {"*", "another run"},
		"top Message-Id":                                {"*", "another run"},
		"top Content-Type":                              {"*", "another boundary"},
		"top In-Reply-To":                               {"<seed@capture.test>", "Postfix with enable_threaded_bounces = yes"},
		"top References":                                {"<seed@capture.test>", "Postfix with enable_threaded_bounces = yes"},
		"top Content-Transfer-Encoding":                 {"7bit", "of the bytes, not of what was said when the message came"},
		"Notification Content-Transfer-Encoding":        {"7bit", "likewise"},
		"Undelivered Message Content-Transfer-Encoding": {"7bit", "likewise"},
		"message X-Postfix-Queue-Id":                    {"", "there is no queue"},
		"message X-Postfix-Sender":                      {"", "Postfix's own; it is in To"},
		"message Arrival-Date":                          {"Mon, 23 Nov 2026 21:39:40 +0000", "no comment with the name of the zone"},
		"recipient Original-Recipient":                  {"rfc822; receiver@example1.jp", "blank as in Final-Recipient; Postfix passes on the text of ORCPT"},
	}
	compare := func(where string, ours, theirs map[string][]string) {
		t.Helper()
		names := map[string]bool{}
		for name := range ours {
			names[name] = true
		}
		for name := range theirs {
			names[name] = true
		}
		for name := range names {
			got, want := strings.Join(ours[name], "|"), strings.Join(theirs[name], "|")
			if d, ok := differ[where+" "+name]; ok {
				if d[0] != "*" && got != d[0] || got == want {
					t.Errorf("%s %s: ours %q, theirs %q; want %q because: %s", where, name, got, want, d[0], d[1])
				}
				continue
			}
			if got != want {
				t.Errorf("%s %s: ours %q, theirs %q", where, name, got, want)
			}
		}
	}
	compare("top", ours.top, theirs.top)
	compare("message", ours.message, theirs.message)
	compare("recipient", ours.recipient, theirs.recipient)
	for i := range theirs.parts {
		compare(theirs.parts[i]["Content-Description"][0], ours.parts[i], theirs.parts[i])
	}
	//DIFF no Return-Path above the returned message: it is what came in, and nothing else
	if "Return-Path: <alice@capture.test>\n"+ours.back != theirs.back {
		t.Errorf("returned message %q, theirs %q", ours.back, theirs.back)
	}
	//DIFF the notice has words of its own
	for _, line := range []string{"This is the mail system at host mail.lab.test.", "<receiver@example1.jp>: mail forwarding loop for receiver@example1.jp"} {
		if !strings.Contains(ours.notice, line+"\n") || !strings.Contains(theirs.notice, line+"\n") {
			t.Errorf("no line %q in both notices:\n%s\n%s", line, ours.notice, theirs.notice)
		}
	}
}

// goldens are the reports of testdata/dsn.
func goldens(t *testing.T) map[string]*Report {
	all := map[string]*Report{}
	add := func(name string, change func(*Report)) {
		r := seedReport(t)
		change(r)
		all[name] = r
	}
	add("seed", func(*Report) {})
	add("headers", func(r *Report) {
		r.HeadersOnly = true
		r.OriginalRecipient = "office@example1.jp"
	})
	add("utf8", func(r *Report) {
		r.Recipient, r.OriginalRecipient, r.Sender = "用户+x@例子.jp", "jürgen@example1.jp", "андрей@capture.test"
		r.Err = &Error{Status: Loop, Text: "mail forwarding loop for 用户+x@例子.jp"}
		r.Message = []byte("From: андрей@capture.test\nSubject: ü\nMessage-ID: <ü@x>\n\ntext\n")
	})
	add("long", func(r *Report) {
		r.Err = &Error{Status: New(5, 3, 0), Text: "service unavailable. Command output: " + strings.Repeat("many words ", 20)}
		r.Recipient = `al  ice"@example1.jp`
	})
	add("legacy", func(r *Report) { // a header section in Latin-1, no line end at the end
		r.Message = []byte("From \xe9\r\nFrom x\nSubject: \xfc\r\nMessage-ID: <a b@x>\r\n\r\n\x00\rtext\r\n--x\r\nend")
		r.Message = r.Message[bytes.IndexByte(r.Message, '\n')+1:]
	})
	return all
}

func TestReportGolden(t *testing.T) {
	for name, r := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			got := written(t, r)
			p := parseReport(t, got)
			_, params, _ := mime.ParseMediaType(p.top["Content-Type"][0])
			got = bytes.ReplaceAll(got, []byte(params["boundary"]), []byte("BOUNDARY"))
			got = bytes.ReplaceAll(got, []byte(p.top["Message-Id"][0]), []byte("<ID@mail.lab.test>"))
			path := filepath.Join("../../testdata/dsn", name+".eml")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// go-message reads the same structure, and no cause of a failure is told.
func TestReportGoMessage(t *testing.T) {
	for name, r := range goldens(t) {
		b := written(t, r)
		if bytes.Contains(b, []byte("/secret")) {
			t.Errorf("%s: the cause is in the report", name)
		}
		e, err := message.Read(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var types []string
		if err := e.Walk(func(path []int, e *message.Entity, err error) error {
			if err != nil {
				return err
			}
			media, _, err := e.Header.ContentType()
			types = append(types, media)
			if len(path) == 1 && path[0] == 2 {
				body, _ := io.ReadAll(e.Body)
				if want := r.returned().content; !bytes.Equal(body, want) {
					t.Errorf("%s: returned %q, want %q", name, body, want)
				}
			}
			return err
		}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want := []string{"multipart/report", "text/plain", "message/delivery-status", "message/rfc822"}
		switch name {
		case "utf8":
			want[2], want[3] = "message/global-delivery-status", "message/global"
		case "headers":
			want[3] = "text/rfc822-headers"
		}
		if strings.Join(types, " ") != strings.Join(want, " ") {
			t.Errorf("%s: parts %v, want %v", name, types, want)
		}
	}
}

// A message is returned whole up to MaxReturned, and never in parts.
func TestReturned(t *testing.T) {
	head := "Subject: x\n\n"
	for _, c := range []struct {
		size     int
		headers  bool
		wantType string
	}{
		{MaxReturned, false, "message/rfc822"},
		{MaxReturned, true, "text/rfc822-headers"},
		{MaxReturned + 1, false, "text/rfc822-headers"},
		{maxKept, false, "text/rfc822-headers"},
		{maxKept + 1, false, "text/rfc822-headers"},
	} {
		all := head + strings.Repeat("x", c.size-len(head))
		in := &Copy{In: iotest.HalfReader(strings.NewReader(all))}
		if got, err := io.ReadAll(in); err != nil || string(got) != all {
			t.Fatalf("Copy changed the message: %v", err)
		}
		r := seedReport(t)
		r.HeadersOnly = c.headers
		r.Message, r.Complete = in.Message()
		if r.Complete != (c.size <= maxKept) {
			t.Errorf("size %d: complete %v", c.size, r.Complete)
		}
		back := r.returned()
		want := all
		if c.wantType != "message/rfc822" {
			want = "Subject: x\n"
		}
		if back.contentType != c.wantType || string(back.content) != want {
			t.Errorf("size %d: returned %s of %d bytes", c.size, back.contentType, len(back.content))
		}
	}
}

// A message that was not read to its end is not complete.
func TestCopyUnread(t *testing.T) {
	in := &Copy{In: strings.NewReader("abc")}
	in.Read(make([]byte, 3))
	if b, complete := in.Message(); complete || string(b) != "abc" {
		t.Errorf("Message = %q, %v", b, complete)
	}
}
