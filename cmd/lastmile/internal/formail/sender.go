package formail

import "strings"

// nobody stands for the sender where none is known.
const nobody = "foo@bar"

// nullSender is the sender of a bounce, as an empty Return-Path says it.
const nullSender = "<>"

// sources is the number of fields that may show the sender. It is also how much
// a weaker form of an address weighs less than any field can make up for.
const sources = 12

// source returns how much a field is believed when the sender is looked for: by
// the rank of its kind for the envelope's sender, otherwise by a weight for
// replies to the header's sender (-t), or to that of Resent- fields.
func (o *options) source(f *field) (weight int, ok bool) {
	envelope, header, resent := 0, 0, 0
	switch string(lower(f.text[:f.name])) {
	case "reply-to:":
		envelope, header, resent = 0, 8, 7
	case "from:":
		envelope, header, resent = 1, 7, 6
	case "sender:":
		envelope, header, resent = 2, 6, 5
	case "resent-reply-to:":
		envelope, header, resent = 3, 0, 10
	case "resent-from:":
		envelope, header, resent = 4, 0, 9
	case "resent-sender:":
		envelope, header, resent = 5, 0, 8
	case "path:":
		envelope, header, resent = 6, 1, 0
	case "return-receipt-to:":
		envelope, header, resent = 7, 2, 1
	case "errors-to:":
		envelope, header, resent = 8, 3, 2
	case "return-path:":
		envelope, header, resent = 9, 5, 4
	case "from ":
		envelope, header, resent = 10, 4, 3
	default:
		return 0, false
	}
	switch {
	case !o.reply || !o.trust:
		return envelope, true
	case o.resent:
		return resent, true
	}
	return header, true
}

// sender returns the best address that the header has for whom it is from.
func (j *job) sender() (best string, ok bool) {
	bestWeight := 0
	for i, f := range j.header {
		weight, known := j.opt.source(f)
		if !known || i > 0 && f.name == len(postmark) && f.text[f.name-1] == ' ' {
			continue
		}
		body := append([]byte(nil), f.value()...)
		if f.text[f.name-1] == ' ' {
			if strings.Contains(cString(body), "\n") {
				weight -= 2 // handed on by several hosts, each could have lied
			}
			body = postmarkAddress(cString(body))
		}
		address, found := firstAddress(body)
		switch {
		case !found:
		case address == "" && f.is("Return-Path:"):
			best, bestWeight, ok = nullSender, sources, true
		case address == "":
		default:
			weight -= sources * weakness(address)
			if !ok || weight > bestWeight {
				best, bestWeight, ok = address, weight, true
			}
		}
	}
	return best, ok
}

// weakness grades the form of an address: 0 is one that anybody can reply to.
func weakness(address string) int {
	switch {
	case !strings.ContainsAny(address, "@!/"):
		return 4 // a local user
	case strings.Contains(address, ".UUCP"):
		return 3
	case strings.Contains(address, "@") && !strings.Contains(address, "."):
		return 2 // a local host
	case strings.Contains(address, "!"):
		return 1 // a way, no address
	}
	return 0
}

// cString returns a text up to its first NUL.
func cString(text []byte) string {
	s, _, _ := strings.Cut(string(text), "\x00")
	return s
}
