package loopcheck

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseReceived(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for body, want := range map[string]Hop{
		"from a.example (a.example [192.0.2.1]) by b.example (Postfix) with ESMTPS id 4A for <you@example.com>; Mon, 23 Nov 2026 21:00:00 +0000 (UTC)":                       {From: "a.example", By: "b.example", With: "ESMTPS", For: "you@example.com", Software: "Postfix", Time: at("2026-11-23T21:00:00Z")},
		"from a.example ([192.0.2.1] helo=x) by b.example with esmtps (TLS1.3) (Exim 4.96) (envelope-from <a@b>) id 1x for you@example.com; Mon, 23 Nov 2026 21:00:00 +0100": {From: "a.example", By: "b.example", With: "esmtps", For: "you@example.com", Software: "Exim", Time: at("2026-11-23T20:00:00Z")},
		"from a.example (a.example [192.0.2.1]) by b.example (8.15.2/8.15.2) with ESMTP id x; Mon, 23 Nov 2026 21:00:00 GMT":                                                 {From: "a.example", By: "b.example", With: "ESMTP", Software: "sendmail", Time: at("2026-11-23T21:00:00Z")},
		"(qmail 123 invoked by uid 89); 23 Nov 2026 21:00:00 -0000":                                                                                                          {Software: "qmail", Time: at("2026-11-23T21:00:00Z")},
		"by 2002:a17:90a:1 with SMTP id x; Mon, 23 Nov 2026 13:00:00 -0800 (PST)":                                                                                            {By: "2002:a17:90a:1", With: "SMTP", Software: "Gmail", Time: at("2026-11-23T21:00:00Z")},
		"from a.example by mx.google.com with ESMTPS id y; Mon, 23 Nov 2026 13:00:00 -0800 (PST)":                                                                            {From: "a.example", By: "mx.google.com", With: "ESMTPS", Software: "Gmail", Time: at("2026-11-23T21:00:00Z")},
		"from A.prod.outlook.com (2603::1) by B.prod.outlook.com (2603::2) with Microsoft SMTP Server (version=TLS1_2) id 15.20; Mon, 23 Nov 2026 21:00:00 +0000":            {From: "A.prod.outlook.com", By: "B.prod.outlook.com", With: "Microsoft", Software: "Exchange", Time: at("2026-11-23T21:00:00Z")},
		"from mail.example by store.example with LMTP id x (envelope-from <a@b>); Mon, 23 Nov 2026 21:00:00 +0000":                                                           {From: "mail.example", By: "store.example", With: "LMTP", Software: "LMTP", Time: at("2026-11-23T21:00:00Z")},
		"from pop3.test by h with POP3 (fetchmail-6.4.37) for <you@example.com> (single-drop); Tue, 24 Nov 2026 06:00:00 +0900 (JST)":                                        {From: "pop3.test", By: "h", With: "POP3", For: "you@example.com", Software: "fetchmail", Time: at("2026-11-23T21:00:00Z")},
		"from pop3.test (127.0.0.1:37013) by h with POP3 getmail6 msgid:1 for <you@example.com>; 23 Nov 2026 21:00:00 -0000":                                                 {From: "pop3.test", By: "h", With: "POP3", For: "you@example.com", Software: "getmail", Time: at("2026-11-23T21:00:00Z")},
		`by localhost (fdm 1.9, account "isp") with pop3 (unencrypted) Mon, 23 Nov 2026 21:00:00 +0000`:                                                                      {By: "localhost", With: "pop3", Software: "fdm", Time: at("2026-11-23T21:00:00Z")},
		"from pop3.test (localhost [127.0.0.1]) by h (mpop-1.4.18) with POP3 for <receiver>; Mon, 23 Nov 2026 21:00:00 +0000":                                                {From: "pop3.test", By: "h", With: "POP3", For: "receiver", Software: "mpop", Time: at("2026-11-23T21:00:00Z")},
		"nonsense":                    {},
		"":                            {},
		"from from by by; ; tomorrow": {From: "from", By: "by"},
	} {
		got := *parseReceived(body)
		if !got.Time.Equal(want.Time) {
			t.Errorf("%s: time %v, want %v", body, got.Time, want.Time)
		}
		got.Time, want.Time = time.Time{}, time.Time{}
		if got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", body, got, want)
		}
	}
}

// fetchmail and fdm put their field below what stands on top; the stamp there
// is older all the same.
func TestWayOfRetrievers(t *testing.T) {
	const message = "Received: by mx (Postfix)\nX-Original-To: you@example.com\nDelivered-To: you@example.com\n" +
		"Received: from pop by h with POP3 (fetchmail-6.4.37)\nReceived: by isp (Postfix)\nReturn-Path: <a@b>\n\nReceived: body\n"
	var got []string
	for _, f := range Way([]byte(message)) {
		got = append(got, f.Name+" "+f.Body[:min(len(f.Body), 8)])
	}
	want := "Return-Path <a@b>, Received by isp (, Delivered-To you@exam, X-Original-To you@exam, Received from pop, Received by mx (P"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
}

