package formail

import "strings"

// makeReply makes the header of a reply of that of the message. Only fields that
// -i keeps, and X-Loop, stay.
func (j *job) makeReply(sender string, ok bool) {
	kept := j.header[:0]
	for _, f := range j.header {
		if h := find(f, j.opt.renameInsert); h != nil && h.name >= len(h.text)-1 {
			kept = append(kept, f)
		}
	}
	j.header = kept
	if !ok {
		sender = nobody
		j.status = exitNoUser
	}
	j.add([]byte("To: " + sender + "\n"))
	if len(j.subject) > 0 {
		line := []byte("Subject:")
		// The original adds one to "Re: x" too: where pointers have 64 bits it
		// compares too much. An rc file that adds its own knows that.
		if strings.EqualFold(cString(j.subject[skipBlanks(j.subject):]), "Re:") {
			j.add(appendValue(line, j.subject))
		} else {
			j.add(appendValue(append(line, " Re:"...), j.subject))
		}
	}
	if len(j.references) > 0 || len(j.messageID) > 0 {
		line := appendValue([]byte("References:"), j.references)
		if len(j.messageID) > 0 {
			if len(j.references) > 0 {
				line = line[:len(line)-1]
			}
			line = appendValue(line, j.messageID)
		}
		j.add(line)
	}
	if len(j.messageID) > 0 {
		j.add(appendValue([]byte("In-Reply-To:"), j.messageID))
	}
	j.edit(false)
}

// add adds a field at the end of the header.
func (j *job) add(line []byte) { j.header = append(j.header, newField(line)) }
