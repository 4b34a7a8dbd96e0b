package loopcheck

import (
	"strings"

	"golang.org/x/net/idna"
)

// SameMailbox reports whether two addresses, spelled as they may stand in a
// header field, mean the same mailbox. Beyond [Postfix] it equates
//
//   - "<a@b>" and "Name <a@b>" with "a@b" (RFC 5322 section 3.4),
//   - comments, blanks around the address, and values folded over several lines,
//   - a local part in needless quotes, and one that lacks the quotes it needs,
//   - a domain with and without its final dot,
//   - A-labels and U-labels of an internationalised domain (RFC 5890),
//   - with delimiters: "user+extension@domain" and "user@domain", whatever the
//     extension ([Split]).
//
// A list of addresses, an encoded-word and text that is no address are the
// same as nothing.
func SameMailbox(a, b, delimiters string) bool {
	m := parseMailbox(a, delimiters)
	return m != mailbox{} && m == parseMailbox(b, delimiters)
}

// mailbox is an address in the form that two spellings of it have in common.
// The zero value stands for text that is no address.
type mailbox struct{ local, domain string }

// parseMailbox reads the one address in a field body.
func parseMailbox(body, delimiters string) mailbox {
	text, ok := addressText(body)
	if !ok {
		return mailbox{}
	}
	local, domain := text, ""
	if i := lastUnquoted(text, '@'); i >= 0 {
		local, domain = text[:i], text[i+1:]
	}
	local = Unquote(strings.TrimSpace(local))
	if local == "" {
		return mailbox{}
	}
	user, _ := Split(local, delimiters)
	return mailbox{fold(user), foldDomain(domain)}
}

// addressText removes comments, a display name and angle brackets. It reports
// false for a list.
func addressText(body string) (text string, ok bool) {
	var b strings.Builder
	quoted, depth, angle, colon := false, 0, false, false
	for i := 0; i < len(body); i++ {
		c := body[i]
		switch {
		case c == '\\' && (quoted || depth > 0) && i+1 < len(body):
			i++
			if depth == 0 {
				b.WriteByte(c)
				b.WriteByte(body[i])
			}
		case quoted:
			quoted = c != '"'
			b.WriteByte(c)
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == '"':
			quoted = true
			b.WriteByte(c)
		case c == '<' && !angle:
			if colon {
				return "", false // a group, or a URI: no display name has a colon
			}
			angle = true // what came before is the display name
			b.Reset()
		case c == '>' && angle:
			rest, ok := addressText(body[i+1:])
			return strings.TrimSpace(b.String()), ok && rest == ""
		case c == ',' || c == ';':
			return "", false
		default:
			colon = colon || c == ':'
			b.WriteByte(c)
		}
	}
	return strings.TrimSpace(b.String()), !quoted && depth == 0 && !angle
}

// lastUnquoted returns the index of the last c that stands outside double
// quotes, or -1.
func lastUnquoted(s string, c byte) int {
	last, quoted := -1, false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == c && !quoted:
			last = i
		}
	}
	return last
}

// foldDomain returns the A-label form of a domain, or the folded text if it is
// no domain name.
func foldDomain(domain string) string {
	domain = strings.TrimSuffix(strings.TrimSpace(domain), ".")
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil && domain != "" {
		return strings.ToLower(ascii)
	}
	return fold(domain)
}
