// Outside is a program of another module: it stores the message on standard input in
// a Maildir, unless it has been delivered to the recipient before.
//
//	outside RECIPIENT MAILDIR < message
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"lastmile/loopcheck"
	"lastmile/maildir"
)

var errLoop = errors.New("mail forwarding loop")

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: outside RECIPIENT MAILDIR < message")
		os.Exit(75)
	}
	path, err := deliver(os.Stdin, os.Args[1], os.Args[2])
	switch {
	case errors.Is(err, errLoop):
		fmt.Println("5.4.6", err)
		os.Exit(77)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(75)
	}
	fmt.Println(path)
}

// deliver returns where the message is then, on stable storage.
func deliver(message io.Reader, recipient, dir string) (path string, err error) {
	var head bytes.Buffer // Scan reads beyond the header section
	h, err := loopcheck.Scan(io.TeeReader(message, &head))
	if err != nil {
		return "", err
	}
	if f := h.Find(recipient, loopcheck.Options{}); f != nil {
		return "", fmt.Errorf("%w for %s: line %d", errLoop, recipient, f.Line)
	}

	box, err := maildir.Open(maildir.Location{Trusted: dir}, maildir.Options{Create: true})
	if err != nil {
		return "", err
	}
	defer box.Close()
	d, err := box.Create()
	if err != nil {
		return "", err
	}
	defer d.Close()
	ours := "Delivered-To: " + loopcheck.Quote(recipient) + "\n"
	if h.Bare { // what has no header section has a body only
		ours += "\n"
	}
	head.Next(h.FromLines) // an mbox's separator is no part of the message
	if _, err = io.WriteString(d, ours); err == nil {
		_, err = io.Copy(d, io.MultiReader(&head, message))
	}
	if err == nil {
		err = d.Sync()
	}
	if err == nil {
		path, err = d.Place()
	}
	if err != nil {
		d.Remove()
	}
	return path, err
}
