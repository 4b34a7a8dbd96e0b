package main

import (
	"bytes"
	"regexp"
)

// isReport tells whether the message is one of a mail system: people talk about
// errors, too.
func isReport(head []byte) bool {
	header, _, _ := bytes.Cut(bytes.ToLower(head), []byte("\n\n"))
	return bytes.Contains(header, []byte("multipart/report")) || bytes.Contains(header, []byte("mailer-daemon@"))
}

// loopsBack returns the domain for which Postfix's smtp(8) was about to connect
// to itself; a bounce breaks the sentence anywhere.
func loopsBack(head []byte) string {
	m := regexp.MustCompile(`mail\s+for\s+(\S+)\s+loops\s+back\s+to\s+myself`).FindSubmatch(head)
	if m == nil {
		return ""
	}
	return string(m[1])
}

// returned finds the message, or its header section, that a bounce (RFC 6522)
// returns.
func returned(head []byte) ([]byte, bool) {
	header, _, _ := bytes.Cut(head, []byte("\n\n"))
	if !bytes.Contains(bytes.ToLower(header), []byte("multipart/report")) {
		return nil, false
	}
	at := regexp.MustCompile(`(?i)\ncontent-type:\s*(message/rfc822|message/global|text/rfc822-headers|message/global-headers)\b`).FindIndex(head)
	if at == nil {
		return nil, false
	}
	_, inner, ok := bytes.Cut(head[at[1]:], []byte("\n\n"))
	return inner, ok
}

// refusedRecipient returns the address that a bounce says a loop was found for.
func refusedRecipient(head []byte) string {
	m := regexp.MustCompile(`mail forwarding loop for\s+([^\s>,;]+)`).FindSubmatch(head)
	if m == nil {
		return ""
	}
	return string(m[1])
}
