package formail

import (
	"strconv"
)

// idDigits are the digits of the numbers in a Message-ID, base 64.
const idDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// makesID tells whether -a of this field makes up a Message-ID.
func makesID(f *field) bool {
	return !f.hasValue() && (f.is("Message-ID:") || f.is("Resent-Message-ID:"))
}

// newID returns such a field with an id of its own: <text.count.process.time@host>,
// where text is a hash of what has been read.
func (j *job) newID(f *field) *field {
	line := append([]byte(nil), f.text[:f.name]...)
	line = append(line, " <"...)
	for i, n := range []uint64{j.in.hash, j.ids, uint64(j.pid), uint64(j.now().Unix())} {
		if i > 0 {
			line = append(line, '.')
		}
		line = appendID(line, n)
	}
	j.ids++
	line = append(line, "@"+j.host+">\n"...)
	return newField(line)
}

// appendID appends a number, the lowest digit first.
func appendID(line []byte, n uint64) []byte {
	for {
		line = append(line, idDigits[n%64])
		if n /= 64; n == 0 {
			return line
		}
	}
}

// addMissing adds the fields of -a that the header has not got. They are kept
// apart: -I and -i cannot delete them any more.
func (j *job) addMissing() {
	j.added = nil
	for _, f := range j.opt.ifAbsent {
		switch {
		case has(j.header, f):
		case makesID(f):
			j.added = append(j.added, j.newID(f))
		default:
			j.added = append(j.added, f)
		}
	}
}

// has tells whether a header has got a field of that name.
func has(header []*field, f *field) bool { return find(f, header) != nil }

// contentLength returns what Content-Length says about the length of the body,
// 0 if it says nothing or is not believed.
func (j *job) contentLength() int64 {
	o := j.opt
	f := newField([]byte("Content-Length:"))
	switch {
	case o.digest || o.berkeley:
		return 0 // such messages are made of others
	case o.keepBody && (o.reply || len(o.extractWhole) > 0 && find(f, o.extractWhole) == nil):
		return 0 // the body goes elsewhere, without the field
	}
	h := find(f, j.header)
	if h == nil {
		return 0
	}
	n, _ := LeadingNumber(string(h.value()))
	return int64(n)
}

// decimal is strconv for the messages.
func decimal(n int64) string { return strconv.FormatInt(n, 10) }
