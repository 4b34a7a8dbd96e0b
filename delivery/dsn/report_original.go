package dsn

import (
	"bytes"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

const (
	// maxKept is how much of a message a Copy keeps: Postfix's
	// header_size_limit, so that every header section it passes on is seen
	// whole. It is above MaxReturned.
	maxKept = 102_400

	// maxFromLines bounds what is taken for mbox From_ lines, as in loopcheck.
	maxFromLines = 8 << 10
)

// Copy reads from In and keeps the beginning of it, enough for a [Report]. It
// is put between standard input and the delivery, so that the message can be
// returned whichever way it went.
type Copy struct {
	In   io.Reader
	kept []byte
	size int64
	end  bool
}

// Read implements io.Reader.
func (c *Copy) Read(p []byte) (int, error) {
	n, err := c.In.Read(p)
	c.size += int64(n)
	c.kept = append(c.kept, p[:min(n, maxKept-len(c.kept))]...)
	c.end = c.end || err == io.EOF
	return n, err
}

// Message returns what was kept, and whether that is the whole message. It is
// not to be called while something else may still read.
func (c *Copy) Message() (beginning []byte, complete bool) {
	return c.kept, c.end && c.size == int64(len(c.kept))
}

// returned is the third part of a report.
type returned struct {
	content                  []byte
	contentType, description string
	what                     string // for the person who reads the first part
}

// returned cuts out what is given back of the message (RFC 6522 section 3).
func (r *Report) returned() returned {
	message := r.Message[fromLines(r.Message):]
	head, _ := headerSection(message)
	// RFC 6532 section 3.7: a header section in UTF-8 is none of RFC 5322. One
	// in another 8-bit code is neither, and keeps the type that it claims.
	global := !isASCII(string(head)) && utf8.Valid(head)
	if r.Complete && !r.HeadersOnly && len(message) <= MaxReturned {
		b := returned{message, "message/rfc822", "Undelivered Message", "The message is attached."}
		if global {
			b.contentType = "message/global"
		}
		return b
	}
	b := returned{head, "text/rfc822-headers", "Undelivered Message Headers", "The header section of the message is attached, the rest is not."}
	if global {
		b.contentType = "message/global-headers"
	}
	return b
}

// messageID returns the Message-ID of the returned message, if it can be quoted
// in a field of ours: RFC 5322 section 3.6.4 in printable ASCII, without blanks.
func (r *Report) messageID() string {
	head, _ := headerSection(r.Message[fromLines(r.Message):])
	for name, body := range fields(head) {
		if name != "message-id" {
			continue
		}
		id := strings.TrimSpace(body)
		inner := strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">")
		if len(id) != len(inner)+2 || len(id) > maxText || strings.Count(inner, "@") != 1 || strings.ContainsFunc(inner, notInID) {
			return ""
		}
		return id
	}
	return ""
}

func notInID(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`<>()",;\`, c) }

// fromLines returns the length of the mbox From_ lines above the header
// section, by the rule of package loopcheck: with no header section below them
// they are the text of the message.
func fromLines(message []byte) int {
	size := 0
	for rest := message; len(rest) > 0; {
		line, next := cutLine(rest)
		text := chop(line)
		isField := fieldName(text) != "" // "From :" is one
		if isField || !bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) || size+len(rest)-len(next) > maxFromLines {
			if len(text) > 0 && !isField {
				return 0
			}
			return size
		}
		size += len(rest) - len(next)
		rest = next
	}
	return 0
}

// headerSection returns the header section without the empty line that ends it,
// and whether its end was seen: an empty line or something else that is no
// header field.
func headerSection(message []byte) (head []byte, ended bool) {
	rest := message
	for len(rest) > 0 {
		line, next := cutLine(rest)
		text := chop(line)
		isField := fieldName(text) != ""
		isContinued := len(text) > 0 && isSpace(text[0]) && len(rest) < len(message)
		if !isField && !isContinued {
			return message[:len(message)-len(rest)], true
		}
		rest = next
	}
	return message, false
}

// fields yields the fields of a header section, the name in lower case, the body
// unfolded (RFC 5322 section 2.2.3).
func fields(head []byte) iter.Seq2[string, string] {
	return func(yield func(name, body string) bool) {
		for rest := head; len(rest) > 0; {
			line, next := cutLine(rest)
			name := fieldName(chop(line))
			var body strings.Builder
			body.Write(chop(line[bytes.IndexByte(line, ':')+1:]))
			for len(next) > 0 && isSpace(next[0]) {
				line, next = cutLine(next)
				body.Write(chop(line))
			}
			if !yield(name, body.String()) {
				return
			}
			rest = next
		}
	}
}

// fieldName returns the name of the field that begins on a line, in lower case,
// or nothing: printable ASCII, perhaps blanks, a colon (Postfix is_header.c).
func fieldName(line []byte) string {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return ""
	}
	name := bytes.TrimRight(line[:colon], " \t")
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return ""
		}
	}
	return strings.ToLower(string(name))
}

// cutLine returns the first line with its end, and the rest.
func cutLine(b []byte) (line, rest []byte) {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i+1], b[i+1:]
	}
	return b, nil
}

// chop takes the end off a line.
func chop(line []byte) []byte { return bytes.TrimRight(bytes.TrimSuffix(line, []byte("\n")), "\r") }
