package loopcheck

import (
	"bytes"
	"strings"
)

const (
	// maxTrace is how many trace fields are kept of a header section: a mail
	// that has gone 50 hops is refused, so more are of no use to anybody.
	maxTrace = 1000

	// maxTraceText bounds the text kept of one field.
	maxTraceText = 2000
)

// TraceField is a field that tells of a message's way.
type TraceField struct {
	Line int
	Name string // as it is written
	Body string // unfolded, at most 2000 bytes
	Hop  *Hop   // of a Received field
}

// Is reports whether the field has a name.
func (f *TraceField) Is(name Name) bool { return strings.EqualFold(f.Name, name.String()) }

// Resent reports whether a person has sent the message again (RFC 5322 section
// 3.6.6), or a program has forwarded it.
func (f *TraceField) Resent() bool {
	n := strings.ToLower(f.Name)
	return strings.HasPrefix(n, "resent-") || strings.HasPrefix(n, "x-forwarded-")
}

// Way returns the trace fields of a header section, from the oldest to the
// newest: a message gets its fields on top. A stamp that stands right above the
// field of fetchmail or fdm is older than that, though: those two put theirs
// below what stands above the first Received field.
func Way(head []byte) []TraceField {
	fields := traceFields(head)
	for i := range fields {
		if !insertsBelow(&fields[i]) {
			continue
		}
		top := i
		for top > 0 && fields[top-1].Hop == nil && !fields[top-1].Resent() {
			top--
		}
		// The retriever's field goes above the stamps of the mailbox.
		retriever := fields[i]
		copy(fields[top+1:i+1], fields[top:i])
		fields[top] = retriever
		break
	}
	for i, j := 0, len(fields)-1; i < j; i, j = i+1, j-1 {
		fields[i], fields[j] = fields[j], fields[i]
	}
	return fields
}

// insertsBelow tells whether a field is one of fetchmail's or fdm's.
func insertsBelow(f *TraceField) bool {
	return f.Hop != nil && (f.Hop.Software == "fetchmail" || f.Hop.Software == "fdm")
}

// traceFields reads the fields in the order of the header section, by the rules
// of [Scanner].
func traceFields(head []byte) (fields []TraceField) {
	var last *TraceField
	inHeader := false
	number, from := 0, 0
	for whole := range bytes.Lines(head) {
		number++
		line := cutLine(bytes.TrimSuffix(whole, []byte("\n")))
		n := headerName(line)
		switch {
		case n > 0:
			inHeader, last = true, nil
			if name := string(line[:n]); isTrace(name) && len(fields) < maxTrace {
				fields = append(fields, TraceField{Line: number, Name: name, Body: valueOf(line[n:])})
				last = &fields[len(fields)-1]
			}
		case len(line) > 0 && isSpace(line[0]) && inHeader:
			if last != nil && len(last.Body) < maxTraceText {
				last.Body += " " + strings.TrimSpace(string(line))
			}
		case !inHeader && isFromLine(line) && from+len(whole) <= maxFromLines:
			from += len(whole)
		default:
			return withHops(fields)
		}
	}
	return withHops(fields)
}

func withHops(fields []TraceField) []TraceField {
	for i := range fields {
		f := &fields[i]
		f.Body = strings.TrimSpace(f.Body[:min(len(f.Body), maxTraceText)])
		if f.Is(Received) {
			f.Hop = parseReceived(f.Body)
		}
	}
	return fields
}

// isTrace tells whether a field of this name tells of the way.
func isTrace(name string) bool {
	f := TraceField{Name: name}
	return f.Is(Received) || f.Is(DeliveredTo) || f.Is(XOriginalTo) || f.Is(ReturnPath) || f.Is(OwnStamp) || f.Resent()
}
