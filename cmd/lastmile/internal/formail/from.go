package formail

import (
	"bytes"
	"strings"
)

// postmarkAddress lifts the address out of a From_ line: body is what follows
// "From ", with its continuation lines (">From user date remote from host").
// An address without domain gets the hosts it came through put before it,
// "host!host!user". A "<" keeps what has no blank in it in one piece.
func postmarkAddress(body string) []byte {
	if strings.HasPrefix(body, "\n") {
		if blank := strings.IndexByte(body, ' '); blank >= 0 {
			body = body[blank+1:]
		}
	}
	last := body // the line of the oldest host is the last one
	for {
		_, line, more := strings.Cut(last, "\n")
		if !more {
			break
		}
		_, rest, more := strings.Cut(line, " ")
		if !more {
			break
		}
		last = rest
	}
	user, _, ok := strings.Cut(last, " ")
	switch {
	case !ok:
		return []byte(last)
	case strings.Contains(user, "@"):
		return []byte("<" + user)
	}
	return []byte("<" + hosts(body) + user)
}

// hosts returns the hosts that a From_ line says it has come through, newest
// first, each with a "!" after it.
func hosts(body string) string {
	const remote, forwarded = " remote from ", " forwarded by "
	var path strings.Builder
	for line := range strings.Lines(body) {
		at, length := strings.Index(line, remote), len(remote)
		if f := strings.Index(line, forwarded); f >= 0 && (at < 0 || f < at) {
			at, length = f, len(forwarded)
		}
		if at >= 0 {
			path.WriteString(strings.TrimSuffix(line[at+length:], "\n") + "!")
		}
	}
	return path.String()
}

// wantsPostmark tells whether a From_ line is to be made: there is none, and
// none has been taken away on purpose, unless -a "From " asks for it.
func (j *job) wantsPostmark(had bool) bool {
	if j.opt.force || len(j.header) > 0 && isPostmark(j.header[0].text) {
		return false
	}
	f := newField([]byte(postmark))
	if h := find(f, j.opt.ifAbsent); h != nil && !h.hasValue() {
		return true
	}
	return !had && find(f, j.opt.renameInsert) == nil && find(f, j.opt.deleteInsert) == nil &&
		findRename(f, j.opt.renames) == nil
}

// addPostmark puts a From_ line in front, with the time of now; with -a Date:
// that of the Date field, as it is.
func (j *job) addPostmark(sender string, ok bool) {
	if !ok {
		sender = nobody
	}
	line := []byte(postmark + sender + " ")
	if len(j.date) > 0 && find(newField([]byte("Date:")), j.opt.ifAbsent) != nil {
		line = appendValue(line, j.date)
	} else {
		line = append(line, j.now().Format(" Mon Jan _2 15:04:05 2006\n")...)
	}
	j.header = append([]*field{newField(line)}, j.header...)
}

// appendValue appends a field body, with a blank before it if it has none.
func appendValue(line, value []byte) []byte {
	if len(value) > 0 && !isBlank(value[0]) {
		line = append(line, ' ')
	}
	return append(line, value...)
}

// isPostmarkOfMessage tells whether a From_ line begins a message, and not a
// sentence: it needs an address and something after it.
func isPostmarkOfMessage(line []byte) bool {
	rest := line[len(postmark):]
	rest = rest[skipBlanks(rest):]
	end := bytes.IndexAny(rest, " \t\n\x00")
	if end <= 0 {
		return false
	}
	rest = rest[end:]
	return rest[skipBlanks(rest)] != '\n'
}
