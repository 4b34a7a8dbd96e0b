package stamp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var now = time.Unix(1795480997, 0)

func keys(t testing.TB, text string) Keys {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestJudge(t *testing.T) {
	old, fresh := New(), New()
	k := keys(t, "# a comment\n\n"+fresh+old)
	const rcpt = "you@example.com"
	body := k.Sign(rcpt, "mx.example.com", now)
	for name, c := range map[string]struct {
		keys Keys
		body string
		rcpt string
		at   time.Time
		want State
	}{
		"ours":               {k, body, rcpt, now, Valid},
		"a month later":      {k, body, rcpt, now.Add(DefaultExpiry), Valid},
		"a second more":      {k, body, rcpt, now.Add(DefaultExpiry + time.Second), Expired},
		"an hour before":     {k, body, rcpt, now.Add(-time.Hour), Valid},
		"two days before":    {k, body, rcpt, now.Add(-48 * time.Hour), Expired},
		"another recipient":  {k, body, "they@example.com", now, Invalid},
		"another key":        {keys(t, New()), body, rcpt, now, Invalid},
		"the old key's":      {k, keys(t, old).Sign(rcpt, "h", now), rcpt, now, Valid},
		"another host":       {k, strings.Replace(body, "mx.", "my.", 1), rcpt, now, Invalid},
		"another time":       {k, strings.Replace(body, "1795480997", "1795480998", 1), rcpt, now, Invalid},
		"folded":             {k, strings.ReplaceAll(body, "; ", ";\r\n\t"), rcpt, now, Valid},
		"cut":                {k, body[:len(body)-1], rcpt, now, Invalid},
		"empty":              {k, "", rcpt, now, Invalid},
		"a mac and no more":  {k, "mac=x", rcpt, now, Invalid},
		"a line end in host": {k, k.Sign(rcpt, "h\n1", now), rcpt + "\nh", now, Invalid},
	} {
		if got := c.keys.Judge(c.body, c.rcpt, c.at, DefaultExpiry); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// The key of a machine stays the same, and is not the machine id.
func TestMachine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "machine-id")
	const id = "3d1219c7c4c5404aaa1f6d2a48adfda4\n"
	if err := os.WriteFile(path, []byte(id), 0o444); err != nil {
		t.Fatal(err)
	}
	a, err := Machine(path)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := Machine(path)
	if got := b.Judge(a.Sign("you", "h", now), "you", now, DefaultExpiry); got != Valid {
		t.Errorf("a stamp of the same machine is %v", got)
	}
	if len(a[0]) != keySize || strings.Contains(id, string(a[0])) {
		t.Error("the key is not derived")
	}
	for _, bad := range []string{"", "uninitialized\n"} {
		os.Remove(path)
		os.WriteFile(path, []byte(bad), 0o444)
		if _, err := Machine(path); err == nil {
			t.Errorf("a key was made of %q", bad)
		}
	}
}

// Nothing but what a key has signed is valid.
func FuzzJudge(f *testing.F) {
	k := Keys{make([]byte, keySize)}
	good := k.Sign("you@example.com", "mx", now)
	for _, seed := range []string{good, "", "host=;time=;mac=", "host=mx; time=99999999999999999999; mac=x", strings.ToUpper(good)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		host, at, given := parse(body)
		if k.Judge(body, "you@example.com", now, DefaultExpiry) != Invalid && given != mac(k[0], "you@example.com", host, at) {
			t.Errorf("%q counts", body)
		}
	})
}