// Whatever a header section is, its way can be told: no field twice, none that
// Scan does not count.
func FuzzWay(f *testing.F) {
	for _, seed := range []string{founding, "Received: (fetchmail-\nDelivered-To: x\n", "Received:;;;\n\tby (((\n", "Resent-: a\nX-Forwarded-: b\n", "From a\nReceived: by x; Mon, \n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		way := Way(head)
		lines := map[int]bool{}
		hops := 0
		for i := range way {
			if lines[way[i].Line] || len(way[i].Body) > maxTraceText {
				t.Errorf("line %d twice, or %d bytes", way[i].Line, len(way[i].Body))
			}
			lines[way[i].Line] = true
			if way[i].Hop != nil {
				hops++
			}
			Diagnose(way, "you@example.com", way[i].Line, 0)
		}
		Diagnose(way, "you@example.com", 0, 1)
		var s Scanner
		s.Write(head)
		if h := s.Header(); h.FromLines == 0 && !h.Bare && h.Hops != hops && h.Hops < maxTrace && len(way) < maxTrace {
			t.Errorf("%d hops here, %d in Scan", hops, h.Hops)
		}
	})
}

// A program is told by the host that wrote the field, not by the one that the
// message came from.
func TestSoftwareOfHop(t *testing.T) {
	for body, want := range map[string]string{
		"from mail-lf1.google.com (mail-lf1.google.com [192.0.2.1]) by mx.example.org with ESMTP id 1; Mon, 23 Nov 2026 10:00:00 +0000": "",
		"by 2002:a05:6512:3455:b0:50a:aa82:ad4a with SMTP id j21csp1; Mon, 23 Nov 2026 02:00:01 -0800 (PST)":                            "Gmail",
		"from a ([fe80::1]) by EX01.corp.example ([fe80::1%4]) with mapi id 15.01.2507.034; Mon, 23 Nov 2026 12:00:02 +0200":            "Exchange",
		"from a by DB8PR01MB5678.eurprd01.prod.exchangelabs.com with HTTPS; Mon, 23 Nov 2026 10:00:05 +0000":                            "Exchange",
		"from unknown (HELO desk) (203.0.113.5) by mx.example.org with SMTP; 23 Nov 2026 10:00:01 -0000":                                "qmail",
		"from a by localhost (mail.example [127.0.0.1]) (amavisd-new, port 10024) with ESMTP id 1; Mon, 23 Nov 2026 10:00:00 +0000":     "amavis",
		"from a by b (OpenSMTPD) with ESMTP id 1 for <c@d>; Mon, 23 Nov 2026 10:00:00 +0000 (UTC)":                                      "OpenSMTPD",
		"from a by b (chasquid) with ESMTPS tls X (over TLS-1.3, 203.0.113.6) ; Mon, 23 Nov 2026 10:00:00 +0000":                        "chasquid",
		"from a by b (Haraka/3.0.3) with ESMTPS id 1 envelope-from <x>; Mon, 23 Nov 2026 10:00:00 +0000":                                "Haraka",
	} {
		if got := parseReceived(body).Software; got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

// Whatever the bytes are, nothing panics, every field stands on a line of its
// own, and the stamps of the way are those that the decision is made with.
func FuzzTrace(f *testing.F) {
	for _, pattern := range []string{"../testdata/explain/*.case", "../testdata/samples/*.eml"} {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			message, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			if filepath.Ext(path) == ".case" {
				_, message, _ = bytes.Cut(message, []byte("\n\n"))
			}
			f.Add(message)
		}
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		way := Way(message)
		h, err := Scan(bytes.NewReader(message))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[int]bool{}
		var stamps []int
		for i := range way {
			line := way[i].Line
			if seen[line] || line < 1 || line > h.Lines {
				t.Fatalf("line %d of %d, seen before: %v", line, h.Lines, seen[line])
			}
			seen[line] = true
			if way[i].Is(DeliveredTo) {
				stamps = append(stamps, line)
			}
			Diagnose(way, "receiver@example1.jp", line, 0)
		}
		if len(way) == maxTrace {
			return // not all of them were kept
		}
		var want []int
		for i := range h.Stamps {
			want = append(want, h.Stamps[i].Line)
		}
		slices.Sort(stamps)
		if !slices.Equal(stamps, want) {
			t.Fatalf("stamps in lines %d, the decision is made with %d", stamps, want)
		}
	})
}
