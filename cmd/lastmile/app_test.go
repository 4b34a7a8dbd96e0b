package main

import (
	"slices"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/agent"
)

// What asks for help, and what may be an address or a program's own option.
func TestAsCommand(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"lastmile --help":            "lastmile help",
		"lastmile -h":                "lastmile help",
		"lastmile --version":         "lastmile version",
		"lastmile explain -h":        "lastmile help explain",
		"lastmile procmail --help":   "lastmile help procmail",
		"lastmile procmail -h":       "",
		"lastmile formail -h":        "",
		"lastmile lockfile -h":       "",
		"lastmile deliver help":      "",
		"lastmile deliver -- -h":     "",
		"lastmile deliver -v --help": "",
		"lastmile deliver --help x":  "",
		"lastmile -- --help":         "",
		"lastmile":                   "",
		"procmail --help":            "",
		"procmail --version":         "",
		"/usr/bin/formail -h":        "",
		"procmail deliver --help":    "",
	} {
		if want == "" {
			want = given
		}
		if got := agent.AsCommand(strings.Fields(given)); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: %q, want %s", given, got, want)
		}
	}
}
