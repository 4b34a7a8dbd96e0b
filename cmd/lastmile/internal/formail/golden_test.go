package formail

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var record = flag.Bool("record", false, "record testdata/golden.txt from the installed formail")

const golden = "testdata/golden.txt"

// Each call of the table does what the original has been seen to do: recorded
// is the result with the first message of the set, and the hash of the results
// with all of them.
func TestGolden(t *testing.T) {
	t.Parallel()
	if *record {
		needJudge(t)
		if err := os.WriteFile(golden, []byte("# What formail 3.22-27 does: go test -run Golden -record\n"+goldens(t, judge)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	recorded, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	_, want, _ := strings.Cut(string(recorded), "\n")
	got := goldens(t, ours(t))
	gotCalls, wantCalls := strings.Split(got, "\n== "), strings.Split(want, "\n== ")
	if len(gotCalls) != len(wantCalls) {
		t.Errorf("%d calls in the table, %d in %s", len(gotCalls), len(wantCalls), golden)
	}
	for i := range min(len(gotCalls), len(wantCalls)) {
		if gotCalls[i] != wantCalls[i] {
			t.Errorf("got\n%s\nwant\n%s", gotCalls[i], wantCalls[i])
		}
	}
}

// goldens runs the table and returns what is to be recorded.
func goldens(t *testing.T, program string) string {
	var b strings.Builder
	for _, c := range calls(t) {
		names, texts := inputs(t, c.set)
		hash := sha256.New()
		for i, name := range names {
			if isKnownDifference(c, name) {
				continue
			}
			shown := runAll(t, program, c, texts[i])
			fmt.Fprintf(hash, "%s\n%s", name, shown)
			if i == 0 {
				if len(texts[i]) > 1 {
					shown, _, _ = strings.Cut(shown, "\nexit ") // the last ones hold what the first ones do
					shown += "\n"
				}
				fmt.Fprintf(&b, "\n== %s < %s\n%s", c.line, name, shown)
			}
		}
		fmt.Fprintf(&b, "all %d: %x\n", len(names), hash.Sum(nil)[:8])
	}
	return b.String()
}
