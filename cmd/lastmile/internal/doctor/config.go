package doctor

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// settings are the parameters of main.cf that are set, as postconf -n prints
// them: one "name = value" for each. main.cf itself is read too: comments and
// lines that continue are as postconf(5) says.
type settings map[string]string

// defaults are the built-in values of the parameters that the checks ask for
// (postconf(5), Postfix src/global/mail_params.h).
func defaults() settings {
	return settings{
		"alias_maps":                          "hash:/etc/aliases",
		"allow_mail_to_commands":              "alias, forward",
		"command_time_limit":                  "1000s",
		"compatibility_level":                 "0",
		"default_destination_recipient_limit": "50",
		"default_privs":                       "nobody",
		"export_environment":                  "TZ MAIL_CONFIG LANG",
		"forward_path":                        "$home/.forward${recipient_delimiter}${extension}, $home/.forward",
		"mail_owner":                          "postfix",
		"mailbox_size_limit":                  "51200000",
		"message_size_limit":                  "10240000",
		"mydestination":                       "$myhostname, localhost.$mydomain, localhost",
		"prepend_delivered_header":            "command, file, forward",
		"queue_directory":                     "/var/spool/postfix",
		"setgid_group":                        "postdrop",
	}
}

// logicalLines joins lines that begin with blanks to the one before, and drops
// comments and empty lines.
func logicalLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#':
		case line[0] == ' ' || line[0] == '\t':
			if len(lines) > 0 {
				lines[len(lines)-1] += " " + trimmed
			}
		default:
			lines = append(lines, strings.TrimRight(line, " \t"))
		}
	}
	return lines
}

func parseSettings(text string) (settings, error) {
	s := settings{}
	for _, line := range logicalLines(text) {
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("%w -n: %q", ErrNoSetup, line)
		}
		s[name] = strings.TrimSpace(value)
	}
	if len(s) == 0 {
		return nil, fmt.Errorf("%w -n: it is empty", ErrNoSetup)
	}
	return s, nil
}

// get returns the value that a parameter has, other parameters in it replaced.
func (s settings) get(name string) string { return s.expand(s.raw(name), 0) }

func (s settings) raw(name string) string {
	if value, ok := s[name]; ok {
		return value
	}
	return defaults()[name]
}

// maxNesting ends parameters that name each other, which postconf refuses.
const maxNesting = 10

func parameter() *regexp.Regexp {
	return regexp.MustCompile(`\$(?:\$|\{([A-Za-z0-9_-]+)\}|\(([A-Za-z0-9_-]+)\)|([A-Za-z0-9_]+))`)
}

// expand replaces the names of known parameters; what only a delivery knows
// ($home, ${recipient_delimiter} is a parameter) stays as it is.
func (s settings) expand(value string, depth int) string {
	if depth > maxNesting {
		return value
	}
	return parameter().ReplaceAllStringFunc(value, func(macro string) string {
		m := parameter().FindStringSubmatch(macro)
		name := m[1] + m[2] + m[3]
		if _, set := s[name]; !set && defaults()[name] == "" {
			return macro
		}
		return s.expand(s.raw(name), depth+1)
	})
}

// line is how a parameter stands in main.cf, empty if it does not.
func (s settings) line(name string) string {
	if value, ok := s[name]; ok {
		return name + " = " + value
	}
	return ""
}

// number returns the value of a parameter that is one, otherwise -1.
func (s settings) number(name string) int {
	n, err := strconv.Atoi(s.get(name))
	if err != nil {
		return -1
	}
	return n
}

// recipientLimit is how many recipients the queue manager gives to one process
// of a transport (Postfix qmgr_transport.c; NAME_destination_recipient_limit,
// else the default for all).
func (s settings) recipientLimit(transport string) int {
	name := transport + "_destination_recipient_limit"
	if _, ok := s[name]; !ok {
		name = "default_destination_recipient_limit"
	}
	return s.number(name)
}

// duration reads a time of Postfix: a number and one of s m h d w, seconds
// without.
func duration(text string) (time.Duration, bool) {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	if text == "" {
		return 0, false
	}
	unit := time.Second
	if u, ok := units[text[len(text)-1]]; ok {
		unit, text = u, text[:len(text)-1]
	}
	n, err := strconv.Atoi(text)
	return time.Duration(n) * unit, err == nil
}

// versionBefore reports whether Postfix is older than major.minor; one of which
// the version is not known may be.
func versionBefore(version string, major, minor int) bool {
	var a, b int
	if n, _ := fmt.Sscanf(version, "%d.%d", &a, &b); n < 2 {
		return true
	}
	return a < major || a == major && b < minor
}
