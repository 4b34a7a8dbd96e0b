package main

import (
	"io"
	"strings"

	"lastmile/cmd/lastmile/internal/formail"
)

// moreHelp returns what the help of a command says besides its options: what they
// have no place for, the exit statuses, examples, and where the rest stands. A test
// holds it to the manual.
func moreHelp(command string) string {
	switch command {
	case "deliver":
		return deliverHelp
	case "check":
		return checkHelp
	case "explain":
		return explainHelp
	case "doctor":
		return doctorHelp
	case "key":
		return keyHelp
	case "procmail":
		return procmailHelp()
	case "formail":
		var b strings.Builder
		formail.Main([]string{"-h"}, strings.NewReader(""), io.Discard, &b)
		_, options, _ := strings.Cut(b.String(), "\n\n")
		return strings.TrimRight(options, "\n") + "\n\n" + formailMore
	case "lockfile":
		// The other tab of a line is for the library's columns.
		return strings.ReplaceAll("options:\n"+lockfileHelp, "\n\t", "\n   ") + "\n" + lockfileMore
	case "completion":
		return completionHelp
	case "version":
		return versionHelp
	}
	return ""
}

const deliverHelp = `The message is read from standard input. It goes to one of --maildir (the
default, ~/Maildir/), --mbox and --command; --rcfile sorts it before.

exit status:
   0    it is on stable storage, or the command has taken it; with --dsn its
        report is
   75   try again; the code on standard error is 4.x.x
   77   give it back: 5.4.6 a loop, 5.4.0 too many hops, 5.1.3 no such
        address can be, or a command's own 5.x.x

examples:
   lastmile deliver --maildir ./Maildir -- you@example.com < message
   lastmile deliver --maildir ./{domain}/{user}/ -- you@example.com < message
   lastmile deliver --on-loop quarantine -- you@example.com < message
   lastmile doctor --recipe pipe

See lastmile(1); lastmile(8) for set-ups, lastmile-procmailrc(5) for rcfiles.`

const checkHelp = `The message is read from standard input. --json prints the verdict, the stamps
and their lines, and schema, the number of this form.

exit status:
   0    no loop
   1    deliver would refuse the message: a loop, or too many hops
   75   the message could not be read, or a mistake in the command line
   77   5.1.3 no such address can be

examples:
   lastmile check -- you@example.com < message
   lastmile check --json --trust own -- you@example.com < message

See lastmile(1), and lastmile-loops(7) for causes and cures.`

const explainHelp = `The message, or a bounce of it, is read from standard input: a bounce is
explained by the message that it returns, for the recipient that it names.
Without a recipient every stamped address is judged, and none is the verdict.
--json prints the verdict as check does, the way and the causes.

exit status:
   0    no loop, or none looked for without a recipient
   1    deliver would refuse the message: a loop, or too many hops
   75   the message could not be read, or a mistake in the command line
   77   5.1.3 no such address can be

examples:
   lastmile explain < message
   lastmile explain -- you@example.com < message
   lastmile explain --json --trust own -- you@example.com < message

See lastmile(1), and lastmile-loops(7) for causes and cures.`

const doctorHelp = `Nothing is changed, and a set-up that works gives no output. A finding says what
will happen, the line to change (after -) and what to put there (after +).

exit status:
   0    no findings, or the set-up of --recipe
   1    findings
   75   the set-up could not be read, or a mistake in the command line

examples:
   lastmile doctor
   lastmile doctor --recipe local

See lastmile(1), and lastmile(8) for the findings and for set-ups.`

const keyHelp = `A file that exists is not touched.

exit status:
   0    made
   75   not made, or a mistake in the command line

examples:
   lastmile key ./lastmile.key

See lastmile(1).`

// procmailHelp is also what procmail -h prints.
func procmailHelp() string { return optionHelp(procmailOptions()) + "\n\n" + procmailMore }

const procmailMore = `The recipient, for the loop check, is RECIPIENT=ADDRESS among the arguments;
under Postfix RECIPIENT in the environment; the RECIPIENT of -d, if it has an @;
or USER=ADDRESS, or USER= with DOMAIN= and EXTENSION=, among the arguments.
Without one nothing is compared and nothing stamped.

exit status:
   0    delivered, or thrown away by the rcfile; --lint: nothing but info
   1    --lint: findings
   64   -h
   66   -m without an rcfile, with PROCMAIL_STRICT
   67   -d: no such user, without Postfix
   71   HOME is no absolute path, with PROCMAIL_STRICT
   73   not delivered, or SIGHUP or SIGINT, with PROCMAIL_STRICT and without -t
   75   try again
   77   a loop, too many hops, or under Postfix no such user
   N    what the rcfile has put into EXITCODE

examples:
   lastmile procmail DEFAULT=./Maildir/ < message
   lastmile procmail DEFAULT=./Maildir/ RECIPIENT=you@example.com < message
   lastmile procmail --lint ./procmailrc
   lastmile procmail --explain ./procmailrc < message

See lastmile(1), and lastmile-procmailrc(5) for rcfiles.`

const formailMore = `exit status:
   0    done
   1    -D: not in the cache
   64   usage, -h, -v
   67   -r: nobody to reply to
   69   -s: a program was ended by a signal; otherwise its own exit status
   71   no process can be started
   73   -D: the cache cannot be opened
   74   reading or writing has failed

examples:
   lastmile formail -x Subject: < message
   lastmile formail -I "X-Loop: you@example.com" < message

See lastmile(1).`

const lockfileMore = `exit status:
   0    all were made
   64   usage
   69   one cannot be made
   73   somebody else has one
   75   a signal

examples:
   lastmile lockfile -r 3 ./folder.lock

See lastmile(1).`

const completionHelp = `What is printed needs no lastmile to run. It is for
   bash   /usr/share/bash-completion/completions/lastmile
   zsh    _lastmile in a directory of fpath
   fish   /usr/share/fish/vendor_completions.d/lastmile.fish
For one user, in the shell's start-up file: source <(lastmile completion bash)

exit status:
   0    printed
   75   there is none for such a shell

examples:
   lastmile completion bash > ./lastmile.bash
   lastmile completion zsh > ./_lastmile
   lastmile completion fish > ./lastmile.fish

See lastmile(1).`

const versionHelp = `--json prints version, commit and its time, whether more than the commit was
built, the version of Go, the settings of the build, and the modules that are
linked in: the bill of materials.

exit status:
   0    printed
   75   a mistake in the command line

examples:
   lastmile version
   lastmile version --json

See lastmile(1).`
