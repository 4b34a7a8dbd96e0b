package dsn

// Exit statuses that lastmile ends with. Postfix defers on 75 and bounces on
// 77, and so does every other caller that knows sysexits.h; a D.S.N code at
// the beginning of the output decides for Postfix, the status for the others.
const (
	ExitOK       = 0
	ExitTempFail = 75 // EX_TEMPFAIL
	ExitNoPerm   = 77 // EX_NOPERM: permanent for every caller known (qmail takes 69 for temporary)
)

// ExitStatus returns what to end with after a failure of this status.
func (s Status) ExitStatus() int {
	if s.Class() == 5 {
		return ExitNoPerm
	}
	return ExitTempFail
}

// Sysexit returns what Postfix makes of a command's exit status of sysexits.h,
// 64 to 78 (sys_exits.c), and false for any other.
func Sysexit(exit int) (Status, string, bool) {
	if exit < 64 || exit > 78 {
		return 0, "", false
	}
	e := sysexits[exit-64]
	return e.status, e.text, true
}

var sysexits = [...]struct {
	status Status
	text   string
}{
	{New(5, 3, 0), "command line usage error"},
	{New(5, 6, 0), "data format error"},
	{New(5, 3, 0), "cannot open input"},
	{New(5, 1, 1), "user unknown"},
	{New(5, 1, 2), "host name unknown"},
	{New(5, 3, 0), "service unavailable"},
	{New(5, 3, 0), "internal software error"},
	{New(4, 3, 0), "system resource problem"},
	{New(5, 3, 0), "critical OS file missing"},
	{New(5, 2, 0), "can't create user output file"},
	{New(5, 3, 0), "input/output error"},
	{New(4, 3, 0), "temporary failure"},
	{New(5, 5, 0), "remote error in protocol"},
	{New(5, 7, 0), "permission denied"},
	{New(5, 3, 5), "local configuration error"},
}
