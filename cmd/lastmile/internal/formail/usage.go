package formail

// Exit statuses, of sysexits.h.
const (
	exitOK         = 0
	exitNew        = 1  // -D: not in the cache
	exitUsage      = 64 // also of -h and -v
	exitNoUser     = 67 // -r: nobody to reply to
	exitNoChild    = 69 // a child was ended by a signal
	exitOS         = 71 // no child can be started
	exitCantCreate = 73 // -D: the cache cannot be opened
	exitIO         = 74 // reading or writing has failed
)

const versionText = "formail of lastmile, made to work like procmail's formail v3.22\n"

const usageText = `usage: formail [option...] <message
       formail [option...] -s [program [argument...]] <mailbox
`

const helpText = usageText + `
what becomes of the header:
  -a FIELD        add FIELD ("Name: value") unless there is one of that name
                  Message-ID: and Resent-Message-ID: without a value are made up
  -A FIELD        add FIELD
  -i FIELD        prefix fields of that name by Old-, add FIELD
  -I FIELD        delete fields of that name, add FIELD
  -u NAME         keep only the first field of that name
  -U NAME         keep only the last field of that name
  -R NAME NAME    rename fields
  -x NAME         print only the values of fields
  -X NAME         print only these fields
  -c              put each field on one line
  -z              a blank after the colon, no empty fields, values trimmed
  -f              add no From_ line
replies:
  -r              make the header of a reply; -i NAME keeps a field
  -t              reply to the sender whom the header names
  -k              keep the body, quoted (with -x and -X: keep it)
the body:
  -b              leave lines beginning with "From " as they are
  -p PREFIX       put PREFIX before them, not ">"
  -Y              do not believe Content-Length:
duplicates:
  -D SIZE FILE    exit status 0 if the Message-ID is in FILE, else add it: 1
several messages, with -s last:
  +N  -N          skip N messages, at most N messages
  -d              digests: messages need no From_ line
  -e              messages need no empty line before them
  -m N            messages begin with at least N fields (2)
  -B              the input is in BABYL format
  -n N            run up to N programs at a time (0: any number)
  -l FOLDER       print a log as procmail would for FOLDER, not the messages
others:
  -q  -q-         be quiet (as usual), or not
  -h  -v          show this, or the version
`
