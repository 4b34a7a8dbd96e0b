package procmailrc

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
)

// folderOf reads a folder's name: "dir/" is a Maildir, "dir/." an MH folder,
// anything else a file, or if there is a directory of that name a directory of
// message files.
func folderOf(name string) Folder {
	trim := func(s string) string {
		for len(s) > 1 && strings.HasSuffix(s, "/") {
			s = s[:len(s)-1]
		}
		return s
	}
	switch {
	case len(name) < 2:
	case len(name) == 2:
		if name[1] == '/' {
			return Folder{Kind: Maildir, Path: name[:1]}
		}
	case strings.HasSuffix(name, "/."):
		return Folder{Kind: MH, Path: trim(name[:len(name)-2])}
	case strings.HasSuffix(name, "/"):
		return Folder{Kind: Maildir, Path: trim(name[:len(name)-1])}
	}
	return Folder{Kind: Mbox, Path: name}
}

// folder finds out what a folder's name means, and makes a missing directory. A
// further folder, as opposed to the first, can only be a directory; it reports
// false if it cannot be used at all.
func (in *interp) folder(name string, further bool) (f Folder, ok bool) {
	f = folderOf(name)
	if f.Kind == Mbox && !further {
		if info, err := in.host.Stat(f.Path); err == nil && info.Dir {
			f.Kind = MsgDir
		}
		return f, true
	}
	if f.Kind == Mbox {
		f.Kind = MsgDir
	}
	err := in.directory(f.Path)
	if err == nil && f.Kind == Maildir {
		for _, sub := range [...]string{"/new", "/cur", "/tmp"} {
			if err = in.directory(f.Path + sub); err != nil {
				further = true // there is a directory already: no file can be
				break
			}
		}
	}
	if err == nil {
		return f, true
	}
	in.logQuoted("Unable to treat as directory", f.Path)
	// Of what is meant for a directory procmail makes a file, even if it was only
	// the disk that could not be read at the moment, and goes on with that file for
	// ever. We do so only where there is a file, or none can be made either.
	if further || !in.rules.strict && passes(err) {
		in.skipped(f.Path)
		return f, false
	}
	f.Kind = Mbox
	return f, true
}

// Modes of what is made, before the umask. o+x of a file is for mail readers that
// see there that mail is new.
const (
	fileMode      = 0o667
	directoryMode = 0o777
)

// directory makes a directory if it is missing.
func (in *interp) directory(path string) error {
	info, err := in.host.Stat(path)
	switch {
	case err == nil && !info.Dir:
		return syscall.ENOTDIR
	case errors.Is(err, syscall.ENOENT):
		return in.host.Mkdir(path)
	}
	return err
}

// deliver writes text to folders, or with "|" to the standard output. Lock asks
// for the lockfile that DEFAULT has.
func (in *interp) deliver(words []string, text part, r *recipe, lock bool) bool {
	if strings.HasPrefix(words[0], "|") && len(words) == 1 {
		in.setLastFolder(words[0])
		in.flush()
		in.wrote(text.Len())
		if err := in.host.Stdout(text); err != nil && !r.flags.has('i') {
			in.logQuoted("Error while writing to", words[0])
			return false
		}
		return true
	}
	f, ok := in.folder(words[0], false)
	if !ok {
		return false
	}
	d := &Delivery{
		Folder: f, Prefix: in.msgPrefix, Text: text, Final: !r.flags.has('c') && !in.clone,
		Mode: fileMode &^ in.umask, DirMode: directoryMode &^ in.umask, Mark: in.umask&1 == 0,
		Timeout: seconds(in.timeout), TimedOut: func(running bool) { in.timedOut(words[0], running) },
		LinkFailed: func(name string) { in.logQuoted("Couldn't make link to", name) },
	}
	if f.Kind == Mbox {
		in.skipped(strings.Join(words[1:], " "))
		return in.toMbox(d, text, lock)
	}
	return in.toDirectory(d, text, words)
}

