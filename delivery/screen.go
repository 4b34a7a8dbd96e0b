package delivery

import (
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/delivery/folder"
)

// SpoolDir is where system mailboxes are.
const SpoolDir = "/var/mail"

// screenAgain is how long to wait before something odd about a mailbox is
// believed: another program may just be making it.
const screenAgain = time.Second

// SystemMailbox is the mailbox of an account in the spool directory, after a look
// at it as procmail takes one.
type SystemMailbox struct {
	Path string
	// Usable is set if mail may be put there.
	Usable bool
	// Forwards is set if its set-id bits say, as in System V, that mail for it is
	// forwarded by somebody else.
	Forwards bool
	// Notes is what was done about it, in procmail's words.
	Notes []string
	// Trouble is why it is not Usable, in procmail's words: of interest if a
	// message would have gone there.
	Trouble string
}

// MakeSystemMailbox makes the mailbox of an account if it is missing, and puts one
// aside that is not the account's own. Root can do this for an account before it
// becomes that account, which may have no right to make anything in the spool
// directory. In a directory that belongs to a group the mailbox does, too, and the
// group may write to it, as procmail and Debian have it. It returns what is to be
// said.
func MakeSystemMailbox(a Account) (notes []string) {
	var link, dir, st unix.Stat_t // /var/mail is a link to /var/spool/mail on many systems
	if unix.Lstat(SpoolDir, &link) != nil || unix.Stat(SpoolDir, &dir) != nil || dir.Mode&unix.S_IFMT != unix.S_IFDIR || a.Name == "" || filepath.Base(a.Name) != a.Name {
		return nil
	}
	if link.Uid != 0 || dir.Uid != 0 || dir.Mode&unix.S_IWOTH != 0 && dir.Mode&unix.S_ISVTX == 0 {
		return nil // anybody could put something in our way
	}
	box := SystemMailbox{Path: filepath.Join(SpoolDir, a.Name)}
	for try := 0; unix.Lstat(box.Path, &st) == nil; try++ {
		if a.owns(&st) {
			return nil
		}
		if try > 0 {
			if !box.putAside(a, &st) {
				return nil // who becomes the account will find out why
			}
			break
		}
		time.Sleep(screenAgain)
	}
	f, err := os.OpenFile(box.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return box.Notes
	}
	defer f.Close()
	gid, mode := a.GID, uint32(0o600)
	if groups(&dir) {
		gid, mode = int(dir.Gid), 0o660
	}
	if unix.Fchown(int(f.Fd()), a.UID, gid) != nil || unix.Fchmod(int(f.Fd()), mode) != nil {
		os.Remove(f.Name())
	}
	return box.Notes
}

// putAside renames a mailbox that is not the account's own.
func (box *SystemMailbox) putAside(a Account, st *unix.Stat_t) bool {
	bogus := filepath.Join(SpoolDir, "BOGUS."+a.Name+"."+folder.InodeName(st.Ino))
	if os.Rename(box.Path, bogus) != nil {
		return false
	}
	box.Notes = append(box.Notes, complaint("Renaming bogus mailbox", box.Path+"\" info \""+bogus))
	return true
}

// groups reports whether what is in a directory belongs to its group.
func groups(dir *unix.Stat_t) bool { return dir.Mode&unix.S_ISGID != 0 && dir.Mode&unix.S_IWGRP != 0 }

// Screen looks at the mailbox of an account, whose identity we have. One that is
// not its own, or a link, is moved out of the way if that is possible, and
// permissions that let others read it are taken away. A missing one is usable if
// it can be made.
func Screen(a Account) SystemMailbox {
	box := SystemMailbox{Path: filepath.Join(SpoolDir, a.Name)}
	var st unix.Stat_t
	for try := 0; ; try++ {
		err := unix.Lstat(box.Path, &st)
		switch {
		case err == nil && a.owns(&st):
			box.Usable = true
			box.Forwards = st.Mode&unix.S_ISUID != 0 || st.Mode&unix.S_ISGID != 0 && st.Mode&unix.S_IFMT != unix.S_IFDIR
			box.tighten(&st)
			return box
		case err == nil && try == 0:
			time.Sleep(screenAgain)
			continue
		case err == nil:
			if !box.putAside(a, &st) {
				box.Trouble = complaint("Couldn't create", box.Path)
				return box
			}
		}
		// It is made when something is put there; all that counts now is that it
		// can be.
		if box.Usable = unix.Access(SpoolDir, unix.W_OK) == nil; !box.Usable {
			box.Trouble = complaint("Couldn't create", box.Path)
		}
		return box
	}
}

// owns reports whether a mailbox belongs to the account alone.
func (a Account) owns(st *unix.Stat_t) bool {
	if int(st.Uid) != a.UID || st.Mode&unix.S_IWUSR == 0 {
		return false
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return st.Mode&unix.S_IXUSR != 0
	case unix.S_IFREG:
		return st.Nlink == 1
	}
	return false
}

// tighten takes permissions away that let others at the mailbox. A group may stay
// in a spool directory that is a group's; u+x, set-id and sticky bits say that
// somebody wants it so.
func (box *SystemMailbox) tighten(st *unix.Stat_t) {
	const wanted = unix.S_IXUSR | unix.S_ISUID | unix.S_ISGID | unix.S_ISVTX
	loose := uint32(0o077)
	var dir unix.Stat_t
	if unix.Stat(SpoolDir, &dir) == nil && groups(&dir) && st.Gid == dir.Gid {
		loose = 0o007
	}
	if st.Mode&wanted != 0 || st.Mode&loose == 0 {
		return
	}
	box.Notes = append(box.Notes, complaint("Enforcing stricter permissions on", box.Path))
	unix.Fchmodat(unix.AT_FDCWD, box.Path, st.Mode&0o7777&^loose, 0)
}

// complaint is a line of procmail's log.
func complaint(text, name string) string { return "procmail: " + text + " \"" + name + "\"\n" }
