package procmailrc

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// write appends text to the log. A line is written when it ends, so that lines
// of several processes do not mix.
func (in *interp) write(text string) {
	in.pending += text
	if strings.HasSuffix(in.pending, "\n") {
		in.flush()
	}
}

// flush writes what the log has not got yet.
func (in *interp) flush() {
	if in.pending != "" && !in.host.Ended() {
		in.host.Log(in.pending)
	}
	in.pending = ""
}

// log appends a message of our own; with VERBOSE the first one in a second has
// the process and the time before it.
func (in *interp) log(text string) {
	in.traceComplaint(text)
	in.write("procmail: ")
	if now := in.host.Now().Truncate(time.Second); in.verbose() && !now.Equal(in.lastLogged) {
		in.lastLogged = now
		in.write("[" + strconv.Itoa(in.host.PID()) + "] " + now.Format(time.ANSIC) + "\n" + "procmail: ")
	}
	in.write(text)
}

// logQuoted appends a message about a thing with a name.
func (in *interp) logQuoted(text, name string) { in.log(text + ` "` + name + "\"\n") }

// tell is logQuoted if VERBOSE is on.
func (in *interp) tell(text, name string) {
	if in.verbose() {
		in.logQuoted(text, name)
	}
}

// skipped says what was not understood.
func (in *interp) skipped(text string) {
	if text != "" {
		in.logQuoted("Skipped", text)
	}
}

// extraneous says which flags mean nothing for an action.
func (in *interp) extraneous(flag string) { in.log("Extraneous " + flag + " ignored\n") }

const (
	maxSubject  = 78 // of the abstract, in bytes
	maxFolder   = 60
	sizeColumn  = 72
	tabWidth    = 8
	folderLabel = "  Folder: "
)

// abstract appends the three lines about a delivery: the From_ line, the
// subject, and the folder with the size.
func (in *interp) abstract(folder string) {
	if in.logAbstract == 0 || in.logAbstract < 0 && !in.logOpened && !in.verbose() {
		return
	}
	header := in.mail.data[:in.mail.body]
	if bytes.HasPrefix(header, fromLine) {
		line, rest, _ := bytes.Cut(header, []byte("\n"))
		in.write(string(line) + "\n")
		header = rest
	}
	if subject, ok := subjectOf(header); ok {
		subject, _, _ = strings.Cut(subject, "\x00")
		in.write(" " + flat(subject, maxSubject) + "\n")
	}
	in.write(folderLine(folder, in.control.written.Load()))
}

// folderLine is the line of the abstract with the folder and the size in bytes.
func folderLine(folder string, size int64) string {
	line := folderLabel + flat(folder, maxFolder)
	column := len(line) - len(line)%tabWidth
	for {
		line += "\t"
		if column += tabWidth; column >= sizeColumn {
			break
		}
	}
	return line + fmt.Sprintf("%7d", size) + "\n"
}

// subjectOf returns the first Subject: line. The empty line that ends a header,
// or the end of the message, ends it, too.
func subjectOf(header []byte) (string, bool) {
	for line := range bytes.Lines(header) {
		if len(line) >= len("Subject:") && bytes.EqualFold(line[:len("Subject:")], []byte("Subject:")) {
			return string(bytes.TrimSuffix(line, []byte("\n"))), true
		}
	}
	return "", false
}

// flat cuts text at a number of bytes and makes blanks of tabs and line ends.
func flat(text string, limit int) string {
	if len(text) > limit {
		text = text[:limit]
	}
	b := []byte(text)
	for i, c := range b {
		if c >= '\t' && c <= '\r' {
			b[i] = ' '
		}
	}
	return string(b)
}
