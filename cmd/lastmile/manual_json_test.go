package main

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/doctor"
)

// members returns the names that the JSON form of a type has, at any depth.
func members(of reflect.Type) (names []string) {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice:
		return members(of.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	for f := range of.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name != "":
			names = append(names, name)
		case !f.Anonymous:
			continue
		}
		names = append(names, members(f.Type)...)
	}
	return names
}

// The manual names the members of each --json, and all of them have the number of
// their form as the first.
func TestManualNamesMembers(t *testing.T) {
	t.Parallel()
	shared := literal(subsection(t, "check"))
	for command, printed := range map[string]any{"check": finding{}, "explain": explanation{}, "doctor": doctor.Report{}, "version": build{}} {
		names := members(reflect.TypeOf(printed))
		if len(names) < 5 || names[0] != "schema" {
			t.Errorf("%s --json has the members %q: the first is to be schema", command, names)
		}
		explained := literal(subsection(t, command))
		if command == "explain" { // has those of check
			explained = append(explained, shared...)
		}
		for _, name := range names {
			if !slices.Contains(explained, name) {
				t.Errorf("%s --json: the manual does not name %s", command, name)
			}
		}
	}
}

// literal returns the words that a text marks as ones of a program.
func literal(text string) (words []string) {
	for _, m := range regexp.MustCompile(`(?m)^\.(?:Pq )?Li (.*)$`).FindAllStringSubmatch(text, -1) {
		words = append(words, strings.Fields(m[1])...)
	}
	return words
}
