// Package dsn holds what a delivery agent tells its caller about a failure: an
// enhanced mail system status code (RFC 3463), a text that the sender of the
// message may see, and the cause, which only the log gets.
package dsn

import "strconv"

// Status is an enhanced mail system status code, class.subject.detail, of RFC
// 3463.
type Status int

// The codes that lastmile gives. Registry: RFC 5248 and IANA's "SMTP Enhanced
// Status Codes"; where Postfix has chosen a code for the same condition, it is
// Postfix's.
const (
	TempMailbox      Status = 4_002_000 // other mailbox status: permissions, locks, stale handles
	TempMailboxFull  Status = 4_002_002 // mailbox full: quota, file size limit
	TempSystem       Status = 4_003_000 // other mail system status
	TempConfig       Status = 4_003_005 // system incorrectly configured
	TempHops         Status = 4_004_000 // too many hops, where the policy is to defer
	TempLoop         Status = 4_004_006 // routing loop detected, where the policy is to defer
	BadMailboxSyntax Status = 5_001_003 // bad destination mailbox address syntax
	Hops             Status = 5_004_000 // too many hops, as Postfix's cleanup(8) says it
	Loop             Status = 5_004_006 // routing loop detected: Postfix's "mail forwarding loop"
)

// New returns the status class.subject.detail.
func New(class, subject, detail int) Status {
	return Status(class*1_000_000 + subject*1_000 + detail)
}

// Class returns 2, 4 or 5 (RFC 3463 section 3.1).
func (s Status) Class() int { return int(s) / 1_000_000 }

// Temporary reports whether the message is to be tried again.
func (s Status) Temporary() bool { return s.Class() == 4 }

// String returns the code as it stands at the beginning of a reply.
func (s Status) String() string {
	return strconv.Itoa(s.Class()) + "." + strconv.Itoa(int(s)/1_000%1_000) + "." + strconv.Itoa(int(s)%1_000)
}

// Parse reads the status at the very beginning of a command's output and
// returns what follows it and the blanks after it (Postfix dsn_util.c): class
// 2, 4 or 5, subject and detail of one to three digits, then the end or white
// space.
func Parse(text string) (s Status, rest string, ok bool) {
	if len(text) < 2 || (text[0] != '2' && text[0] != '4' && text[0] != '5') || text[1] != '.' {
		return 0, text, false
	}
	subject, n := number(text[2:])
	if n == 0 || len(text) <= 2+n || text[2+n] != '.' {
		return 0, text, false
	}
	detail, m := number(text[2+n+1:])
	rest = text[2+n+1+m:]
	if m == 0 || rest != "" && !isSpace(rest[0]) {
		return 0, text, false
	}
	for rest != "" && isSpace(rest[0]) {
		rest = rest[1:]
	}
	return New(int(text[0]-'0'), subject, detail), rest, true
}

// number reads one to three digits.
func number(s string) (value, digits int) {
	for digits < len(s) && digits < 3 && s[digits] >= '0' && s[digits] <= '9' {
		value = value*10 + int(s[digits]-'0')
		digits++
	}
	return value, digits
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
