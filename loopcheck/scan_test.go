package loopcheck

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

const founding = `Return-Path: <alice@example.net>
X-Original-To: receiver@example1.jp
Delivered-To: receiver@example1.jp
Received: from pop3.example1.jp by localhost with POP3 (fetchmail-6.4.37)
	for <receiver@localhost> (single-drop); Mon, 23 Nov 2026 21:00:00 +0000
Received: from a by b
Delivered-To:
 old@example1.jp
Message-ID: <1@example.net>

Delivered-To: body@example1.jp
`

func TestScan(t *testing.T) {
	h, err := Scan(strings.NewReader("From alice@example.net  Mon Nov 23 21:00:00 2026\n" + founding))
	if err != nil {
		t.Fatal(err)
	}
	want := &Header{
		Stamps: []Field{
			{DeliveredTo, 4, "receiver@example1.jp", "receiver@example1.jp", true},
			{DeliveredTo, 8, "", " old@example1.jp", false},
		},
		Top: []Field{
			{ReturnPath, 2, "<alice@example.net>", "<alice@example.net>", true},
			{XOriginalTo, 3, "receiver@example1.jp", "receiver@example1.jp", true},
			{DeliveredTo, 4, "receiver@example1.jp", "receiver@example1.jp", true},
		},
		Hops:      2,
		MessageID: "<1@example.net>",
		FromLines: 49,
		Lines:     10,
	}
	if !reflect.DeepEqual(h, want) {
		t.Errorf("got  %+v\nwant %+v", h, want)
	}
}

func TestScanEnds(t *testing.T) {
	for name, c := range map[string]struct {
		message     string
		bare        bool
		from, lines int
	}{
		"empty line first":      {"\nSubject: x\n", false, 0, 0},
		"CRLF line first":       {"\r\nSubject: x\n", false, 0, 0},
		"white space first":     {" a\nSubject: x\n", true, 0, 0},
		"text first":            {"http://example.com/ is\nSubject: x\n", false, 0, 2}, // "http" is a field name
		"no header field":       {"Hello you\nSubject: x\n", true, 0, 0},
		"white space only line": {"A: b\n \t\nC: d\n\n", false, 0, 3},
		"text after fields":     {"A: b\nhello\nC: d\n\n", false, 0, 1},
		"From_ then header":     {"From a\nA: b\n\n", false, 7, 2},
		"From_ then empty line": {"From a\n\nbody", false, 7, 1},
		"From_ then text":       {"From here to eternity\nbody", true, 0, 1},
		"From_ alone":           {"From here to eternity", true, 0, 1},
		"From_ in the header":   {"A: b\nFrom a\nC: d\n\n", false, 0, 1},
		"three From_ lines":     {"From a\n>From b\n>>From c\nA: b\n\n", false, 24, 4},
		"CRLF":                  {"A: b\r\nC: d\r\n\r\nE: f\r\n", false, 0, 2},
		"nothing":               {"", false, 0, 0},
		"NUL in the name":       {"A\x00: b\n", true, 0, 0},
		"no newline":            {"A: b", false, 0, 1},
	} {
		h, err := Scan(strings.NewReader(c.message))
		if err != nil {
			t.Fatal(err)
		}
		if h.Bare != c.bare || h.FromLines != c.from || h.Lines != c.lines {
			t.Errorf("%s: bare %v, %d bytes of From_ lines, %d lines; want %v, %d, %d", name, h.Bare, h.FromLines, h.Lines, c.bare, c.from, c.lines)
		}
	}
}

func TestScanError(t *testing.T) {
	broken := errors.New("broken")
	if _, err := Scan(io.MultiReader(strings.NewReader("A: b\n"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

func TestFind(t *testing.T) {
	h, _ := Scan(strings.NewReader(founding))
	for _, c := range []struct {
		recipient string
		options   Options
		line      int
	}{
		{"receiver@example1.jp", Options{}, 3},
		{"Receiver@EXAMPLE1.jp", Options{}, 3},
		{"receiver@example1.jp", Options{Skip: h.TopStamp()}, 0},
		{"receiver+x@example1.jp", Options{Match: Mailbox}, 0},
		{"receiver+x@example1.jp", Options{Match: Mailbox, Delimiter: "+"}, 3},
		{"old@example1.jp", Options{}, 0}, // Postfix does not unfold
		{"old@example1.jp", Options{Match: Mailbox}, 7},
		{"body@example1.jp", Options{Match: Mailbox}, 0},
		{"", Options{}, 0},
		{"", Options{Match: Mailbox}, 0},
	} {
		line := 0
		if f := h.Find(c.recipient, c.options); f != nil {
			line = f.Line
		}
		if line != c.line {
			t.Errorf("Find(%q, %+v): line %d, want %d", c.recipient, c.options, line, c.line)
		}
	}
}

// The stamp that is passed over is none of the thousand that count, because
// Postfix would not have it in its queue file.
func TestFindLimit(t *testing.T) {
	var b strings.Builder
	b.WriteString("Delivered-To: top@example.com\nReceived: from a by b\n")
	for i := range 1001 {
		fmt.Fprintf(&b, "Delivered-To: %d@example.com\n", i)
	}
	h, _ := Scan(strings.NewReader(b.String()))
	for _, c := range []struct {
		recipient string
		skip      *Field
		found     bool
	}{
		{"998@example.com", nil, true},
		{"999@example.com", nil, false},
		{"999@example.com", h.TopStamp(), true},
		{"1000@example.com", h.TopStamp(), false},
	} {
		if got := h.Find(c.recipient, Options{Skip: c.skip}) != nil; got != c.found {
			t.Errorf("%s, skipping %v: found %v", c.recipient, c.skip != nil, got)
		}
	}
}

// The verdict does not depend on the pieces in which a message comes.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		founding, "\n", "", "From a\n>From b\nDelivered-To : x@y\r\n\r\n", "A: b\n c\n\x00", "Delivered-To: " + strings.Repeat("x", 2100) + "@y\n",
		"Delivered-To: a@b\x00c\n", " x\nA: b\n", strings.Repeat("From a\n", 2000) + "A: b\n\n",
	} {
		f.Add([]byte(seed), uint8(3))
	}
	f.Fuzz(func(t *testing.T, message []byte, piece uint8) {
		var whole, pieces Scanner
		whole.Write(message)
		want := whole.Header()
		for rest := message; len(rest) > 0; {
			n := min(int(piece)+1, len(rest))
			if pieces.Write(rest[:n]) {
				break
			}
			rest = rest[n:]
		}
		if got := pieces.Header(); !reflect.DeepEqual(got, want) {
			t.Errorf("in pieces of %d: %+v\nas a whole: %+v", int(piece)+1, got, want)
		}
		if want.FromLines > len(message) || len(want.Stamps) > maxStamps+1 {
			t.Errorf("impossible: %+v", want)
		}
		for i := range want.Stamps {
			if s := want.Stamps[i]; len(s.Value) > maxLine || len(s.Unfolded) > maxUnfolded {
				t.Errorf("stamp too long: %+v", s)
			}
		}
	})
}

func BenchmarkScan(b *testing.B) {
	line := "X-Field: " + strings.Repeat("x", 67) + "\n"
	for _, size := range []int{10 << 10, 1 << 20} {
		message := []byte(founding[:strings.Index(founding, "\n\n")+1] + strings.Repeat(line, size/len(line)) + "\n")
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(message)))
			b.ReportAllocs()
			for b.Loop() {
				var s Scanner
				s.Write(message)
				if s.Header().Find("nobody@example.com", Options{}) != nil {
					b.Fatal("found a loop")
				}
			}
		})
	}
}
