// Package formail is formail(1) of procmail 3.22: it reads mail on standard
// input and writes it with other header fields, as a reply, or taken apart.
//
// The output, the exit status, the duplicate cache and the messages of the
// installed program (3.22-27) are the specification, and the tests compare with
// it. The way of one message:
//
//	input ─► header fields ─► edit (-I -i -R -u -U -z -c) ─► cache (-D)
//	           │                                               │
//	           │            reply (-r) or From_ line, then -a ◄┘
//	           ▼                      │
//	         body, line by line ──► output: standard output, a child, or nothing
//	           │
//	           └── when splitting: the start of the next message ─► again
//
// Only the header and, when splitting, one field-like run of lines of the body
// are kept in memory; everything else streams.
//
// Where the original is unsafe, this differs on purpose:
//
//   - A read error is not the end of the message: exit status 74.
//   - One failed write is enough for exit status 74; the original looks at the
//     last write only. SIGXFSZ and SIGPIPE do not end the process.
//   - A mistake in the command line is found before the first child starts.
//   - -n N never runs more than N children at a time: the original counts wrong
//     after its first wait. A negative N is no limit; there it is an endless loop.
//   - -B without a BABYL leader ends at the end of the input.
//   - -l with a message without a header, and addresses with an open comment or
//     quotation or a backslash at their end, do not read or write out of bounds.
//   - Of a From_ line right after a field or another From_ line, when splitting,
//     and of -U in a reply, the original looks at memory that is free already
//     and does one thing or the other. Here the From_ line begins a message
//     like one after an empty line, and -U knows the fields of the message.
//   - A time zone is one that the system has a file of: TZ=CET-1CEST is UTC.
//   - The cache is locked (fcntl) while it is looked up and written, and is
//     written in one step.
//   - The texts of -h, -v and of usage mistakes are our own.
package formail
