package loopcheck

import (
	"testing"
	"unicode"

	"golang.org/x/text/cases"
)

// Every character folds as golang.org/x/text has it, which makes its tables from
// Unicode's, but for Cherokee: there x/text swaps the two cases.
func TestFoldAsUnicode(t *testing.T) {
	t.Parallel()
	folder, folding := cases.Fold(), 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r >= 0xd800 && r <= 0xdfff {
			continue // surrogates are no characters
		}
		want := folder.String(string(r))
		if unicode.Is(unicode.Cherokee, r) && r <= 0x13f5 {
			want = string(r)
		}
		if got := fold(string(r)); got != want {
			t.Errorf("U+%04X: got %+q, want %+q", r, got, want)
		}
		if want != string(r) {
			folding++
		}
	}
	if folding < 1400 {
		t.Errorf("%d characters fold, want some 1500", folding)
	}
}
