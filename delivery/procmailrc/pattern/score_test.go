package pattern

import (
	"math"
	"testing"
)

func TestParseWeight(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in   string
		w, x float64
		rest string
		ok   bool
	}{
		{"1^0 ^Subject:", 1, 0, "^Subject:", true},
		{"1^0 ! x ", 1, 0, "! x ", true},
		{"-1.5^.5x", -1.5, .5, "x", true},
		{"+2 \t^ \t+3\t y", 2, 3, "y", true},
		{"1e2^1E-1 ", 100, .1, "", true},
		{"1.^1.", 1, 1, "", true},
		{"0x10^0x.8p1 z", 16, 1, "z", true},
		{"0x1.^0x", 1, 0, "x", true},
		{"1^1e", 1, 1, "e", true},
		{"1^1e+", 1, 1, "e+", true},
		{"-inf^+Infinity", math.Inf(-1), math.Inf(1), "", true},
		{"1^infinit", 1, math.Inf(1), "init", true},
		{"1e999^-1e999", math.Inf(1), math.Inf(-1), "", true},
		{"1e-999^1", 0, 1, "", true},
		{"1^\n2", 1, 2, "", true},
		{"1,5^1", 0, 0, "1,5^1", false},
		{",5^1", 0, 0, ",5^1", false},
		{"1 a", 0, 0, "1 a", false},
		{"1^x", 0, 0, "1^x", false},
		{"1", 0, 0, "1", false},
		{"-^1", 0, 0, "-^1", false},
		{".^1", 0, 0, ".^1", false},
		{" 1^1", 0, 0, " 1^1", false},
		{"inf^1", 0, 0, "inf^1", false},
		{"1_0^1", 0, 0, "1_0^1", false},
		{"", 0, 0, "", false},
	} {
		w, x, rest, ok := ParseWeight(test.in)
		if w != test.w || x != test.x || rest != test.rest || ok != test.ok {
			t.Errorf("%q: got %v %v %q %v", test.in, w, x, rest, ok)
		}
	}
	for _, in := range []string{"-nan^1", "+NaN(abc_1)^1", "1^nan(x)"} {
		if w, x, rest, ok := ParseWeight(in); !ok || w == w && x == x || rest != "" {
			t.Errorf("%q: got %v %v %q %v", in, w, x, rest, ok)
		}
	}
	if _, _, rest, _ := ParseWeight("1^nan(x-"); rest != "(x-" {
		t.Errorf("open parenthesis: got %q", rest)
	}
}

func TestScorePattern(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		w, x    float64
		negated bool
		expr    string
		text    string
		want    float64
	}{
		{1, 1, false, "a", "aXaa", 3},
		{1, 1, false, "aa", "aaaaa", 2},
		{1, 0, false, "a", "aaa", 1},
		{8, .5, false, "a", "aaa", 14},
		{2, 2, false, "a", "aaa", 14},
		{1, -1, false, "a", "aaa", 1},
		{1, .5, false, "a", "aaaaaaaa", 1.5}, // 1/4 is negligible
		{0, 1, false, "a", "aaa", 0},
		{5, 1, false, "b", "aaa", 0},
		// ^ at a new start is the newline of the last match.
		{1, 1, false, "^.*$", "a\nb\nc\n", 4},
		{1, 1, false, "^.*$", "a\nb\nc", 3},
		{1, 1, false, "^a", "a\na\nb\na", 3},
		// Nothing consumed.
		{1, .5, false, "x*", "aaa", 2},
		{4, .5, false, "x*", "", 8},
		{1, 1, false, "x*", "aaa", Infinity},
		{-1, 1, false, "x*", "aaa", -Infinity},
		{1, 0, false, "x*", "aaa", 1},
		{1, -2, false, "x*", "aaa", 1},
		{1, 1, false, "^", "aaa", Infinity},
		// The bounds.
		{1e9, 1, false, "a", "aaaa", Infinity},
		{-1e9, 1, false, "a", "aaaa", -Infinity},
		// MATCH is what is gone over.
		{1, 1, false, `a\/b*`, "abbabab", 3},
		{1, 1, false, `()\/a*`, "aab", Infinity},
		{1, 1, false, `()\/a.*`, "aab", 1},
		// Negated.
		{3, 1, true, "b", "aaa", 3},
		{3, 1, true, "a", "aaa", 0},
		{0, 1, true, "b", "aaa", 0},
	} {
		var s Score
		p, _ := Compile(test.expr, true)
		if s.Enough() {
			t.Error("enough at the start")
		}
		s.AddPattern(test.w, test.x, test.negated, p, []byte(test.text))
		if got := s.Total(); got != test.want {
			t.Errorf("%v^%v negated %v %q in %q: got %v, want %v", test.w, test.x, test.negated, test.expr, test.text, got, test.want)
		}
	}
}

