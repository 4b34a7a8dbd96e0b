package procmailrc

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"
)

// idle is a Host without any effect. Programs print what they read; the rcfiles that
// there are can be included.
type idle struct {
	t     *testing.T
	files map[string]string
	// final counts what has made the delivery final.
	final int
	log   string
}

func (h *idle) PID() int                       { return 1 }
func (h *idle) Now() time.Time                 { return time.Unix(1_800_000_000, 0).UTC() }
func (h *idle) HostName() string               { return "host" }
func (h *idle) Ended() bool                    { return false }
func (h *idle) Log(text string)                { h.log += text }
func (h *idle) OpenLog(string) error           { return nil }
func (h *idle) Chdir(string) error             { return nil }
func (h *idle) Directory() string              { return "/" }
func (h *idle) Clone() func()                  { return func() {} }
func (h *idle) Umask(uint32)                   {}
func (h *idle) Mkdir(string) error             { return nil }
func (h *idle) Lock(string, LockOptions) error { return nil }
func (h *idle) Unlock(string) error            { return nil }
func (h *idle) Notify(string, string)          {}
func (h *idle) Stdout(text Text) error         { return h.take(text, true) }
func (h *idle) Stat(name string) (Info, error) { return Info{}, fs.ErrNotExist }
func (h *idle) ReadFile(name string) (b []byte, err error) {
	text, ok := h.files[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

// take reads a text as a folder or program would, and holds it to its length.
func (h *idle) take(text Text, final bool) error {
	var b strings.Builder
	if n, err := text.WriteTo(&b); err != nil || n != int64(b.Len()) || n != text.Len() {
		h.t.Fatalf("wrote %d of %d bytes, said %d: %v", b.Len(), text.Len(), n, err)
	}
	if final {
		h.final++
	}
	return nil
}

func (h *idle) Deliver(d *Delivery) ([]string, error) {
	if strings.Contains(d.Path, "bad") {
		return nil, errors.New("bad")
	}
	d.Begun = true
	return []string{d.Path}, h.take(d.Text, d.Final)
}

func (h *idle) Run(p *Program) Result {
	for _, arg := range p.Args {
		if strings.IndexByte(arg, 0) >= 0 {
			return Result{Status: 127, Missing: true} // no program can have such an argument
		}
	}
	if strings.Contains(p.Name, "bad") {
		return Result{Status: 1}
	}
	var b strings.Builder
	p.Input.WriteTo(&b)
	h.take(p.Input, p.Final)
	r := Result{}
	if p.Output == Capture {
		r.Output = []byte(b.String())
		if p.Limit > 0 && len(r.Output) > p.Limit {
			r.Output, r.Excess = r.Output[:p.Limit+1], true
		}
	}
	return r
}

// fuzzLimit is after which time an rcfile of 4 KB does not end.
const fuzzLimit = 10 * time.Second

// rcSeeds are the shapes of the language.
var rcSeeds = []string{
	"", ":0\n* ^Subject: test\nbox\n", ":0 c:\nbox/\n\n:0\n| cat >file\n", ":0 fhw\n* ! H ?? ^X: (a|b)+\\/.*$\n| formail -I \"X: $MATCH\"\n",
	"A=b\nC=${A:-x}`echo y`\n:0\n* 1^0 ^From\n* -3^1.5 B ?? z\n{\n  D=\"$A $C\"\n  :0 E\n  ! a@b\n}\n", "INCLUDERC=rc\nINCLUDERC=rc\n", "SWITCHRC=$_\n", "SWITCHRC=rc\n",
	":0 c\n{\n:0 c\n{\n}\n}\n:0 c\n{\n}\n", ":0\n* < 100\n* > 1\n* ? bad\n/dev/null\n", "LINEBUF=128\nA=$A$A$A$A$A$A$A$A$A\n", ":0 w\n| bad\n:0 e\nbad\n:0 a\ngood/.\n",
	"EXITCODE=77\nHOST=other\n", ":0\nV=| cat\n", "SHIFT=1\nA=$@ $1 $# $$ $? $= $- $_\n", "A='b\nc\"d`e\\\n", ":0 HB\n* \\<word\\>\n* $^TO_$A\n* ^FROM_DAEMON\nx y z\n", ":9 BdHhbfcwWiEerAa:lock\n*\n\n#\nx\n",
	"LOCKFILE=a\nTRAP=\"cat\"\nUMASK=077\nMAILDIR=/x\nLOGFILE=l\nLOG=\"t\"\nVERBOSE=all\nLOGABSTRACT=all\n", "}\n{\n:0\n{\n",
}

// Whatever an rcfile is, running it ends, and the message is delivered at most once,
// and exit status 0 says that it is.
func FuzzRun(f *testing.F) {
	for _, seed := range rcSeeds {
		f.Add(seed, "From a\nSubject: test\nX: b\n\nbody\nFrom b\n", false)
		f.Add(seed, "\x00\n\n", true)
	}
	f.Fuzz(func(t *testing.T, rc, message string, strict bool) {
		if len(rc) > 4096 || len(message) > 4096 {
			t.Skip("what is larger takes its time and shows nothing else")
		}
		host := &idle{t: t, files: map[string]string{"rc": rc, "/rc": rc, "/home/rc": rc}}
		endless := time.AfterFunc(fuzzLimit, func() { panic("does not end") })
		defer endless.Stop()
		end := Run(host, NewMail([]byte(message), false), Config{
			Mode: Filter, Name: "procmail", Args: []string{"one"}, Words: []string{"DEFAULT=/default", "./rc"}, Strict: strict,
			Account: Account{Name: "you", Home: "/home", Shell: "/bin/sh"},
		})
		if host.final > 1 {
			t.Errorf("delivered %d times", host.final)
		}
		if end.Status == 0 && !end.Chosen && host.final == 0 && !strict && !strings.Contains(rc, "HOST") {
			t.Errorf("exit status 0, delivered nowhere, although no HOST wants it so")
		}
	})
}

// A line of text is cut into words and back without getting longer than LINEBUF, and
// what is skipped ends where it would end if it were used.
func FuzzExpand(f *testing.F) {
	for _, seed := range []string{"", "a b", `"a b" 'c d' e\ f`, "${A:-b} ${A+c} $A $\\A", "`x` \"`y`\"", "a\\\nb #c\nd", "${A-${B-c}}", "$@ $1 $#"} {
		f.Add(seed, 0)
		f.Add(seed, 1)
	}
	f.Fuzz(func(t *testing.T, text string, m int) {
		newInterp := func() *interp {
			in := &interp{host: &idle{t: t}, mail: NewMail(nil, false), settings: newSettings(), vars: newVars([]string{"A=x y"}), control: new(Control)}
			in.lineBuf = 256
			return in
		}
		used, skipped := &textIn{text: text}, &textIn{text: text}
		kind := mode(uint(m) % 3)
		e, ok := newInterp().expand(used, kind, "", false)
		newInterp().expand(skipped, kind, "", true)
		if ok && used.at != skipped.at && !strings.ContainsAny(text, "$`") {
			t.Errorf("%q ends at %d, and at %d if it is skipped", text, used.at, skipped.at)
		}
		for _, word := range e.words {
			if ok && len(word) > 256 {
				t.Errorf("a word of %d bytes", len(word))
			}
		}
	})
}

// An rcfile that would never end does.
func TestLimits(t *testing.T) {
	t.Parallel()
	for name, rc := range map[string]string{
		"INCLUDERC of itself":     "INCLUDERC=rc\n",
		"twice":                   "INCLUDERC=rc\nINCLUDERC=rc\n",
		"SWITCHRC to itself":      "SWITCHRC=$_\n",
		"SWITCHRC to its name":    "SWITCHRC=rc\n",
		"SWITCHRC and INCLUDERC":  "INCLUDERC=rc\nSWITCHRC=rc\n",
		"copies that double":      strings.Repeat(":0 c\n{\nA=b\n}\n", 60),
		"a copy that starts anew": ":0 c\n{\nSWITCHRC=$_\n}\nSWITCHRC=$_\n",
	} {
		t.Run(name, func(t *testing.T) {
			host := &idle{t: t, files: map[string]string{"./rc": rc, "rc": rc}}
			end := Run(host, NewMail([]byte("Subject: test\n\nbody\n"), false), Config{Mode: Filter, Words: []string{"DEFAULT=/default", "./rc"}})
			if !strings.Contains(host.log, "Couldn't read") && !strings.Contains(host.log, "Too many copies") {
				t.Error("the limit was not met")
			}
			if end.Status != 0 || host.final != 1 {
				t.Errorf("status %d, delivered %d times; want it in DEFAULT", end.Status, host.final)
			}
		})
	}
}
