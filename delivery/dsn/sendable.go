package dsn

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSender is the longest reverse-path that a report goes to. RFC 5321 section
// 4.5.3.1.3 wants 256 bytes; addresses with another one encoded in them may be
// longer.
const maxSender = 512

// Sendable reports whether the report may be sent at all, and otherwise why not,
// for the log. A caller without an MTA often knows the sender from header fields
// only, so what is said there about automatic mail counts, too: the rules of RFC
// 3834 section 2 for automatic responders, stricter than those for an MTA.
func (r *Report) Sendable() (ok bool, reason string) {
	if r.Err.Status.Class() != 5 {
		return false, "the failure is not permanent" // it will be tried again
	}
	if reason := badSender(r.Sender); reason != "" {
		return false, reason
	}
	head, ended := headerSection(r.Message[fromLines(r.Message):])
	if !ended && !r.Complete {
		return false, "the header section is too long to be judged"
	}
	first := true
	for name, body := range fields(head) {
		if name == "return-path" && first {
			// RFC 5321 section 4.4: written by the last MTA. The sender that we
			// were told may be from another field.
			if strings.TrimSpace(body) == "<>" {
				return false, "the message came with a null reverse-path"
			}
			first = false
		}
		if reason := automatic(name, body); reason != "" {
			return false, reason
		}
	}
	return true, ""
}

// Sendmail returns the command line that takes the report on its standard input.
// The sender is quoted: sendmail(1) reads each argument as a list of addresses.
func (r *Report) Sendmail() []string {
	return []string{"/usr/sbin/sendmail", "-i", "-f", "<>", "--", quoted(r.Sender)}
}

// badSender says why nothing is sent to a reverse-path, or nothing.
func badSender(sender string) string {
	if sender == "" || sender == "<>" {
		return "the reverse-path is null" // RFC 5321 section 4.5.5, RFC 3464 section 2
	}
	local, domain := sender, ""
	at := strings.LastIndexByte(sender, '@')
	if at >= 0 {
		local, domain = sender[:at], sender[at+1:]
	}
	switch {
	case local == "" || strings.Contains(local, "@") || at >= 0 && !isDomain(domain) || len(sender) > maxSender || printable(sender) != sender:
		return "the reverse-path is no address"
	case isOneOf(strings.ToLower(local), "mailer-daemon", "double-bounce"):
		return "the reverse-path is that of a mail system"
	case isListSender(strings.ToLower(local)):
		return "the reverse-path is that of a mailing list"
	}
	return ""
}

// isDomain tells whether a domain has only what is in domain names, address
// literals and U-labels. A comma would begin another address for sendmail(1).
func isDomain(domain string) bool {
	return domain != "" && !strings.ContainsFunc(domain, func(c rune) bool {
		return c < utf8.RuneSelf && !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("-._[]:", c)
	})
}

// isListSender knows the local parts of lists: those that RFC 3834 section 2
// names, of RFC 2142 section 6, and of Mailman, ezmlm, Sympa and Google Groups,
// with the recipient in them or not.
func isListSender(local string) bool {
	if strings.HasPrefix(local, "owner-") || isOneOf(local, "listserv", "listproc", "majordomo", "mailman", "sympa") {
		return true
	}
	// -return-NUMBER-, -bounces+USER=DOMAIN
	list, _, _ := strings.Cut(local, "+")
	for _, end := range [...]string{"-request", "-owner", "-bounce", "-bounces", "-return"} {
		if strings.HasSuffix(list, end) {
			return true
		}
	}
	return strings.Contains(list, "-return-") || strings.Contains(list, "-bounces-")
}

// automatic says why a message with this field gets no answer from a program, or
// nothing.
func automatic(name, body string) string {
	value := token(body)
	switch {
	case name == "auto-submitted" && value != "no": // RFC 3834 section 5
		return "the message is automatic: Auto-Submitted"
	case name == "precedence" && isOneOf(value, "list", "bulk", "junk"): // RFC 3834 section 2
		return "the message is bulk mail: Precedence"
	case strings.HasPrefix(name, "list-"), // RFC 2369, RFC 2919, RFC 8058
		isOneOf(name, "mailing-list", "x-mailing-list", "x-beenthere"):
		return "the message is from a mailing list"
	case name == "content-type" && isOneOf(value, "multipart/report", "message/delivery-status", "message/global-delivery-status"):
		return "the message is a report" // RFC 6522
	case name == "x-loop":
		return "the message was sent by a program: X-Loop" // procmail's and debbugs' mark
	case name == "x-auto-response-suppress" && suppressesReports(body):
		return "the message wants no report: X-Auto-Response-Suppress"
	}
	return ""
}

// suppressesReports reads the field of Microsoft's MS-OXCMAIL section
// 2.1.3.2.17: a list, in which NDR means reports like ours.
func suppressesReports(body string) bool {
	for _, word := range strings.Split(body, ",") {
		if isOneOf(token(word), "ndr", "all") {
			return true
		}
	}
	return false
}

// token returns what a structured field begins with, up to its parameters, in
// lower case, without comments (RFC 5322 section 3.2.2) and white space.
func token(body string) string {
	var b strings.Builder
	depth := 0
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '\\' && depth > 0:
			i++
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0 || isSpace(c):
		case c == ';':
			return strings.ToLower(b.String())
		default:
			b.WriteByte(c)
		}
	}
	return strings.ToLower(b.String())
}

func isOneOf(s string, words ...string) bool { return slices.Contains(words, s) }