func TestScorePatternMatch(t *testing.T) {
	t.Parallel()
	text := []byte("Subject: abc\nTo: x\n")
	p, _ := Compile(`^[a-z]+: \/.*`, true)
	for _, negated := range []bool{false, true} {
		want := "x"
		if negated {
			want = "abc"
		}
		var s Score
		start, end, ok := s.AddPattern(1, 1, negated, p, text)
		if got := string(text[start:end]); !ok || got != want {
			t.Errorf("negated %v: got %q %v", negated, got, ok)
		}
	}
	var s Score
	if _, _, ok := s.AddPattern(0, 1, true, p, text); ok {
		t.Error("a weight of 0 is looked for")
	}
}

func TestScoreProgram(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		w, x    float64
		negated bool
		status  int
		want    float64
	}{
		{3, 5, false, 0, 3},
		{3, 5, false, 7, 5},
		{3, 2, true, 0, 0},
		{3, 2, true, 3, 21},
		{1e9, 1, true, 255, Infinity},
		{-1e9, 1, true, 255, -Infinity},
	} {
		var s Score
		s.AddProgram(test.w, test.x, test.negated, test.status)
		if got := s.Total(); got != test.want {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}

func TestScoreSize(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		w, x          float64
		less, negated bool
		size, limit   int64
		want          float64
	}{
		{2, 1, false, false, 300, 100, 6},
		{2, 1, true, false, 300, 100, 2. / 3},
		{2, 1, true, true, 300, 100, 6},
		{2, 2, false, false, 300, 100, 18},
		{.5, 1.5, false, false, 64, 1, 256},
		{1, -1, false, false, 10, 1000, 100},
		{1, 1, false, false, 10, 0, Infinity},
		{1, 1, true, false, 10, 0, 0},
		{1, 1, true, false, 0, 10, Infinity},
		{1, 1, true, false, 0, 0, -Infinity},
		{1, 1, true, false, 0, -1, -Infinity},
		{1, 1, false, false, 0, 0, Infinity},
		{1, 1e9, false, false, 2, 1, Infinity},
	} {
		var s Score
		s.AddSize(test.w, test.x, test.less, test.negated, test.size, test.limit)
		if got := s.Total(); got != test.want {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}

func TestScoreFinal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		weights []float64
		value   int
		ok      bool
		failed  bool
	}{
		{nil, 0, true, false},
		{[]float64{0}, 0, false, false},
		{[]float64{.3}, 1, true, false},
		{[]float64{-.3}, 0, false, false},
		{[]float64{2.7}, 2, true, false},
		{[]float64{-2.7}, -2, false, false},
		{[]float64{3e9, -5}, Infinity, true, false}, // the second is not looked at
		{[]float64{-3e9}, -Infinity, false, true},
		{[]float64{math.NaN()}, int(math.NaN()), true, false},
	} {
		var s Score
		for _, w := range test.weights {
			if !s.Enough() {
				s.AddProgram(w, 0, false, 0)
			}
		}
		if value, ok := s.Final(); value != test.value && test.weights[0] == test.weights[0] || ok != test.ok || s.Failed() != test.failed {
			t.Errorf("%v: got %d %v, failed %v", test.weights, value, ok, s.Failed())
		}
	}
}

// TestPower holds the powers against more than the library's precision.
func TestPower(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ base, x, want float64 }{
		{64, 1.5, 512},
		{1000, 1. / 3, 10}, // correctly rounded, 1/3 being a bit less
		{10, 3, 1000},
		{10, -2, .01},
		{-2, 3, -8},
		{2, 1024, math.Inf(1)},
		{2, -1080, 0},
		{0, 0, 1},
		{0, -1, math.Inf(1)},
		{2, 0, 1},
		{1.5, 5000, math.Inf(1)},
	} {
		if got := power(test.base, test.x); got != test.want && math.Abs(got-test.want) > 2e-15*math.Abs(test.want) {
			t.Errorf("%v^%v: got %v, want %v", test.base, test.x, got, test.want)
		}
	}
	if got := power(-2, .5); !math.IsNaN(got) {
		t.Errorf("a root of -2: %v", got)
	}
}
