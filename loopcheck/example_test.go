package loopcheck_test

import (
	"fmt"
	"strings"

	"lastmile/loopcheck"
)

// A message that a POP3 provider has stamped for the same address.
func ExampleScan() {
	message := "Delivered-To: receiver@example1.jp\nSubject: hello\n\nbody\n"
	h, err := loopcheck.Scan(strings.NewReader(message))
	if err != nil {
		fmt.Println(err)
		return
	}
	if f := h.Find("receiver@example1.jp", loopcheck.Options{}); f != nil {
		fmt.Printf("mail forwarding loop: line %d is %s: %s\n", f.Line, f.Name, f.Value)
	}
	// Output: mail forwarding loop: line 1 is Delivered-To: receiver@example1.jp
}

func ExampleSameMailbox() {
	fmt.Println(loopcheck.SameMailbox("Joe <joe+lists@EXAMPLE.com>", "joe@example.com", "+"))
	// Output: true
}
