package dsn

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-message/textproto"
)

const (
	// maxText is the length in bytes of a text or an address in a report. Below
	// 998, the longest line of RFC 5322 section 2.1.1, no word ever needs to be
	// split.
	maxText = 900

	// maxColumn is where lines are folded: RFC 5322 section 2.1.1.
	maxColumn = 78

	// maxHost is the length of a host name: RFC 5321 section 4.5.3.1.2.
	maxHost = 255
)

// header makes a header section of pairs of name and body. The names keep their
// spelling, which go-message's own Add would change to Mime-Version, and a body
// with an address in it is not folded: blanks of a quoted local part count.
func header(pairs ...string) textproto.Header {
	var h textproto.Header
	for i := len(pairs) - 2; i >= 0; i -= 2 { // AddRaw puts each above the others
		field := pairs[i] + ": " + pairs[i+1]
		switch pairs[i] {
		case "Content-Type", "Diagnostic-Code":
			field = wrap(field, " ") // unfolded it is as it was
		}
		h.AddRaw([]byte(field + "\r\n"))
	}
	return h
}

// wrap folds a line at single blanks, which the end of the line and indent take
// the place of. As two blanks stay together, no line is made of white space.
func wrap(text, indent string) string {
	words := strings.Split(text, " ")
	var b strings.Builder
	column := 0
	for i, word := range words {
		if i > 0 {
			if i > 1 && word != "" && words[i-1] != "" && column+1+len(word) > maxColumn {
				b.WriteString("\n" + indent)
				column = len(indent)
			} else {
				b.WriteByte(' ')
				column++
			}
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// cleanText makes one line of a text: a blank for white space, "?" for all else
// that does not print, which includes line separators and marks that change the
// direction of writing.
func cleanText(text string) string {
	return shorten(printable(strings.Join(strings.Fields(text), " ")))
}

func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if c == utf8.RuneError || !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, text)
}

func shorten(text string) string {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText-len("...")], "") + "..."
	}
	return text
}

// quoted returns an address of the internal form as mail writes it: a local part
// that is no dot-string is a quoted-string (RFC 5321 section 4.1.2). Non-ASCII
// characters need no quotes (RFC 6531 section 3.3).
func quoted(address string) string {
	address = printable(address)
	local, domain := address, ""
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		local, domain = address[:i], address[i:]
	}
	if !isDotString(local) {
		local = `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(local) + `"`
	}
	return shorten(local + domain)
}

func isDotString(local string) bool {
	return local != "" && !strings.HasPrefix(local, ".") && !strings.HasSuffix(local, ".") &&
		!strings.Contains(local, "..") && !strings.ContainsAny(local, ` ()<>@,;:\"[]`)
}

// typed returns an address with its address type, RFC 3464 section 2.1.2. The
// type utf-8 takes the address as it is where the part is
// message/global-delivery-status (RFC 6533 section 3).
func typed(address string) string {
	address = quoted(address)
	if isASCII(address) {
		return "rfc822; " + address
	}
	return "utf-8; " + address
}

// hostName makes something of a host name that can stand in an address.
func hostName(name string) string {
	name = strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_':
			return c
		}
		return '-'
	}, name)
	name = strings.Trim(name[:min(len(name), maxHost)], ".")
	if name == "" {
		return "localhost"
	}
	return name
}

// encodingOf returns the Content-Transfer-Encoding of bytes that are not
// encoded. A message with NUL bytes or over-long lines would be "binary" by RFC
// 2045 section 2.9; mail systems pass it on as 8bit, and so does Postfix.
func encodingOf(all ...[]byte) string {
	for _, b := range all {
		if !isASCII(string(b)) {
			return "8bit"
		}
	}
	return "7bit"
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
