package loopcheck

import (
	"strings"
	"testing"
)

func TestQuote(t *testing.T) {
	// As quote_822_local.c of Postfix quotes them.
	for address, want := range map[string]string{
		"joe@example.com":        "joe@example.com",
		"joe":                    "joe",
		"a b@example.com":        `"a b"@example.com`,
		`a"b\c@example.com`:      `"a\"b\\c"@example.com`,
		"a\rb@example.com":       "\"a\\\rb\"@example.com",
		".joe@example.com":       `".joe"@example.com`,
		"joe.@example.com":       `"joe."@example.com`,
		"a..b@example.com":       `"a..b"@example.com`,
		"a.b@example.com":        "a.b@example.com",
		"@example.com":           `""@example.com`,
		"":                       `""`,
		"a@b@example.com":        `"a@b"@example.com`,
		"é@example.com":          "é@example.com",
		"@relay:joe@example.com": "@relay:joe@example.com",
		"@relay:a b@example.com": `@relay:"a b"@example.com`,
		"joe@[192.0.2.1]":        "joe@[192.0.2.1]",
		"a:b@example.com":        `"a:b"@example.com`,
		"a\x7fb@example.com":     "\"a\x7fb\"@example.com",
	} {
		if got := Quote(address); got != want {
			t.Errorf("Quote(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestUnquote(t *testing.T) {
	for address, want := range map[string]string{
		`"a b"@example.com`:     "a b@example.com",
		`"a\"b\\c"@example.com`: `a"b\c@example.com`,
		`"a b"`:                 "a b",
		`""@example.com`:        "@example.com",
		`"a@b"@example.com`:     "a@b@example.com",
		// Nothing but a whole quoted local part is unquoted.
		`a"b"@example.com`:    `a"b"@example.com`,
		`"a"b@example.com`:    `"a"b@example.com`,
		`"a b@example.com`:    `"a b@example.com`,
		`"a b\`:               `"a b\`,
		`"a"@b@example.com`:   `"a"@b@example.com`,
		"joe@example.com":     "joe@example.com",
		`"a" <b@example.com>`: `"a" <b@example.com>`,
	} {
		if got := Unquote(address); got != want {
			t.Errorf("Unquote(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestSplit(t *testing.T) {
	// As split_addr.c of Postfix splits them.
	for _, c := range []struct{ local, delimiters, user, extension string }{
		{"joe+x", "+", "joe", "x"},
		{"joe+x", "", "joe+x", ""},
		{"joe+x-y", "-+", "joe", "x-y"},
		{"joe", "+", "joe", ""},
		{"joe+", "+", "joe", ""},
		{"+x", "+", "+x", ""},
		{"+x+y", "+", "+x+y", ""},
		{"Postmaster", "o", "Postmaster", ""},
		{"MAILER-DAEMON", "-", "MAILER-DAEMON", ""},
		{"double-bounce", "-", "double-bounce", ""},
		{"owner-list", "-", "owner-list", ""},
		{"list-request", "-", "list-request", ""},
		{"owner+list", "+", "owner", "list"},
		{"list+request", "+", "list", "request"},
		{"-request", "-", "-request", ""},
	} {
		if user, extension := Split(c.local, c.delimiters); user != c.user || extension != c.extension {
			t.Errorf("Split(%q, %q) = %q, %q, want %q, %q", c.local, c.delimiters, user, extension, c.user, c.extension)
		}
	}
}

func TestSameMailbox(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"joe@example.com", "JOE@EXAMPLE.COM", true},
		{"<joe@example.com>", "joe@example.com", true},
		{"Joe <joe@example.com>", "joe@example.com", true},
		{`"Joe, the <second>" <joe@example.com>`, "joe@example.com", true},
		{`(c) "a:b" <joe@example.com>`, "joe@example.com", true},
		{"a group: <joe@example.com>", "joe@example.com", false},
		{"joe@example.com (Joe)", "joe@example.com", true},
		{"(a (b) c) joe@example.com", "joe@example.com", true},
		{" joe@example.com\t", "joe@example.com", true},
		{"joe@example.com.", "joe@example.com", true},
		{`"joe"@example.com`, "joe@example.com", true},
		{`"a b"@example.com`, "a b@example.com", true},
		{"joe+x@example.com", "joe@example.com", true},
		{"joe+x@example.com", "joe+y@example.com", true},
		{"joe@xn--wgv71a119e.example", "joe@日本語.example", true},
		{"joe@XN--WGV71A119E.example", "joe@日本語.example", true},
		{"ß@example.com", "SS@example.com", true},
		{"joe@example.com", "joe@example.org", false},
		{"joe@example.com", "joe", false},
		{"joe@example.com, ann@example.com", "joe@example.com", false},
		{"mailto:joe@example.com", "joe@example.com", false},
		{"rfc822;joe@example.com", "joe@example.com", false},
		{"=?utf-8?q?joe?=@example.com", "joe@example.com", false},
		{"", "", false},
		{"<>", "<>", false},
		{"(joe@example.com)", "joe@example.com", false},
		{"<joe@example.com", "joe@example.com", false},
		{"<joe@example.com> x", "joe@example.com", false},
	} {
		if got := SameMailbox(c.a, c.b, "+"); got != c.same {
			t.Errorf("SameMailbox(%q, %q) = %v", c.a, c.b, got)
		}
		if got := SameMailbox(c.b, c.a, "+"); got != c.same {
			t.Errorf("SameMailbox(%q, %q) = %v", c.b, c.a, got)
		}
	}
	if SameMailbox("joe+x@example.com", "joe@example.com", "") {
		t.Error("without a delimiter an extension is part of the name")
	}
}

// An address survives the way into a header field and back.
func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"joe@example.com", "a b@example.com", `a"\b@c`, "@d", "a@b@c", ".x@y", "@r:a b@c", "\xff@é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		quoted := Quote(address)
		// A source route stays in front, where Unquote leaves it alone.
		if _, domain := Cut(address); strings.HasPrefix(quoted, `"`) && !strings.Contains(domain, "@") && address[:min(1, len(address))] != "@" {
			if got := Unquote(quoted); got != address {
				t.Errorf("Unquote(Quote(%q)) = %q", address, got)
			}
		}
		if fold(fold(address)) != fold(address) {
			t.Errorf("folding %q twice is not folding it once", address)
		}
		if m := parseMailbox(quoted, ""); m != (mailbox{}) && !SameMailbox(quoted, quoted, "") {
			t.Errorf("%q is not the same mailbox as itself", quoted)
		}
	})
}
