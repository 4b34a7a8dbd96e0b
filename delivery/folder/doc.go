// Package folder stores messages in every kind of mail folder but the Maildir,
// which has a package of its own: the mbox file, the MH folder, whose messages
// are files with numbers for names, and the directory of files msg.*, which only
// procmail makes.
//
// # mbox
//
//	lock   PATH.lock             if wanted; before the open, as Postfix does it (dot_lockfile.c, mbox_open.c)
//	open   PATH                  never a FIFO, a socket or a directory; created with O_EXCL
//	lock   the file              fcntl(2), the whole of it
//	check                        one link, and the path still leads to this file: a mail reader may have put another there
//	write                        at the end
//	fsync  the file, and the directory of a new one
//	unlock
//
// A message that does not become whole is cut off again. No crash can be undone
// that way: what a process leaves when it is killed in the middle is the
// beginning of a message, and [Options.Separate] keeps the next one apart from it.
//
// # Directories
//
// A message is written to a file without a name (O_TMPFILE; where that does not
// exist, to _PID.RANDOM, which no reader takes for mail), synced, linked to
// its name, and the directory is synced. procmail links first and writes
// afterwards, so that a crash leaves a cut message which looks whole.
//
// # Errors
//
// They name the object, and wrap the errno or [ErrUnsafe].
package folder
