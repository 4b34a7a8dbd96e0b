package formail

import "strings"

// isKnown tells whether a field may be at the top of a message: what -s looks
// for where it is not sure that a message starts. Names beginning with X- or
// Old- are among them. The names are those that formail 3.22-27 knows.
func isKnown(f *field) bool {
	name := string(lower(f.text[:f.name]))
	name = strings.TrimRight(strings.TrimSuffix(name, ":"), " \t")
	if strings.HasPrefix(name, "x-") || strings.HasPrefix(name, "old-") {
		return true
	}
	switch name {
	case "accept", "acknowledge-to", "allow", "alternate-recipient", "anon-post-to", "anon-send-to", "app-message-id",
		"apparently-resent-to", "apparently-to", "approved", "article-i.d.", "article", "auto-forward-count",
		"auto-forwarded-from", "auto-submitted", "autoforwarded", "bcc", "cc", "comments", "content-description",
		"content-disposition", "content-id", "content-identifier", "content-language", "content-length", "content-md5",
		"content-return", "content-transfer-encoding", "content-type", "control", "conversion-with-loss", "conversion",
		"cost", "cutmarks", "date", "default-options", "deferred-delivery", "delivered-to", "delivery-date",
		"derived-from", "diagnostic-code", "discarded-x400-ipms-extensions", "discarded-x400-mts-extensions",
		"disclose-recipients", "distribution", "dl-expansion-history", "encoding", "encrypt-key", "encrypted",
		"end-of-header", "envelope-to", "errors-to", "expires", "expiry-date", "fake-sender", "fcc", "final-recipient",
		"followup-to", "forwarded", "from-warning", "from", "full-name", "generate-delivery-report", "hop-count",
		"importance", "in-reply-to", "incomplete-copy", "keywords", "language", "last-attempt-date", "last-modified",
		"latent-time", "latest-delivery-time", "lines", "mail-copies-to", "mail-from", "mailing-list", "message-id",
		"message-type", "message", "mime-version", "mr-received", "newsgroups", "nntp-posting-date", "nntp-posting-host",
		"not-delivered-to", "notice-requested-upon-delivery-to", "obsoletes", "organisation", "organization",
		"original-auto-forwarded-from", "original-cc", "original-date", "original-encoded-information-types",
		"original-from", "original-received", "original-to", "originator-return-address", "originator", "path", "post-to",
		"posted-date", "posted-to", "posted", "pp-warning", "precedence", "prevent-nondelivery-report", "priority",
		"public", "read-receipt-to", "received-date", "received", "reference", "references", "relay-version", "remote-mta",
		"replied", "reply-by", "reply-to", "report-version", "request-remailing-to", "requested-delivery-method",
		"resent-bcc", "resent-cc", "resent-date", "resent-from", "resent-message-id", "resent-reply-to", "resent-sender",
		"resent-to", "resent", "return-path", "return-receipt-requested", "return-receipt-to", "sender", "sensitivity",
		"sent-by", "server", "status", "subject", "submitted-by", "summary", "supersedes", "text", "title", "to",
		"transport-options", "uri", "user-agent", "version", "via", "www-link", "x400-content-type", "x400-mts-identifier",
		"x400-originator", "x400-received", "x400-recipients", "x400-trace", "xref":
		return true
	}
	return false
}
