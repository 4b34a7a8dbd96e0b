package pattern

import "strings"

const (
	toFields    = `(^((Original-)?(Resent-)?(To|Cc|Bcc)|(X-Envelope|Apparently(-Resent)?)-To):`
	fromFields  = `((Resent-)?(From|Sender)|X-Envelope-From):|>?From )`
	beforeName  = `([^>]*[^(.%@a-z0-9])?`
	afterName   = `(([^).!:a-z0-9][-_a-z0-9]*)?[%@>	 ][^<)]*(\(.*\).*)?)?$([^>]|$))`
	daemonNames = `Post(ma?(st(e?r)?|n)|office)|(send)?Mail(er)?|daemon|m(mdf|ajordomo)|n?uucp|LIST(SERV|proc)|NETSERV|` +
		`o(wner|ps)|r(e(quest|sponse)|oot)|b(ounce|bs\.smtp)|echo|mirror|s(erv(ices?|er)|mtp(error)?|ystem)|` +
		`A(dmin(istrator)?|MMGR|utoanswer)`
	mailerNames = `Post(ma(st(er)?|n)|office)|(send)?Mail(er)?|daemon|mmdf|n?uucp|ops|r(esponse|oot)|` +
		`(bbs\.)?smtp(error)?|s(erv(ices?|er)|ystem)|A(dmin(istrator)?|MMGR)`
)

// macros are the keywords in the order in which procmail tries them.
func macros() [4][2]string {
	return [...][2]string{
		{"^FROM_DAEMON", `(^(Mailing-List:|Precedence:.*(junk|bulk|list)|To: Multiple recipients of |(` +
			fromFields + beforeName + `(` + daemonNames + `)` + afterName + `)`},
		{"^TO_", toFields + `(.*[^-a-zA-Z0-9_.])?)`},
		{"^TO", toFields + `(.*[^a-zA-Z])?)`},
		{"^FROM_MAILER", `(^(` + fromFields + beforeName + `(` + mailerNames + `)` + afterName},
	}
}

// Expand replaces the keywords ^FROM_DAEMON, ^TO_, ^TO and ^FROM_MAILER by the
// expressions they stand for, as procmailrc(5) has them. A keyword after a
// backslash stays, and, as in procmail, so do the later ones of its kind. expr
// is what the condition holds, before a leading backslash is dropped: procmail
// counts that one too.
//
// daemon tells that ^FROM_DAEMON was replaced, after which the whole expression
// ignores case even under the D flag.
func Expand(expr string) (expanded string, daemon bool) {
	if !strings.Contains(expr, "^TO") && !strings.Contains(expr, "^FROM_") {
		return expr, false
	}
	for i, macro := range macros() {
		replaced := replace(expr, macro[0], macro[1])
		if i == 0 {
			daemon = replaced != expr
		}
		expr = replaced
	}
	return expr, daemon
}

// replace puts text in the place of a keyword up to the first one that stands
// after a backslash. No text holds a keyword or makes one with what follows it.
func replace(expr, keyword, text string) string {
	var done strings.Builder
	rest := expr
	for {
		at := strings.Index(rest, keyword)
		if at < 0 || at > 0 && rest[at-1] == '\\' {
			break
		}
		done.WriteString(rest[:at])
		done.WriteString(text)
		rest = rest[at+len(keyword):]
	}
	return done.String() + rest
}
