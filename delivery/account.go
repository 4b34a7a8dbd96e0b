package delivery

import (
	"os"
	"strconv"
	"strings"

	"lastmile/delivery/dsn"
)

// account is an entry of the passwd file.
type account struct{ name, home, shell string }

// ownAccount returns the account of the effective user. Of a user who is not in
// the passwd file (LDAP, a container) the environment tells what it does;
// os/user would not tell the shell.
func ownAccount() account {
	uid := strconv.Itoa(os.Geteuid())
	passwd, _ := os.ReadFile("/etc/passwd")
	for line := range strings.Lines(string(passwd)) {
		f := strings.Split(strings.TrimRight(line, "\n"), ":")
		if len(f) == 7 && f[2] == uid {
			return account{name: f[0], home: f[5], shell: orDefault(f[6], "/bin/sh")}
		}
	}
	return account{name: os.Getenv("LOGNAME"), home: os.Getenv("HOME"), shell: "/bin/sh"}
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Home returns the home directory of the effective user: that of the passwd
// file, and HOME only if the user is not in there.
func Home() (string, error) {
	if home := ownAccount().home; strings.HasPrefix(home, "/") {
		return home, nil
	}
	return "", dsn.Config("no home directory is known for uid " + strconv.Itoa(os.Geteuid()) + ": give the path")
}
