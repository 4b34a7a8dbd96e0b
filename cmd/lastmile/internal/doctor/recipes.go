package doctor

import (
	"embed"
	"slices"
)

// The set-ups that work, by caller. Those that a test runs are run from these
// very texts; README and the manual show the same.
//
//go:embed recipes/*
var recipes embed.FS

// callers are in the order of README.
var callers = []string{"pipe", "trust", "local", "forward", "fetchmail", "getmail", "mpop", "fdm", "chasquid", "opensmtpd", "exim", "qmail"}

// Recipes returns the names of the callers that there is a recipe for.
func Recipes() []string { return slices.Clone(callers) }

// Recipe returns the set-up for a caller.
func Recipe(caller string) (string, bool) {
	text, err := recipes.ReadFile("recipes/" + caller)
	return string(text), err == nil && slices.Contains(callers, caller)
}