// toMbox appends to a file.
func (in *interp) toMbox(d *Delivery, text part, lock bool) bool {
	name := d.Path
	text.quote = text.close
	if name == "/dev/null" {
		text.quote, text.close, lock = false, false, false
	}
	d.Text = text
	if lock && name+in.lockExt != in.globalLock {
		in.lock(name+in.lockExt, &in.folderLock)
	}
	in.setLastFolder(name)
	in.tell("Opening", name)
	if name == "/dev/null" {
		in.wrote(text.Len())
		return true
	}
	_, ok := in.store(d)
	in.comsat.offset = d.Offset
	return ok
}

// store delivers, and says what went wrong, if anything did.
func (in *interp) store(d *Delivery) (where []string, ok bool) {
	in.flush()
	where, err := in.host.Deliver(d)
	if d.Begun {
		in.wrote(d.Text.Len())
		if in.verbose() && d.Kind == Mbox {
			in.log("Acquiring kernel-lock\n")
		}
	}
	if err == nil {
		return where, true
	}
	if text, ok := d.Text.(part); ok && d.Begun { // procmail has not got as far as its own newline
		text.close = false
		in.wrote(text.Len())
	}
	var cut *CutBack
	info, _ := in.host.Stat(d.Path)
	switch device := !info.Regular && !info.Dir; {
	case errors.Is(err, ErrName):
		in.logQuoted("Couldn't create or rename temp file", in.tempName(d))
	case errors.Is(err, syscall.ENOSPC) && !device: // of a device procmail knows no better
		in.logQuoted("No space left to finish writing", in.tempName(d))
	case errors.Is(err, syscall.EDQUOT):
		in.logQuoted("Quota exceeded while writing", in.tempName(d))
	default:
		in.logQuoted("Error while writing to", in.tempName(d))
	}
	if errors.As(err, &cut) && (in.logOpened || in.verbose()) {
		in.log("Truncated file to former size\n")
	}
	return nil, false
}

// CutBack is an error of a delivery after which a file was given the size back
// that it had before.
type CutBack struct{ Err error }

// Error implements error.
func (c *CutBack) Error() string { return c.Err.Error() }

// Unwrap returns what went wrong.
func (c *CutBack) Unwrap() error { return c.Err }

// ErrName says that a message file could not be made in a directory.
var ErrName = errors.New("no name for the message")

// passes tells whether a directory may be had later: not if there is a file, if
// what is above it is missing, or if it is forbidden.
func passes(err error) bool {
	return !errors.Is(err, syscall.ENOTDIR) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission)
}

// tempName is the name that procmail would have given to a file in a Maildir, for
// a message that looks like its own.
func (in *interp) tempName(d *Delivery) string {
	if d.Kind != Maildir {
		return d.Path
	}
	return fmt.Sprintf("%s/tmp/%d.%d_0.%s", d.Path, in.host.Now().Unix(), in.host.PID(), in.host.HostName())
}

// toDirectory stores a file in a directory, with links to it in others.
func (in *interp) toDirectory(d *Delivery, text part, words []string) bool {
	if d.Kind == Maildir {
		if text.from == 0 {
			text.from = min(text.to, in.mail.afterFrom())
		}
		text.close = false
	}
	d.Text = text
	for _, word := range words[1:] {
		if f, ok := in.folder(word, true); ok {
			d.Links = append(d.Links, f)
		}
	}
	where, ok := in.store(d)
	if !ok {
		return false
	}
	in.setLastFolder(where[0])
	in.comsat.offset = 0
	if d.Kind != Maildir {
		in.tell("Opening", where[0])
		if in.verbose() {
			in.log("Acquiring kernel-lock\n")
		}
	}
	for _, link := range where[1:] {
		in.tell("Linking to", link)
	}
	in.vars.set("LASTFOLDER", strings.Join(where, " "))
	return true
}

// setLastFolder notes where something was delivered to last.
func (in *interp) setLastFolder(name string) {
	in.setComsatFolder(name)
	in.set("LASTFOLDER", name)
}
