package formail

import (
	"bytes"
	"strings"
)

// The log of -l, as procmail writes it:
//
//	From user@host Thu Jan  4 10:11:12 2024
//	 Subject: at most 78 characters
//	  Folder: name						    417
const (
	folderLabel = "  Folder: "
	sizeColumn  = 72
	sizeWidth   = 7
	tab         = 8
	maxSubject  = 78
)

// summarize writes the lines that come from the header.
func (j *job) summarize() {
	if len(j.header) > 0 && isPostmark(j.header[0].text) {
		j.out.write(j.header[0].text)
	}
	f := find(newField([]byte("Subject:")), j.header)
	if f == nil {
		return
	}
	f.join()
	line := withoutTabs(f.text[:len(f.text)-1])
	j.out.writeString(" ")
	j.out.write(line[:min(len(line), maxSubject)])
	j.out.writeString("\n")
}

// logFolder writes the last line, with the size of the message, if -l is given.
func (j *job) logFolder() {
	if !j.opt.summary {
		return
	}
	column := len(folderLabel) + len(j.opt.folder)
	tabs := max(1, (sizeColumn-column+tab-1)/tab)
	size := decimal(j.size)
	pad := strings.Repeat(" ", max(0, sizeWidth-len(size)))
	j.out.writeString(folderLabel + j.opt.folder + strings.Repeat("\t", tabs) + pad + size + "\n")
}

// withoutTabs makes blanks of tabs and the other characters that move the
// cursor, up to the first NUL.
func withoutTabs(text []byte) []byte {
	end := bytes.IndexByte(text, 0)
	if end < 0 {
		end = len(text)
	}
	text = bytes.Clone(text)
	for i, c := range text[:end] {
		if '\t' <= c && c <= '\r' {
			text[i] = ' '
		}
	}
	return text
}
