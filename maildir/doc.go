// Package maildir stores messages in a Maildir so that they survive a crash.
// Other mail programs may import it; README says how, and testdata/outside is one
// that does.
//
// It only delivers; to read a Maildir there is
// github.com/emersion/go-maildir, which also names the Maildir++ folders here.
//
// # What a delivery does
//
//	open   Maildir, then new/    nothing on the way there below the trusted part is followed if it is a symbolic link
//	create tmp/                  O_TMPFILE, mode 0600: no name, so nothing can be left behind;
//	                             where the file system has no O_TMPFILE, a name of its own with O_EXCL
//	write                        large messages are pushed to the disk as they arrive (sync_file_range)
//	fsync  the file
//	linkat new/UNIQUE            never over an existing file; where links do not exist, renameat2(RENAME_NOREPLACE)
//	fsync  new/                  if this fails the link is removed again
//
// Only then is the message delivered. A power cut right after it keeps the
// message; at any earlier moment it leaves nothing that a reader could see.
//
// # Once
//
// [Delivery.Recall], in place of Place, is for a message that may come again, because
// a crash kept its caller from learning that it is there. A journal in the Maildir,
// lastmile-ids, 64 KiB, knows the last 2047 keys; the layout stands in once.go. It
// costs an fsync more, under a lock.
//
// # Names
//
// SECONDS.MmicrosecondsPpidRrandom.HOST,S=size, after the Maildir
// specification of D. J. Bernstein and Maildir++ (",S=" spares a quota reader
// a stat); "/" and ":" in the host name become \057 and \072.
//
// # Whose
//
// A Maildir is used only if it belongs to the effective user and is no
// symbolic link. Missing ones are made with mode 0700 where the directory
// above belongs to the effective user or root and is not open to everybody.
// [Options] has a way for those that the user has named in an own file, and
// the modes of what is created.
package maildir
