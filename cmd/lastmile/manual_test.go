package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

const manual = "lastmile.1"

// Every option and command is in the manual, and no other is.
func TestManualHasEveryOption(t *testing.T) {
	page, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, c := range (&program{}).app().Commands {
		if !strings.Contains(string(page), ".Cm "+c.Name+"\n") {
			t.Errorf("command %s is not in the synopsis", c.Name)
		}
		for _, f := range c.Flags {
			for _, name := range f.Names() {
				if len(name) == 1 {
					want = append(want, "Fl "+name)
				} else {
					want = append(want, "Fl Fl "+name)
				}
			}
		}
	}
	for _, m := range regexp.MustCompile(`Fl Fl [a-z-]+|Fl [a-z]\b`).FindAllString(string(page), -1) {
		if m != "Fl c" { // of /bin/sh
			got = append(got, m)
		}
	}
	got, want = sorted(got), sorted(want)
	if !slices.Equal(got, want) {
		t.Errorf("the manual has  %q\nthe program has %q", got, want)
	}
}

// Every code that is given by the program is explained.
func TestManualHasEveryCode(t *testing.T) {
	page, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"4.2.0", "4.2.2", "4.3.0", "4.3.5", "4.4.0", "4.4.6", "5.1.3", "5.4.0", "5.4.6"} {
		if !strings.Contains(string(page), code) {
			t.Errorf("%s is not in the manual", code)
		}
	}
}

func TestManualLint(t *testing.T) {
	lab.Need(t, "mandoc")
	if out, err := exec.Command("mandoc", "-T", "lint", "-W", "warning", manual).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("mandoc -T lint: %v\n%s", err, out)
	}
}

func sorted(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}
