package delivery

import (
	"errors"
	"fmt"
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
	// getentNotFound is its exit status for a name that no source knows, and also
	// where a source does not answer.
	getentNotFound = 2
	// switchFile names the sources (nsswitch.conf(5)).
	switchFile = "/etc/nsswitch.conf"
)

// FindAccount returns the account of a name. It asks the passwd file, and, since
// we do without the C library, getent(1) for what is not in there. The error
// wraps [ErrNoAccount] only if it is certain that there is none: getent does not
// tell a name that a directory does not have from a directory that is down, so
// where one is asked the answer is no verdict.
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
	case errors.As(runErr, &exit) && exit.ExitCode() == getentNotFound:
		sources, switchErr := os.ReadFile(switchFile)
		if remote := remoteSource(sources); remote != "" || switchErr != nil && !errors.Is(switchErr, os.ErrNotExist) {
			return Account{}, errors.Join(fmt.Errorf("%s is not in %s, and %s in %s does not know it or does not answer", key, passwdFile, orDefault(remote, "a source"), switchFile), switchErr)
		}
		return Account{}, ErrNoAccount
	case errors.Is(runErr, os.ErrNotExist) && err == nil:
		return Account{}, ErrNoAccount
	}
	return Account{}, errors.Join(err, runErr)
}

// remoteSource returns the first source of users in a nsswitch.conf that is not on
// this machine, and so may not answer; none if there is none.
func remoteSource(sources []byte) string {
	for line := range strings.Lines(string(sources)) {
		line, _, _ = strings.Cut(line, "#")
		names, ok := strings.CutPrefix(strings.TrimLeft(line, " \t"), "passwd:")
		if !ok {
			continue
		}
		for names != "" {
			sources, actions, _ := strings.Cut(names, "[")
			for _, name := range strings.Fields(sources) {
				switch name {
				case "files", "compat", "db", "systemd", "altfiles", "extrausers", "mymachines":
				default:
					return name
				}
			}
			_, names, _ = strings.Cut(actions, "]")
		}
	}
	return ""
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
	out, err := exec.Command(getent, "initgroups", "--", a.Name).Output()
	if fields := strings.Fields(string(out)); err == nil && len(fields) > 0 {
		for _, field := range fields[1:] {
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
	return "", dsn.Config("no home directory is known: give the path", "uid "+strconv.Itoa(os.Geteuid()))
}
