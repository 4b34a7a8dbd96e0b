package formail

import (
	"bufio"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Main is the program: args are its arguments, without the name. It returns the
// exit status: 0; 1 with -D for a message that is not in the cache; one of
// sysexits.h; or that of the first child that has failed.
//
// It reads the environment and the clock, opens the file of -D and starts the
// children of -s. If stdout is an *os.File, children write to it directly. The
// caller sees to it that SIGPIPE does not end the process.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	j := &job{stdin: stdin, stdout: stdout, stderr: stderr, env: os.Environ(), now: time.Now, pid: os.Getpid()}
	return j.run(args)
}

// job is one run.
type job struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            []string
	now            func() time.Time
	pid            int
	host           string // for Message-IDs

	opt      *options
	in       *input
	out      *output
	buffer   *bufio.Writer // of out
	children children
	number   number // of the next child
	failed   bool   // a message could not be written
	status   int    // so far

	// the message at hand
	header      []*field
	line        []byte   // has been read, and does not belong to the header
	emptyBefore bool     // the line before was empty, or part of the header
	babylEnded  bool     // the rest is nothing but what is between messages
	added       []*field // by -a
	first, last []*seen  // -u, -U
	size        int64    // of what -l does not show
	ids         uint64   // that have been made up
	subject, references,
	messageID, date []byte // field bodies with their newline
}

// exit is an error that ends the run at once.
type exit int

// Error implements error.
func (e exit) Error() string { return "exit status " + decimal(int64(e)) }

// run is the whole run.
func (j *job) run(args []string) int {
	p := &parser{args: args, options: options{}}
	bad := p.parse()
	defer func() { p.cache.close() }()
	if bad != nil {
		return j.usage(p, bad)
	}
	j.opt, j.in = &p.options, newInput(j.stdin)
	if j.opt.babyl {
		j.skipLeader()
	}
	for j.in.peek() == '\n' {
		j.in.skip()
	}
	if j.opt.split && j.in.peek() == endOfInput {
		return j.result(nil) // no message
	}
	if bad := j.opt.contradiction(); bad != nil {
		return j.usage(p, bad)
	}
	j.prepare()
	return j.result(j.messages())
}

// usage tells how to call the program, or what -h and -v want to know.
func (j *job) usage(p *parser, bad *mistake) int {
	text := bad.text
	switch {
	case p.help != "":
		text = p.help
	case bad.status == exitUsage:
		text += usageText
	}
	io.WriteString(j.stderr, text)
	return bad.status
}

// contradiction finds options that do not go together.
func (o *options) contradiction() *mistake {
	extracts := len(o.extract) > 0 || len(o.extractWhole) > 0
	switch {
	case !o.split && (o.skip > 0 || o.total >= 0 || o.every || o.digest || o.minFields != 0 || o.parallel),
		extracts && o.summary,
		o.keepBody && !o.reply && !extracts:
		return badUsage
	case o.resent && !o.trust:
		return badField(resentPrefix)
	}
	return nil
}

// prepare gets ready for the first message.
func (j *job) prepare() {
	o := j.opt
	if o.minFields == 0 {
		o.minFields = defaultMinFields
	}
	if o.reply {
		o.renameInsert = append(o.renameInsert, newField([]byte("X-Loop:")))
	}
	for _, f := range o.first {
		j.first = append(j.first, &seen{name: f})
	}
	for _, f := range o.last {
		j.last = append(j.last, &seen{name: f})
	}
	var names unix.Utsname
	if unix.Uname(&names) == nil {
		j.host = unix.ByteSliceToString(names.Nodename[:])
	}
}

// messages handles one message after the other.
func (j *job) messages() error {
	if !j.opt.split {
		j.out = j.newOutput(j.stdout, nil)
		j.readFirstHeader()
		if err := j.message(); err != nil {
			return err
		}
		return j.endOutput()
	}
	j.stdout, j.stderr = shared(j.stdout), shared(j.stderr)
	j.numberFrom()
	if j.opt.total == 0 {
		return exit(exitIO) // as the original says it, for a message not written
	}
	if err := j.start(); err != nil {
		return err
	}
	j.readFirstHeader()
	for {
		if err := j.message(); err != nil {
			return err
		}
		more, err := j.splitBody()
		if err != nil {
			return err
		}
		if !more {
			return nil
		}
		j.readHeader()
	}
}

// endOutput ends the output, or the run if it could not be written.
func (j *job) endOutput() error {
	if j.out.close() == nil {
		return nil
	}
	if j.opt.verbose {
		j.say("Couldn't write to stdout")
	}
	return exit(exitIO)
}

// result waits for the children and returns the exit status.
func (j *job) result(err error) int {
	j.waitAll()
	var e exit
	switch {
	case j.in.err != nil:
		j.say("Couldn't read from stdin")
		return exitIO
	case errors.As(err, &e):
		return int(e)
	case j.status < 0:
		return exitNoChild
	case j.status != exitOK:
		return j.status
	case j.failed:
		return exitIO
	}
	return exitOK
}

// say writes a message of the program.
func (j *job) say(text string) { io.WriteString(j.stderr, "formail: "+text+"\n") }
