package pattern

import "testing"

func TestExpand(t *testing.T) {
	t.Parallel()
	to_, to := "(^((Original-)?(Resent-)?(To|Cc|Bcc)|(X-Envelope|Apparently(-Resent)?)-To):(.*[^-a-zA-Z0-9_.])?)",
		"(^((Original-)?(Resent-)?(To|Cc|Bcc)|(X-Envelope|Apparently(-Resent)?)-To):(.*[^a-zA-Z])?)"
	for _, test := range []struct {
		in, want string
		daemon   bool
	}{
		{"", "", false},
		{"^Subject:", "^Subject:", false},
		{"^TO_a", to_ + "a", false},
		{"^TOa", to + "a", false},
		{"x^TO_a|^TO_b|^TOc", "x" + to_ + "a|" + to_ + "b|" + to + "c", false},
		{"^to_a", "^to_a", false},
		{`\^TO_a`, `\^TO_a`, false},
		// A keyword after a backslash ends the search for its kind, and as
		// ^TO_ holds ^TO, for both kinds.
		{`^TO_a\^TO_b^TO_c^TOd`, to_ + `a\^TO_b^TO_c^TOd`, false},
		{`\^TOa^TO_b`, `\^TOa` + to_ + "b", false},
		{`\^FROM_MAILER^TO`, `\^FROM_MAILER` + to, false},
		{`\^FROM_DAEMON`, `\^FROM_DAEMON`, false},
	} {
		if got, daemon := Expand(test.in); got != test.want || daemon != test.daemon {
			t.Errorf("%q: got %q %v", test.in, got, daemon)
		}
	}
	daemon, is := Expand("^FROM_DAEMON")
	if want := `(^(Mailing-List:|Precedence:.*(junk|bulk|list)|To: Multiple recipients of |(((Resent-)?(From|Sender)|X-Envelope-From):|>?From )([^>]*[^(.%@a-z0-9])?(Post(ma?(st(e?r)?|n)|office)|(send)?Mail(er)?|daemon|m(mdf|ajordomo)|n?uucp|LIST(SERV|proc)|NETSERV|o(wner|ps)|r(e(quest|sponse)|oot)|b(ounce|bs\.smtp)|echo|mirror|s(erv(ices?|er)|mtp(error)?|ystem)|A(dmin(istrator)?|MMGR|utoanswer))(([^).!:a-z0-9][-_a-z0-9]*)?[%@>	 ][^<)]*(\(.*\).*)?)?$([^>]|$)))`; !is || daemon != want {
		t.Errorf("^FROM_DAEMON: got %q", daemon)
	}
	mailer, is := Expand("^FROM_MAILER")
	if want := `(^(((Resent-)?(From|Sender)|X-Envelope-From):|>?From )([^>]*[^(.%@a-z0-9])?(Post(ma(st(er)?|n)|office)|(send)?Mail(er)?|daemon|mmdf|n?uucp|ops|r(esponse|oot)|(bbs\.)?smtp(error)?|s(erv(ices?|er)|ystem)|A(dmin(istrator)?|MMGR))(([^).!:a-z0-9][-_a-z0-9]*)?[%@>	 ][^<)]*(\(.*\).*)?)?$([^>]|$))`; is || mailer != want {
		t.Errorf("^FROM_MAILER: got %q", mailer)
	}
	if p, ok := Compile(daemon, true); !ok || !p.Match([]byte("From: MAILER-DAEMON@x\n")) || p.Match([]byte("From: user@x\n")) {
		t.Error("^FROM_DAEMON is not what it should be")
	}
	if p, ok := Compile(mailer, true); !ok || !p.Match([]byte("From: root@x\n")) || p.Match([]byte("Precedence: bulk\n")) {
		t.Error("^FROM_MAILER is not what it should be")
	}
}
