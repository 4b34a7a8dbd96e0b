package formail

import "strings"

// mail are single messages, mostly not as they should be.
var mail = []struct{ name, text string }{
	{"plain", "From alice@example.org Thu Jan  4 10:11:12 2024\nReceived: from mx.example.net\n\tby mail.example.com; Thu, 4 Jan 2024 10:11:12 +0000\nFrom: Alice Liddell <alice@example.org>\nTo: bob@example.com\nSubject: Lunch on Friday\nMessage-ID: <a1@example.org>\nDate: Thu, 04 Jan 2024 10:11:12 +0000\n\nHi Bob,\n\nFrom here on it is lunch.\n>From there\n-- \nAlice\n"},
	{"no-postmark", "Return-Path: <bounces+bob@lists.example.net>\nFrom: dev@example.net (Dev (One))\nSubject: Re: folded\n subject\n\tline\nReferences: <r1@x>\n <r2@x>\nMessage-ID: <p1@example.net>\n\nbody\n"},
	{"empty", ""},
	{"newlines", "\n\n\n"},
	{"no-header", "just a text\n\nFrom the start\n"},
	{"header-only", "Subject: nothing\nTo: x@y.z\n"},
	{"no-final-newline", "Subject: x\n\nlast line"},
	{"no-newline-in-header", "Subject: x"},
	{"crlf", "From: a@b.c\r\nSubject: dos\r\n\r\nbody\r\nFrom x\r\n"},
	{"nul", "From: a@b.c\nSubject: with\x00nul\nX-A: 1\n\nbody\x00here\nFrom \x00a b\n"},
	{"eight-bit", "From: J\xf6rg <joerg@b\xfccher.example>\nSubject: \xc3\xa4\xc3\xb6\nMessage-ID: <\xe9@x.y>\n\n\xff\xfe\n"},
	{"empty-fields", "From: \nSubject:\nTo:  \nX-Blank: \nX-Tight:x\nMessage-ID:\nReturn-Path: <>\nX-Fold:\n folded\n\nb\n"},
	{"blank-before-colon", "From alice Thu Jan  4 10:11:12 2024\nSubject : spaced\nTo\t : bob\nFrom : carl@x.y\n\nFrom : body\n"},
	{"not-a-field", "Subject: one\nthis is no field\nTo: two\n\nbody\n"},
	{"postmark-in-header", "Subject: one\nFrom me to you 2\nTo: two\n\nbody\n"},
	{"continued-postmark", "From uucp Thu Jan  4 10:11:12 2024 remote from near\n>From deep Thu Jan  4 10:11:12 2024 remote from far\n>From user Thu Jan  4 10:11:12 2024 forwarded by farther\nSubject: ways\nX-A: b\n\nbody\n"},
	{"postmark-only", "From alice@example.org Thu Jan  4 10:11:12 2024\n\nbody\n"},
	{"repeated", "X-Loop: one\nSubject: first\nX-A: 1\nSubject: second\nX-a: 2\nsubject: third\nX-Loop: two\nX-AB: 3\n\nbody\n"},
	{"length", "From: a@b.c\nContent-Length: 12\nSubject: x\n\nFrom a b c\n\nFrom d e f\nrest\n"},
	{"length-long", "From: a@b.c\nContent-Length: 1200\n\nshort\n"},
	{"length-inside", "From: a@b.c\nContent-Length: 8\n\nFrom a\nb\n"},
	{"length-no-empty-line", "From: a@b.c\nContent-Length: 20\nnot a field\nFrom a b\nFrom c d\n\nFrom e f\n"},
	{"length-odd", "From: a@b.c\nContent-Length: -5 x\n\nFrom a b\n"},
	{"old-fields", "Old-Subject: old\nSubject: new\nResent-From: r@s.t\nResent-Reply-To: rr@s.t\nReply-To: \"A, B\" <ab@c.d>\nFrom: a@b.c\nSender: s@b.c\n\nbody\n"},
	{"article", "Article 12 of comp.mail: x\nPath: news!host!user\nSubject: news\n\nbody\n"},
	{"leading-newlines", "\n\nFrom alice@example.org Thu Jan  4 10:11:12 2024\nSubject: x\n\nbody\n"},
	{"long-subject", "Subject: " + strings.Repeat("long ", 40) + "\n\twith\ttabs\n\nbody\n"},
	{"odd-ids", "Message-ID:    <spaced@x.y>  \nReferences:<no-blank@x>\nSubject:re: lower\nFrom: <x@y.z\n\nb\n"},
	{"lines", "Subject: x\n\nField: in body\n continued\n\n\nOther: y\n\n\n"},
}

