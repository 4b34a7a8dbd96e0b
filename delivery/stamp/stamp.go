// Package stamp makes and knows the stamps of this installation.
//
// Anybody can write "Delivered-To: you@example.com" into a message, and a POP3
// provider does so in good faith; a delivery agent that believes the field can
// be made to refuse mail. So beside Delivered-To lastmile can write a field that
// nobody else can:
//
//	X-Lastmile-Delivered: host=mx.example.com; time=1795480997; mac=rUm1…
//
// The mac is HMAC-SHA-256 (RFC 2104), cut to 128 bits and in base64url (RFC 4648
// section 5), over the lines
//
//	lastmile stamp 1
//	RECIPIENT     as it is compared: quoted and case folded
//	HOST
//	TIME          of the delivery, in seconds of Unix time
//
// The recipient is not repeated in the field: who asks about a recipient can
// tell whether the stamp is about it. A stamp that leaves the site with a
// forwarded message can be copied into another; its time bounds how long that
// is of use.
package stamp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

const (
	// macSize is how many bytes of the HMAC are written: RFC 2104 section 5
	// asks for no less than half.
	macSize = 16

	// maxAhead is how far in the future a stamp may have been made, by a
	// machine of a cluster whose clock goes wrong.
	maxAhead = 24 * time.Hour

	// DefaultExpiry is how long a stamp counts: a queue gives up after 5 days
	// (Postfix's maximal_queue_lifetime), so no real loop takes longer.
	DefaultExpiry = 30 * 24 * time.Hour
)

// State says what a stamp is worth for a recipient.
type State int

const (
	// Invalid: made with no key of ours, or for another recipient.
	Invalid State = iota
	// Expired: ours, but too old to count.
	Expired
	// Valid: ours. The message has been delivered to the recipient here.
	Valid
)

// String returns the state in one word.
func (s State) String() string { return [...]string{"invalid", "expired", "valid"}[s] }

// Sign returns the body of the field for a delivery to a recipient, given in
// the form in which recipients are compared.
func (k Keys) Sign(recipient, host string, now time.Time) string {
	at := strconv.FormatInt(now.Unix(), 10)
	return "host=" + host + "; time=" + at + "; mac=" + mac(k[0], recipient, host, at)
}

// Judge tells what the body of a field is worth for a recipient, given in the
// form in which recipients are compared.
func (k Keys) Judge(body, recipient string, now time.Time, expiry time.Duration) State {
	host, at, given := parse(body)
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return Invalid
	}
	for _, key := range k {
		if hmac.Equal([]byte(given), []byte(mac(key, recipient, host, at))) {
			age := now.Sub(time.Unix(seconds, 0))
			if age > expiry || age < -maxAhead {
				return Expired
			}
			return Valid
		}
	}
	return Invalid
}

// parse reads the body of a field, which a relay may have folded.
func parse(body string) (host, at, mac string) {
	for part := range strings.SplitSeq(body, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "host":
			host = value
		case "time":
			at = value
		case "mac":
			mac = value
		}
	}
	return host, at, mac
}

func mac(key []byte, recipient, host, at string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("lastmile stamp 1\n" + recipient + "\n" + host + "\n" + at + "\n"))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:macSize])
}
