package agent

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"lastmile/delivery"
	"lastmile/delivery/dsn"
)

// Whose returns the account that runs us, and the one that the message is for.
func Whose(a *ProcmailArgs) (invoker, account delivery.Account, err error) {
	uid := os.Getuid()
	invoker, err = delivery.AccountOf(uid)
	if errors.Is(err, delivery.ErrNoAccount) {
		number := fmt.Sprintf("#%d", uid)
		invoker, err = delivery.Account{Name: number, Home: "/", Shell: "/bin/sh", UID: uid, GID: os.Getgid()}, nil
	}
	if err != nil {
		return invoker, account, &dsn.Error{Status: dsn.TempSystem, Text: "cannot look up a user", Err: err}
	}
	if len(a.Recipients) == 0 {
		return invoker, Meant(invoker), nil
	}
	name := a.Recipients[0]
	account, err = delivery.FindAccount(name)
	if errors.Is(err, delivery.ErrNoAccount) {
		name, _, _ = strings.Cut(strings.ToLower(name), "@")
		account, err = delivery.FindAccount(name)
	}
	switch {
	case errors.Is(err, delivery.ErrNoAccount):
		return invoker, account, &refusal{exit: exitNoUser, err: &dsn.Error{Status: dsn.New(5, 1, 1), Text: "user unknown: " + name}, procmail: "Unknown user \"" + name + "\""}
	case err != nil:
		return invoker, account, &dsn.Error{Status: dsn.TempSystem, Text: "cannot look up the recipient", Err: err}
	}
	return invoker, account, nil
}

// Meant returns the account that LOGNAME names if it has the same uid as the one
// given: several accounts may, and the passwd file only has a first one.
func Meant(a delivery.Account) delivery.Account {
	if hint := os.Getenv("LOGNAME"); hint != "" && hint != a.Name {
		if other, err := delivery.FindAccount(hint); err == nil && other.UID == a.UID {
			return other
		}
	}
	return a
}

// become takes on the identity of an account, all its groups included, before
// anything of it is touched. Only root can, and need not for itself. It returns
// what is to be said about the account's system mailbox.
func become(a delivery.Account) (notes []string, err error) {
	euid := os.Geteuid()
	switch {
	case euid == a.UID:
		return nil, nil
	case euid != 0:
		return nil, &refusal{exit: exitNoPerm, err: dsn.Config("cannot deliver to another user: run it as root, or as that user", fmt.Sprintf("we run as uid %d, %s has uid %d", euid, a.Name, a.UID)), procmail: "Insufficient privileges"}
	}
	groups, err := a.Groups()
	if err == nil {
		notes = delivery.MakeSystemMailbox(a)
		err = syscall.Setgroups(groups)
	}
	if err == nil {
		err = syscall.Setresgid(a.GID, a.GID, a.GID)
	}
	if err == nil {
		err = syscall.Setresuid(a.UID, a.UID, a.UID)
	}
	if err != nil || os.Getuid() != a.UID || os.Geteuid() != a.UID || os.Getegid() != a.GID {
		return notes, &dsn.Error{Status: dsn.TempSystem, Text: "cannot become the recipient", Err: err}
	}
	return notes, nil
}
