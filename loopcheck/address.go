package loopcheck

import (
	"strings"
)

// Quote returns the envelope address with its local part quoted as Postfix
// writes it into a Delivered-To or Return-Path field (quote_822_local.c): a
// local part that is no dot-string of RFC 5322 is put between double quotes,
// with '"', '\' and CR escaped. 8-bit bytes need no quotes. An old source route
// ("@relay:") is left alone.
func Quote(address string) string {
	start, end := localPart(address)
	local := address[start:end]
	if isDotString(local) {
		return address
	}
	var b strings.Builder
	b.Grow(len(address) + 8)
	b.WriteString(address[:start])
	b.WriteByte('"')
	for i := 0; i < len(local); i++ {
		if c := local[i]; c == '"' || c == '\\' || c == '\r' {
			b.WriteByte('\\')
		}
		b.WriteByte(local[i])
	}
	b.WriteByte('"')
	b.WriteString(address[end:])
	return b.String()
}

// Unquote returns the internal form of an address whose whole local part came
// as a quoted-string of RFC 5321, as Postfix's pipe(8) hands it over with
// flags=q. Any other address is returned as it is.
func Unquote(address string) string {
	if !strings.HasPrefix(address, `"`) {
		return address
	}
	var local strings.Builder
	for i := 1; i < len(address); i++ {
		switch c := address[i]; c {
		case '\\':
			if i++; i == len(address) {
				return address
			}
			local.WriteByte(address[i])
		case '"':
			rest := address[i+1:]
			if rest != "" && (rest[0] != '@' || strings.Contains(rest[1:], "@")) {
				return address
			}
			return local.String() + rest
		default:
			local.WriteByte(c)
		}
	}
	return address // no closing quote
}

// Split divides the local part of an address at the first of the delimiter
// bytes, as Postfix's split_addr.c does with recipient_delimiter. Postmaster,
// mailer-daemon and double-bounce are never divided, nor are owner-NAME and
// NAME-request at a "-", nor an address whose user part would be empty.
func Split(local, delimiters string) (user, extension string) {
	for _, whole := range []string{"postmaster", "mailer-daemon", "double-bounce"} {
		if strings.EqualFold(local, whole) {
			return local, ""
		}
	}
	if strings.Contains(delimiters, "-") {
		const owner, request = "owner-", "-request"
		if len(local) >= len(owner) && strings.EqualFold(local[:len(owner)], owner) {
			return local, ""
		}
		if n := len(local) - len(request); n > 0 && strings.EqualFold(local[n:], request) {
			return local, ""
		}
	}
	for i := 0; i < len(local); i++ {
		if strings.IndexByte(delimiters, local[i]) >= 0 {
			if i == 0 {
				break
			}
			return local[:i], local[i+1:]
		}
	}
	return local, ""
}

// Cut divides an address at its last "@". An address without one is all local
// part.
func Cut(address string) (local, domain string) {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return address[:i], address[i+1:]
	}
	return address, ""
}

// Equal reports whether two addresses in the same form are the same to
// Postfix's comparison, which is deaf to case.
func Equal(a, b string) bool { return a == b || fold(a) == fold(b) }

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// localPart returns where the local part of an address begins and ends.
func localPart(address string) (start, end int) {
	if strings.HasPrefix(address, "@") {
		start = strings.IndexByte(address, ':') + 1
	}
	if i := strings.LastIndexByte(address[start:], '@'); i >= 0 {
		return start, start + i
	}
	return start, len(address)
}

// isDotString tells whether a local part needs no quotes.
func isDotString(local string) bool {
	if local == "" || local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return false
	}
	for i := 0; i < len(local); i++ {
		switch c := local[i]; {
		case c <= ' ' || c == 0x7f:
			return false
		case strings.IndexByte(`()<>@,;:\"[]`, c) >= 0:
			return false
		}
	}
	return true
}
