// Package beside measures lastmile beside the other programs that deliver mail,
// as whole processes, one for each message: whichever of procmail, maildrop and
// dovecot-lda are installed, and, where there is a C compiler, a yardstick that
// does the same system calls and nothing else (testdata/yardstick.c). They take
// turns, so that all of them meet the same machine, and what is compared are
// medians of one run.
//
//	go test ./cmd/lastmile/internal/beside -run '^$' -bench . -benchtime 1x
//
// prints three tables: one message after the other, from 4 KiB to 50 MiB; several
// at once; and behind a Postfix of its own (smtp-source, pipe(8)), which needs
// root and Postfix. A message comes through a pipe in writes of 4 KiB, as Postfix
// makes them. Every delivery is checked.
//
// Of the others only the yardstick syncs the directory, and dovecot-lda.
package beside
