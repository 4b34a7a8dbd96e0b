package delivery

import "testing"

func TestRemoteSource(t *testing.T) {
	for _, c := range []struct{ conf, want string }{
		{"", ""},
		{"passwd: files systemd\ngroup: files ldap\n", ""},
		{"# passwd: ldap\npasswd:\tcompat # ldap\n", ""},
		{"  passwd:files [ NOTFOUND = return ] db\n", ""},
		{"passwd: files [!SUCCESS=continue] sss\n", "sss"},
		{"passwd: files [SUCCESS=merge] systemd [NOTFOUND=return] ldap\n", "ldap"},
		{"group: files\npasswd: ldap files", "ldap"},
	} {
		if got := remoteSource([]byte(c.conf)); got != c.want {
			t.Errorf("of %q: %q, want %q", c.conf, got, c.want)
		}
	}
}
