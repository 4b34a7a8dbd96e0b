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
		return strings.NewReplacer("check", command, "no loop", "no loop, or no recipient given").Replace(checkHelp)
	case "doctor":
		return doctorHelp
	case "key":
		return keyHelp
	case "procmail":
		return procmailHelp
	case "formail":
		var b strings.Builder
		formail.Main([]string{"-h"}, strings.NewReader(""), io.Discard, &b)
		_, options, _ := strings.Cut(b.String(), "\n\n")
		return strings.TrimRight(options, "\n") + "\n\n" + formailMore
	case "lockfile":
		return "options:\n" + strings.ReplaceAll(strings.TrimRight(lockfileHelp, "\n"), "\t", "   ") + "\n\n" + lockfileMore
	case "completion":
		return completionHelp
	case "version":
		return "See lastmile(1)."
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
   lastmile deliver --maildir ./mail/{domain}/{user}/ -- you@example.com < message
   lastmile deliver --trust own --on-loop quarantine -- you@example.com < message
   lastmile doctor --recipe pipe

See lastmile(1); lastmile(8) for set-ups, lastmile-procmailrc(5) for rcfiles.`

const checkHelp = `exit status:
   0    no loop
   1    deliver would refuse the message
   75   the message could not be read

examples:
   lastmile check -- you@example.com < message
   lastmile check --json --trust own -- you@example.com < message

See lastmile(1), and lastmile-loops(7) for causes and cures.`

const doctorHelp = `exit status:
   0    no findings
   1    findings
   75   the set-up could not be read

examples:
   lastmile doctor
   lastmile doctor --recipe local

See lastmile(1), and lastmile(8) for set-ups.`

const keyHelp = `A file that exists is not touched.

exit status:
   0    made
   75   not made

examples:
   lastmile key ./lastmile.key

See lastmile(1).`

const procmailHelp = `options:
   -a ARGUMENT     set $1; again, $2 and so on
   -d RECIPIENT... deliver to local users, as those users
   -f, -r SENDER   the envelope sender, for the From_ line; - renews its date
   -h, -?          print the usage, and exit 64
   -m              run one rcfile as a general filter: what follows it is $1 ...
   -o              no effect
   -p              keep the environment, and do not run /etc/procmailrc
   -t              no effect but with PROCMAIL_STRICT: failures are tried again
   -v              print the version
   -Y, -y          do not believe Content-Length
   NAME=VALUE      set a variable before the rcfile
   RCFILE          run this, not /etc/procmailrc and ~/.procmailrc
   --lint          say what is wrong in an rcfile; with --json
   --explain       say what it does with a message; with --ascii, --json,
                   --run-programs

exit status:
   0    delivered, or thrown away by the rcfile
   75   try again
   77   a loop, too many hops, or under Postfix no such user
   64, 66, 67, 73   usage; with PROCMAIL_STRICT -m without an rcfile; no such
        user; with PROCMAIL_STRICT any failure
   N    what the rcfile has put into EXITCODE

examples:
   lastmile procmail DEFAULT=./Maildir/ < message
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

const completionHelp = `examples:
   lastmile completion bash > ./lastmile.bash
   lastmile completion zsh > ./_lastmile
   lastmile completion fish > ./lastmile.fish

See lastmile(1).`
