package loopcheck_test

import (
	"fmt"
	"strings"

	"lastmile/loopcheck"
)

// A message that a POP3 provider has stamped for the same address.
const stamped = `Received: from mymailserver.local (localhost [127.0.0.1])
	by mail.example.net (Postfix) with ESMTP id 3
	for <receiver@example1.jp>; Wed, 02 Aug 2017 15:10:00 +0000
Received: from mx.pop3.example [192.0.2.1]
	by mymailserver.local with POP3 (fetchmail-6.4.37)
	for <receiver@example1.jp> (single-drop); Wed, 02 Aug 2017 15:10:00 +0000
Delivered-To: receiver@example1.jp
Received: from out.example.org (out.example.org [192.0.2.2])
	by mx.pop3.example (Postfix) with ESMTP id 2
	for <receiver@example1.jp>; Wed, 02 Aug 2017 15:00:00 +0000
Subject: hello

body
`

func ExampleScan() {
	h, err := loopcheck.Scan(strings.NewReader(stamped))
	if err != nil {
		fmt.Println(err)
		return
	}
	if f := h.Find("receiver@example1.jp", loopcheck.Options{}); f != nil {
		fmt.Printf("mail forwarding loop: line %d is %s: %s\n", f.Line, f.Name, f.Value)
	}
	// Output: mail forwarding loop: line 7 is Delivered-To: receiver@example1.jp
}

// A program that streams a message feeds the scanner as the message arrives.
func ExampleScanner() {
	var s loopcheck.Scanner
	for line := range strings.Lines(stamped) {
		if s.Write([]byte(line)) {
			break // the header section has ended
		}
	}
	h := s.Header()
	fmt.Println(len(h.Stamps), "stamp,", h.Find("somebody@example1.jp", loopcheck.Options{}) != nil)
	// Output: 1 stamp, false
}

// Behind local(8), and pipe(8) with flags=D, the stamp on top is that of the very
// delivery: it does not count.
func ExampleHeader_TopStamp() {
	h, err := loopcheck.Scan(strings.NewReader("Delivered-To: joe@example.com\n" + stamped))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(h.Find("joe@example.com", loopcheck.Options{}) != nil)
	fmt.Println(h.Find("joe@example.com", loopcheck.Options{Skip: h.TopStamp()}) != nil)
	// Output:
	// true
	// false
}

// Why does it loop?
func ExampleDiagnose() {
	head, _, _ := strings.Cut(stamped, "\n\n")
	way := loopcheck.Way([]byte(head + "\n"))
	for _, f := range way {
		if f.Hop != nil {
			fmt.Printf("line %d: by %s with %s\n", f.Line, f.Hop.By, f.Hop.With)
		}
	}
	d := loopcheck.Diagnose(way, "receiver@example1.jp", 7, 0)
	fmt.Println(d.Cause, d.Fetcher, d.Lines)
	// Output:
	// line 8: by mx.pop3.example with ESMTP
	// line 4: by mymailserver.local with POP3
	// line 1: by mail.example.net with ESMTP
	// provider-stamp fetchmail [7 4]
}

func ExampleSameMailbox() {
	fmt.Println(loopcheck.SameMailbox("Joe <joe+lists@EXAMPLE.com>", "joe@example.com", "+"))
	// Output: true
}

// The command line has the external form of an address, a Delivered-To field the
// quoted one.
func ExampleQuote() {
	fmt.Println(loopcheck.Quote("john doe@example.com"))
	fmt.Println(loopcheck.Unquote(`"john doe"@example.com`))
	// Output:
	// "john doe"@example.com
	// john doe@example.com
}

func ExampleSplit() {
	local, domain := loopcheck.Cut("joe+lists@example.com")
	user, extension := loopcheck.Split(local, "+")
	fmt.Println(user, extension, domain)
	// Output: joe lists example.com
}
