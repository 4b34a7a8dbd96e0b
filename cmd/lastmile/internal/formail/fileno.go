package formail

import (
	"fmt"
	"slices"
	"strings"
)

// fileno is the variable that numbers the messages for children. What it is set
// to beforehand is the first number, and how many digits there are to be; set to
// something else it is left alone.
const fileno = "FILENO="

const (
	defaultFileno = "000"
	maxDigits     = 25 // the original has room for that many
)

// number is the number of the next child.
type number struct {
	value  int
	digits int
	off    bool
	at     int // index in the environment
}

// numberFrom reads FILENO.
func (j *job) numberFrom() {
	start := defaultFileno
	j.number.at = len(j.env)
	for i, v := range j.env {
		if text, ok := strings.CutPrefix(v, fileno); ok {
			start, j.number.at = text, i
		}
	}
	j.env = slices.Clone(j.env)
	if j.number.at == len(j.env) {
		j.env = append(j.env, fileno)
	}
	value, rest := LeadingNumber(start)
	j.number.value, j.number.off = value, rest != ""
	j.number.digits = min(len(start), maxDigits)
	if value < 0 {
		j.number.digits--
	}
}

// environment returns the environment of the next child.
func (j *job) environment() []string {
	if !j.number.off {
		n, sign, digits := j.number.value, "", j.number.digits
		if n < 0 {
			n, sign, digits = -n, "-", digits-1
		}
		j.env[j.number.at] = fileno + sign + fmt.Sprintf("%0*d", max(0, digits), n)
	}
	return j.env
}

// counted notes that a child has got its number.
func (j *job) counted() { j.number.value++ }
