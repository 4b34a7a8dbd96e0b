package dsn

import (
	"bytes"
	"crypto/rand"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-message/textproto"
)

// MaxReturned is the size up to which a message is returned whole; of a larger
// one only the header section is. It is Postfix's bounce_size_limit.
const MaxReturned = 50_000

// dateFormat is RFC 5322 section 3.3 as every mail system writes it.
const dateFormat = "Mon, 02 Jan 2006 15:04:05 -0700"

// Report is a delivery status notification about one message that was refused
// for good, for the one who sent it:
//
//	multipart/report; report-type=delivery-status       RFC 6522
//	├─ text/plain                                       for a person
//	├─ message/delivery-status                          RFC 3464
//	│    or message/global-delivery-status              RFC 6533, if a field is not ASCII
//	└─ message/rfc822 or text/rfc822-headers            the message as it came, or its header section
//	     or message/global, message/global-headers      RFC 6533, if that header section is UTF-8
//
// It is for callers that have no MTA behind them. Under an MTA the exit status
// is the report, and a second one would be backscatter. [Report.Sendable] says
// whether it may be sent; the envelope sender is always the null reverse-path
// (RFC 5321 section 4.5.5).
//
// All lines end with LF, as sendmail(1) and files want them, but for those of
// the returned message, whose bytes are never changed. Whatever the other fields
// hold, no line end gets out of them.
type Report struct {
	// ReportingMTA is the name of this host.
	ReportingMTA string
	// Arrival is when the message came, and Time, if it is set, when the report
	// is made.
	Arrival, Time time.Time
	// Sender, Recipient and OriginalRecipient are the envelope, in its internal
	// form (without quotes). An unknown sender and original recipient are empty.
	Sender, Recipient, OriginalRecipient string
	// Err is why the message was refused. Its cause is not reported.
	Err *Error
	// Message is the message from its first byte, or the beginning of it if
	// Complete is not set; see [Copy]. Leading mbox From_ lines are not returned.
	Message  []byte
	Complete bool
	// HeadersOnly returns the header section only: RET=HDRS of RFC 3461
	// section 4.3.
	HeadersOnly bool
}

// WriteTo writes the report. Each call gives it another Message-ID.
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	return r.build().WriteTo(w)
}

// build makes the report in memory, where writing cannot fail.
func (r *Report) build() *bytes.Buffer {
	var b bytes.Buffer
	out := &lineEnds{w: &b}
	back := r.returned()
	status, utf8Status := r.status()
	notice := r.notice(back.what)

	mw := textproto.NewMultipartWriter(out)
	boundary := rand.Text()
	for bytes.Contains(back.content, []byte(boundary)) {
		boundary = rand.Text()
	}
	mw.SetBoundary(boundary)
	encoding := encodingOf([]byte(notice), []byte(status), back.content)
	textproto.WriteHeader(out, r.header(boundary, encoding))
	io.WriteString(out, "This is a MIME-encapsulated message.\n\n")

	part := func(fields ...string) io.Writer {
		p, _ := mw.CreatePart(header(fields...))
		return p
	}
	io.WriteString(part("Content-Description", "Notification", "Content-Type", "text/plain; charset=utf-8",
		"Content-Transfer-Encoding", encodingOf([]byte(notice))), notice)
	if utf8Status {
		io.WriteString(part("Content-Description", "Delivery report", "Content-Type", "message/global-delivery-status",
			"Content-Transfer-Encoding", "8bit"), status)
	} else {
		io.WriteString(part("Content-Description", "Delivery report", "Content-Type", "message/delivery-status"), status)
	}
	// Not through go-message's encoder for 8bit: it folds long lines and turns
	// LF into CRLF.
	p := part("Content-Description", back.description, "Content-Type", back.contentType,
		"Content-Transfer-Encoding", encodingOf(back.content))
	out.asIs = true
	p.Write(back.content)
	out.asIs = false
	mw.Close()
	return &b
}

// header returns the header section of the report.
func (r *Report) header(boundary, encoding string) textproto.Header {
	host := hostName(r.ReportingMTA)
	fields := []string{
		"Date", r.time().Format(dateFormat),
		"From", "Mail Delivery System <MAILER-DAEMON@" + host + ">",
		"Subject", "Undelivered Mail Returned to Sender",
		"To", quoted(r.Sender),
	}
	if id := r.messageID(); id != "" {
		fields = append(fields, "In-Reply-To", id, "References", id) // RFC 5322 section 3.6.4
	}
	return header(append(fields,
		"Message-ID", "<"+rand.Text()+"@"+host+">",
		"Auto-Submitted", "auto-replied", // RFC 3834 section 5
		"MIME-Version", "1.0",
		"Content-Type", `multipart/report; report-type=delivery-status; boundary="`+boundary+`"`,
		"Content-Transfer-Encoding", encoding,
	)...)
}

func (r *Report) time() time.Time {
	if r.Time.IsZero() {
		return time.Now()
	}
	return r.Time
}

// notice is the part for a person.
func (r *Report) notice(what string) string {
	reason := "<" + quoted(r.Recipient) + ">"
	if r.expanded() {
		reason += " (expanded from <" + quoted(r.OriginalRecipient) + ">)"
	}
	reason += ": " + cleanText(r.Err.Text)
	return "This is the mail system at host " + hostName(r.ReportingMTA) + `.

Your message was not delivered to the recipient named below, and
no further attempt will be made.
` + what + `

` + wrap(reason, "    ") + `

If you need help, write to the postmaster of this host and
include this report.
`
}

// expanded tells whether the sender may not know the recipient's address.
func (r *Report) expanded() bool {
	return r.OriginalRecipient != "" && !strings.EqualFold(r.OriginalRecipient, r.Recipient)
}

// status is the part for programs, RFC 3464 section 2: the fields about the
// message, an empty line, the fields about the recipient. It also says whether
// there is something in it that only RFC 6533 allows.
//
// The type of the diagnostic is x-unix, which Postfix writes for what its local
// agents say: "smtp" would be a reply of a remote server, "X-Postfix" Postfix's
// own words.
func (r *Report) status() (text string, utf8 bool) {
	message := header(
		"Reporting-MTA", "dns; "+hostName(r.ReportingMTA),
		"Arrival-Date", r.Arrival.Format(dateFormat),
	)
	var fields []string
	if r.OriginalRecipient != "" {
		fields = append(fields, "Original-Recipient", typed(r.OriginalRecipient))
	}
	recipient := header(append(fields,
		"Final-Recipient", typed(r.Recipient),
		"Action", "failed",
		"Status", r.Err.Status.String(),
		"Diagnostic-Code", "x-unix; "+cleanText(r.Err.Text),
	)...)
	var b strings.Builder
	textproto.WriteHeader(&b, message)
	textproto.WriteHeader(&b, recipient)
	text = strings.TrimSuffix(b.String(), "\r\n") // the empty line belongs to the boundary
	return text, !isASCII(text)
}

// lineEnds writes LF where go-message writes CRLF. It drops every CR, which is
// right because our own text has none.
type lineEnds struct {
	w    *bytes.Buffer
	asIs bool
}

// Write implements io.Writer.
func (l *lineEnds) Write(p []byte) (int, error) {
	if l.asIs {
		return l.w.Write(p)
	}
	l.w.Write(bytes.ReplaceAll(p, []byte("\r"), nil))
	return len(p), nil
}
