package delivery

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"lastmile/delivery/dsn"
)

// Account is an entry of the passwd file.
type Account struct {
	Name, Home, Shell string
	UID, GID          int
}

// ErrNoAccount says that there is no such user.
var ErrNoAccount = errors.New("no such user")

// The passwd file and the program that asks all other sources of users.
const (
	passwdFile = "/etc/passwd"
	getent     = "/usr/bin/getent"
	// getentNotFound is its exit status for a name that no source knows.
	getentNotFound = 2
)

// FindAccount returns the account of a name. It asks the passwd file, and, since
// we do without the C library, getent(1) for what is not in there. The error
// wraps [ErrNoAccount] only if all of them say that there is none.
func FindAccount(name string) (Account, error) {
	return find(name, func(a Account) bool { return a.Name == name })
}

// AccountOf returns the account of a user ID.
func AccountOf(uid int) (Account, error) {
	return find(strconv.Itoa(uid), func(a Account) bool { return a.UID == uid })
}

// find looks for an account by a key that getent understands.
func find(key string, is func(Account) bool) (Account, error) {
	passwd, err := os.ReadFile(passwdFile)
	if a, ok := inPasswd(passwd, is); ok {
		return a, nil
	}
	if key == "" || strings.ContainsAny(key, ":\n\x00") || strings.HasPrefix(key, "-") {
		return Account{}, ErrNoAccount
	}
	out, runErr := exec.Command(getent, "passwd", "--", key).Output()
	var exit *exec.ExitError
	switch {
	case runErr == nil:
		if a, ok := inPasswd(out, is); ok {
			return a, nil
		}
		return Account{}, ErrNoAccount
	case errors.As(runErr, &exit) && exit.ExitCode() == getentNotFound, errors.Is(runErr, os.ErrNotExist) && err == nil:
		return Account{}, ErrNoAccount
	}
	return Account{}, errors.Join(err, runErr)
}

// inPasswd looks through lines of a passwd file.
func inPasswd(passwd []byte, is func(Account) bool) (Account, bool) {
	for line := range strings.Lines(string(passwd)) {
		f := strings.Split(strings.TrimRight(line, "\n"), ":")
		if len(f) != 7 {
			continue
		}
		uid, err := strconv.Atoi(f[2])
		gid, gidErr := strconv.Atoi(f[3])
		if err != nil || gidErr != nil {
			continue
		}
		if a := (Account{Name: f[0], Home: f[5], Shell: orDefault(f[6], "/bin/sh"), UID: uid, GID: gid}); is(a) {
			return a, true
		}
	}
	return Account{}, false
}

// Groups returns the groups that an account is in besides its own.
func (a Account) Groups() ([]int, error) {
	groups := []int{a.GID}
	if out, err := exec.Command(getent, "initgroups", "--", a.Name).Output(); err == nil {
		for _, field := range strings.Fields(string(out))[1:] {
			if gid, err := strconv.Atoi(field); err == nil {
				groups = append(groups, gid)
			}
		}
		return groups, nil
	}
	file, err := os.ReadFile("/etc/group")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(file)) {
		f := strings.Split(strings.TrimRight(line, "\n"), ":")
		if len(f) != 4 {
			continue
		}
		for member := range strings.SplitSeq(f[3], ",") {
			if gid, err := strconv.Atoi(f[2]); err == nil && member == a.Name {
				groups = append(groups, gid)
			}
		}
	}
	return groups, nil
}

// OwnAccount returns the account of the effective user. Of a user who is not in
// the passwd file (LDAP, a container) the environment tells what it does;
// os/user would not tell the shell.
func OwnAccount() Account {
	uid := os.Geteuid()
	passwd, _ := os.ReadFile(passwdFile)
	if a, ok := inPasswd(passwd, func(a Account) bool { return a.UID == uid }); ok {
		return a
	}
	return Account{Name: os.Getenv("LOGNAME"), Home: os.Getenv("HOME"), Shell: "/bin/sh", UID: uid, GID: os.Getegid()}
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
	if home := OwnAccount().Home; strings.HasPrefix(home, "/") {
		return home, nil
	}
	return "", dsn.Config("no home directory is known for uid " + strconv.Itoa(os.Geteuid()) + ": give the path")
}
