package delivery

import (
	"os"
	"strings"
)

// HostName returns the name of this host, as it may stand in a header field.
func HostName() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "localhost"
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || r == ';' {
			return '_'
		}
		return r
	}, name)
}
