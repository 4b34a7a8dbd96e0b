package loopcheck

import (
	"net/mail"
	"regexp"
	"strings"
	"time"
)

// Hop is one Received field (RFC 5321 section 4.4), as far as it can be read.
// What a program has not written, or wrote in a way of its own, is empty.
type Hop struct {
	From, By string // host names
	With     string // protocol: ESMTPS, LMTP, POP3 …
	For      string // an address
	Software string // Postfix, Exim, sendmail, qmail, Gmail, Exchange, LMTP, fetchmail, getmail, fdm, mpop …
	Time     time.Time
}

// Fetched reports whether the hop is one of a mail retriever, which has taken
// the message out of a mailbox and sent it on its way again.
func (h *Hop) Fetched() bool {
	switch h.Software {
	case "fetchmail", "getmail", "fdm", "mpop":
		return true
	}
	return false
}

// software is how programs show themselves in a Received field; the first that
// fits is taken.
var software = []struct{ mark, name string }{
	{"(fetchmail-", "fetchmail"},
	{"getmail6", "getmail"},
	{"(getmail", "getmail"},
	{"by localhost (fdm ", "fdm"},
	{"(fdm ", "fdm"},
	{"(mpop-", "mpop"},
	{"(Postfix", "Postfix"},
	{"(Exim ", "Exim"},
	{"(qmail ", "qmail"},
	{"(amavis", "amavis"},
	{"(OpenSMTPD", "OpenSMTPD"},
	{"(chasquid", "chasquid"},
	{"(Haraka/", "Haraka"},
	{"Microsoft SMTP Server", "Exchange"},
	{" with mapi ", "Exchange"},
	{" with LMTP", "LMTP"},
}

// softwareOfHost knows two whose hosts are their own. The host is the one that
// wrote the field, not the one that it got the message from.
func softwareOfHost(host string) string {
	host = strings.ToLower(host)
	switch {
	case strings.HasSuffix(host, ".google.com"), strings.HasPrefix(host, "2002:a"): // Gmail's inner hops
		return "Gmail"
	case strings.HasSuffix(host, ".outlook.com"), strings.HasSuffix(host, ".exchangelabs.com"):
		return "Exchange"
	}
	return ""
}

// qmailDate is how qmail's received.c writes a date, and hardly anybody else.
func qmailDate() *regexp.Regexp {
	return regexp.MustCompile(`^\s*\d+ [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d -0000\s*$`)
}

// parseReceived reads the unfolded body of a Received field.
func parseReceived(body string) *Hop {
	h := &Hop{}
	text, date := body, ""
	if i := strings.LastIndexByte(body, ';'); i >= 0 {
		text, date = body[:i], body[i+1:]
	} else if i := lastWeekday(body); i >= 0 { // fdm writes no ";"
		text, date = body[:i], body[i:]
	}
	h.Time, _ = mail.ParseDate(strings.TrimSpace(date))
	for _, s := range software {
		if strings.Contains(text, s.mark) {
			h.Software = s.name
			break
		}
	}
	if h.Software == "" && sendmail().MatchString(text) {
		h.Software = "sendmail"
	}
	words := strings.Fields(withoutComments(text))
	for i := 0; i+1 < len(words); i++ {
		value := strings.TrimRight(words[i+1], ";,")
		switch strings.ToLower(words[i]) {
		case "from":
			first(&h.From, value)
		case "by":
			first(&h.By, value)
		case "with":
			first(&h.With, value)
		case "for":
			first(&h.For, strings.Trim(value, "<>"))
		}
	}
	switch {
	case h.Software != "":
	case softwareOfHost(h.By) != "":
		h.Software = softwareOfHost(h.By)
	case strings.EqualFold(h.With, "SMTP") && qmailDate().MatchString(date):
		h.Software = "qmail" // qmail-smtpd does not name itself
	}
	return h
}

// first keeps the first value of a clause: what looks like another may be text.
func first(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// sendmail knows the version pair of sendmail: (8.15.2/8.15.2).
func sendmail() *regexp.Regexp { return regexp.MustCompile(`\(8\.\d+[^ )]*/`) }

// withoutComments drops comments in parentheses, nested ones too.
func withoutComments(s string) string {
	var b strings.Builder
	depth := 0
	for _, c := range s {
		switch {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
			b.WriteByte(' ')
		case depth == 0:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// lastWeekday returns where a date begins that nothing but a blank sets apart.
func lastWeekday(s string) int {
	last := -1
	for _, day := range []string{"Mon, ", "Tue, ", "Wed, ", "Thu, ", "Fri, ", "Sat, ", "Sun, "} {
		last = max(last, strings.LastIndex(s, day))
	}
	return last
}
