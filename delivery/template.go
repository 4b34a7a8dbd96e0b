package delivery

import (
	"fmt"
	"strings"

	"lastmile/delivery/dsn"
	"lastmile/maildir"
)

// maxElement is the longest element of a path (NAME_MAX).
const maxElement = 255

// Template is a path with placeholders for parts of the recipient: {recipient},
// {user}, {extension} and {domain}. Nothing is encoded: a value that cannot be
// an element of a path as it is, is refused.
type Template struct {
	trusted string     // the path up to the first element with a placeholder
	below   [][]string // the elements from there on, cut at the placeholders
}

// ParseTemplate reads a template. Home, which is asked only if the template
// begins with "~/", returns the home directory of the user who runs us.
func ParseTemplate(text string, home func() (string, error)) (Template, error) {
	if text == "" {
		return Template{}, dsn.Config("the path is empty")
	}
	if strings.IndexByte(text, 0) >= 0 {
		return Template{}, dsn.Config("there is a NUL in the path")
	}
	if rest, ok := strings.CutPrefix(text, "~/"); ok {
		dir, err := home()
		if err != nil {
			return Template{}, err
		}
		text = strings.TrimRight(dir, "/") + "/" + rest
	}
	if strings.HasPrefix(text, "~") {
		return Template{}, dsn.Config("a path can begin with ~/ but with no other ~", text)
	}
	open := strings.IndexByte(text, '{')
	if open < 0 {
		return Template{trusted: text}, nil
	}
	slash := strings.LastIndexByte(text[:open], '/')
	t := Template{trusted: text[:slash+1]}
	if t.trusted == "" {
		t.trusted = "."
	}
	for _, element := range strings.Split(text[slash+1:], "/") {
		switch element {
		case "", ".":
			continue
		case "..":
			return Template{}, dsn.Config(`".." cannot stand below a placeholder in a path`, text)
		}
		parts, err := parsePlaceholders(element)
		if err != nil {
			return Template{}, err
		}
		if literalLength(parts) > maxElement {
			return Template{}, dsn.Config("an element of the path is too long", element)
		}
		t.below = append(t.below, parts)
	}
	return t, nil
}

// literalLength returns the length of an element without what placeholders bring.
func literalLength(parts []string) (n int) {
	for _, part := range parts {
		if _, ok := placeholder(part, &Envelope{}); !ok {
			n += len(part)
		}
	}
	return n
}

// Expand returns the path for an envelope.
func (t Template) Expand(env *Envelope) (maildir.Location, error) {
	at := maildir.Location{Trusted: t.trusted}
	for _, parts := range t.below {
		element, err := expand(parts, env)
		if err != nil {
			return at, err
		}
		switch {
		case element == "":
			return at, dsn.Config("an element of the path is empty for this recipient", strings.Join(parts, ""))
		case element[0] == '.' && (element == "." || element == ".."):
			return at, badRecipient(parts)
		case len(element) > maxElement:
			return at, badRecipient(parts)
		}
		at.Below = append(at.Below, element)
	}
	return at, nil
}

// parsePlaceholders cuts a text into literal parts and placeholders.
func parsePlaceholders(text string) (parts []string, err error) {
	for text != "" {
		open := strings.IndexByte(text, '{')
		switch {
		case open < 0:
			return append(parts, text), nil
		case open > 0:
			parts = append(parts, text[:open])
		}
		end := strings.IndexByte(text[open:], '}')
		if end < 0 {
			return nil, dsn.Config("a { has no }", text)
		}
		name := text[open : open+end+1]
		if _, ok := placeholder(name, &Envelope{}); !ok {
			return nil, dsn.Config("a placeholder is none of {recipient} {user} {extension} {domain}", name)
		}
		parts, text = append(parts, name), text[open+end+1:]
	}
	return parts, nil
}

// placeholder returns the value of a placeholder.
func placeholder(name string, env *Envelope) (value string, ok bool) {
	switch name {
	case "{recipient}":
		return env.Recipient, true
	case "{user}":
		return env.User(), true
	case "{extension}":
		return env.Extension(), true
	case "{domain}":
		return env.Domain(), true
	}
	return "", false
}

// expand puts in the values of placeholders, each of which must be good for an
// element of a path.
func expand(parts []string, env *Envelope) (string, error) {
	var b strings.Builder
	for _, part := range parts {
		value, ok := placeholder(part, env)
		if !ok {
			b.WriteString(part)
			continue
		}
		if strings.ContainsAny(value, "/\x00") || strings.HasPrefix(value, ".") || len(value) > maxElement {
			return "", badRecipient(parts)
		}
		b.WriteString(value)
	}
	return b.String(), nil
}

// badRecipient refuses a recipient that no mailbox can be named after.
func badRecipient(parts []string) error {
	return &dsn.Error{
		Status: dsn.BadMailboxSyntax,
		Text:   "bad recipient address syntax",
		Err:    fmt.Errorf("the recipient cannot be used in the path element %s", strings.Join(parts, "")),
	}
}