// senders are headers that say in many ways who sent the message.
var senders = strings.Split(`From: a@b.c
From: Alice <a@b.c>
From: "Doe, John" <j@d.x>
From: j@d.x (John (the) Doe)
From: j . d @ d . x
From: "j d"@d.x
From: list: a@b.c, d@e.f;
From: list:;
From: a@b.c, d@e.f
From: <a@b.c,d@e.f>
From: <@r1,@r2:u@h.x>
From: <a <b@c.d>>
From: user
From: user@host
From: host!user
From: host!user@x.y
From: u@h.UUCP
From: <>
From:
From: ()
From: (open
From: "open
From: [open
From: <open
From: a@[1.2.3.4]
From: a\ b@c.d
From: a@b.c\
From: (a\
From: "a\
From: <a;b>
From: a b c
From: a b <c@d.e> f
From: <a@b.c> (x) <d@e.f>
From: a,
From: ,a
From: ;
From: a;b
From: .
From: a: b: c
From: a@b: c
From: a "b" c
From: "a" "b"
From: a (b) c
From: a(b)c@d(e).f
From: <a(b)c@d>
From: <a,b
From: <a,b@c> <d,e@f
Return-Path: <>
Return-Path: <>|From: a@b.c
Return-Path: r@p.q|From: a@b.c
Return-Path: <user>|From: a@b.c
From x@y.z Thu Jan  4 10:11:12 2024|From: a@b.c|Reply-To: r@s.t
From x@y.z Thu Jan  4 10:11:12 2024|Reply-To: user|From: a@b.c
From x Thu Jan  4 10:11:12 2024|Errors-To: e@f.g|Path: p!q
From x Thu Jan  4 10:11:12 2024 remote from h|>From y Thu remote from g|>From z Fri forwarded by k
From x|Sender: s@t.u
From |Sender: s@t.u
From x |From: user
From  x  y|From: user
From x@y|>From z a|>From w
From |>From z@a.b c
Resent-From: a@b.c|From: d@e.f
Resent-Reply-To: user|Resent-Sender: s@t.u|From: d@e.f
Resent-Sender: s@t|Reply-To: r@s|From: d@e
Return-Receipt-To: r@s.t|Path: a!b!c|Sender: x
Path: a!b!c
Sender: /O=x/C=y/
From: a@b.c|From: d@e.f
Reply-To:|From: a@b.c
Reply-To: a|From: b
From: "a" <b@c.d>, "e" <f@g.h>
From: a@b.c,(x) d@e.f
From: @
From: a <>
From: <> a@b.c`, "\n")

// senderMails returns a message for each of senders.
func senderMails() []string {
	var all []string
	for _, s := range senders {
		all = append(all, strings.ReplaceAll(s, "|", "\n")+"\nSubject: s\n\nb\n")
	}
	return all
}

// boxes are mailboxes, digests and what else -s takes apart.
var boxes = []struct{ name, text string }{
	{"two", "From a@b.c Thu Jan  4 10:11:12 2024\nSubject: one\nMessage-ID: <1@x>\n\nbody one\n\nFrom d@e.f Thu Jan  4 10:11:13 2024\nSubject: two\nMessage-ID: <2@x>\n\nbody two\n"},
	{"duplicates", "From a@b.c Thu Jan  4 10:11:12 2024\nMessage-ID: <1@x>\nSubject: one\n\nbody one\n\nFrom d@e.f Thu Jan  4 10:11:13 2024\nMessage-ID: <1@x>\nSubject: two\n\nbody two\n\nFrom a@b.c Thu Jan  4 10:11:12 2024\nMessage-ID: <3@x>\nFrom: z@y.x\n\nthree"},
	{"digest", "From x@y Thu Jan  4 10:11:12 2024\nFrom: x@y\nSubject: Digest V1\n\nTopics today.\n\n----------\n\nFrom: one@a.example\nSubject: first\nDate: Thu, 4 Jan 2024 10:00:00 +0000\n\nfirst body\nTo: nobody\nCc: nobody\n\n------\n\nX-Mark: two\nFrom: two@b.example\nSubject: second\n\nsecond body\nEnd\n"},
	{"no-empty-lines", "From a@b.c Thu Jan  4 10:11:12 2024\nSubject: one\n\nbody one\nFrom d@e.f Thu Jan  4 10:11:13 2024\nSubject: two\n\nbody two\nFrom nobody knows\ntext\nFrom nobody\n"},
	{"false-starts", "From a@b.c Thu Jan  4 10:11:12 2024\nSubject: one\n\nbody\n\nFrom here to there\nit is far\n\nFrom here\nSubject: x\n\nFrom  d@e.f Thu\nUnknown: field\nSubject: x\n\nFrom d@e.f Thu Jan  4 10:11:13 2024\n>From x y\nOld-Subject : two\n\nend\n"},
	{"length", "From a@b.c Thu Jan  4 10:11:12 2024\nContent-Length: 40\nSubject: one\n\nline\n\nFrom d@e.f Thu Jan  4 10:11:13 2024\nSubject: inside\n\nbody\n\nFrom d@e.f Thu Jan  4 10:11:13 2024\nSubject: two\n\nbody two\n"},
	{"length-exact", "From a@b.c Thu Jan  4 10:11:12 2024\nContent-Length: 5\nSubject: one\n\nline\nFrom d@e.f Thu Jan  4 10:11:13 2024\nContent-Length: 4\nSubject: two\n\nline\n\nFrom d@e.f Thu Jan  4 10:11:13 2024\nContent-Length: 99\nSubject: three\n\nend\n"},
	{"articles", "Article 1 of a.b:\nPath: x!y\nSubject: one\n\nbody\n\nArticle 2 of a.b:\nPath: x!z\nSubject: two\n\nbody\nArticle 3 of a.b\nPath: q!z\nSubject: three\n"},
	{"babyl", "BABYL OPTIONS: -*- rmail -*-\nVersion: 5\n\x1f\f\n1,,\nMail-from: From a@b.c Thu Jan  4 10:11:12 2024\nSubject: one\nTo: x\n\n*** EOOH ***\nSubject: one\n\nbody one\n\x1f\f\n1, answered,,\nFrom: d@e.f\nSubject: two\nTo: y\n\n*** EOOH ***\nFrom: d@e.f\n\nbody two\nFrom x y\n\x1f"},
	{"header-only", "From a@b.c Thu Jan  4 10:11:12 2024\nSubject: one\n\nFrom d@e.f Thu Jan  4 10:11:13 2024\nSubject: two\n\n\n\nFrom g@h.i Thu Jan  4 10:11:13 2024\nX-Three: three"},
	{"text", "no message at all\n\nin here\n"},
	{"empty", ""},
	{"newlines", "\n\n"},
	{"one", "Subject: x\n\nbody\n"},
}
