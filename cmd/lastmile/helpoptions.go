package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// optionHelp lists options in two columns, as wide as a terminal that nobody has
// widened; the library does not break its lines.
func optionHelp(flags []cli.Flag) string {
	if len(flags) == 0 {
		return ""
	}
	left, most := make([]string, len(flags)), 0
	for i, f := range flags {
		o := completedFlag(f)
		slices.Reverse(o.names) // the letter first
		left[i] = strings.TrimRight(strings.Join(o.names, ", ")+" "+o.value, " ")
		most = max(most, len(left[i]))
	}
	lines := []string{"options:"}
	for i, f := range flags {
		usage := completedFlag(f).usage
		if d := defaultOf(f); d != "" {
			usage += " (default: " + d + ")"
		}
		lines = append(lines, wrap(fmt.Sprintf("   %-*s  %s", most, left[i], usage), strings.Repeat(" ", most+5))...)
	}
	return strings.Join(lines, "\n")
}

// defaultOf returns the default of an option as it would be given.
func defaultOf(f cli.Flag) string {
	switch f := f.(type) {
	case *cli.StringFlag:
		return f.Value
	case *cli.IntFlag:
		return fmt.Sprint(f.Value)
	case *cli.DurationFlag:
		return shortly(f.Value)
	}
	return ""
}

// shortly writes a time without the units of which there are none.
func shortly(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
