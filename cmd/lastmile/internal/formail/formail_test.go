package formail

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// runMain runs the program with nothing but readers and writers.
func runMain(t *testing.T, stdin io.Reader, stdout io.Writer, args ...string) (status int, stderr string) {
	t.Helper()
	var errs bytes.Buffer
	status = Main(args, stdin, stdout, &errs)
	return status, errs.String()
}

// What cannot be read is not the end of the message.
func TestReadError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, args := range [][]string{{"-f"}, {"-x", "Subject:"}, {"-s"}, {"-s", "cat"}, {"-D", "100", filepath.Join(t.TempDir(), "cache")}} {
		in := io.MultiReader(strings.NewReader("Subject: x\nMessage-ID: <1@x>\n"), iotest.ErrReader(broken))
		if status, text := runMain(t, in, io.Discard, args...); status != exitIO || !strings.Contains(text, "read") {
			t.Errorf("%q: status %d, %q", args, status, text)
		}
	}
}

// tooSmall takes some bytes, then nothing more.
type tooSmall struct{ room int }

func (w *tooSmall) Write(p []byte) (int, error) {
	if len(p) > w.room {
		return 0, errors.New("full")
	}
	w.room -= len(p)
	return len(p), nil
}

// What cannot be written is not exit status 0.
func TestWriteError(t *testing.T) {
	t.Parallel()
	big := "Subject: x\n\n" + strings.Repeat("line\n", 100_000)
	for _, args := range [][]string{{"-f"}, {"-k", "-X", ""}, {"-rk"}, {"-s"}, {"-q-", "-s"}} {
		for _, room := range []int{0, 100_000, 200_000} {
			if status, _ := runMain(t, strings.NewReader(big), &tooSmall{room}, args...); status != exitIO {
				t.Errorf("%q: status %d with room for %d bytes", args, status, room)
			}
		}
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	if status, text := runMain(t, strings.NewReader("Subject: x\n"), full, "-q-", "-X", ""); status != exitIO || text != "formail: Couldn't write to stdout\n" {
		t.Errorf("status %d, %q", status, text)
	}
}

// A BABYL file without a leader, and without an end, ends.
func TestBabylWithoutLeader(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "x", "x\ny\n", "\x1f", "\x1f\f", "\x1f\f\n", "\x1f\f\n1,,", "\x1f\f\n1,,\nTo: x\n"} {
		if status, _ := runMain(t, strings.NewReader(text), io.Discard, "-Bs"); status != exitOK {
			t.Errorf("%q: status %d", text, status)
		}
	}
}

// A From_ line right after a header begins the next message.
func TestPostmarkAfterHeader(t *testing.T) {
	t.Parallel()
	const box = "From a@b.c Thu Jan  4 10:11:12 2024\nSubject: one\nFrom d@e.f Thu Jan  4 10:11:13 2024\nSubject: two\n\nFrom x y\nFrom g@h.i Thu Jan  4 10:11:13 2024\nTo: x\n"
	const want = "From a@b.c Thu Jan  4 10:11:12 2024\nSubject: one\n\nFrom d@e.f Thu Jan  4 10:11:13 2024\nSubject: two\n\nFrom x y\n>From g@h.i Thu Jan  4 10:11:13 2024\nTo: x\n\n"
	var got bytes.Buffer
	if status, _ := runMain(t, strings.NewReader(box), &got, "-s"); status != exitOK || got.String() != want {
		t.Errorf("status %d, got\n%s\nwant\n%s", status, got.String(), want)
	}
}

// A child that does not exist or does not read: its exit status, or 74 if its
// message could not be written any more.
func TestChildDoesNotRead(t *testing.T) {
	t.Parallel()
	big := "Subject: x\n\n" + strings.Repeat("line\n", 100_000)
	for _, command := range [][]string{{"false"}, {"nosuchprogram"}, {"./nosuchprogram", "x"}, {"/dev/null"}, {""}} {
		status, _ := runMain(t, strings.NewReader(big), io.Discard, append([]string{"-s"}, command...)...)
		if status != exitIO {
			t.Errorf("%q: status %d", command, status)
		}
	}
	if status, _ := runMain(t, strings.NewReader("Subject: x\n"), io.Discard, "-s", "sh", "-c", "cat >/dev/null; exit 5"); status != 5 {
		t.Errorf("status %d, want 5", status)
	}
	if status, _ := runMain(t, strings.NewReader("Subject: x\n"), io.Discard, "-s", "sh", "-c", "cat >/dev/null; kill $$"); status != exitNoChild {
		t.Errorf("status %d, want %d", status, exitNoChild)
	}
}

// A script without "#!" is run by the shell, found through PATH as well.
func TestScriptWithoutInterpreter(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "script"), []byte("cat; echo $1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "/nonexistent:"+dir+":"+os.Getenv("PATH"))
	var got bytes.Buffer
	status, text := runMain(t, strings.NewReader("Subject: x\n"), &got, "-fs", "script", "arg")
	if status != exitOK || got.String() != "Subject: x\n\narg\n" {
		t.Errorf("status %d, %q, %q", status, got.String(), text)
	}
}

// -n never runs more children than it says, and all of them.
func TestParallelLimit(t *testing.T) {
	t.Parallel()
	box := strings.Repeat("From a@b.c Thu Jan  4 10:11:12 2024\nSubject: x\n\n", 12)
	for _, limit := range []int{1, 3} {
		dir := t.TempDir()
		var got bytes.Buffer
		status, text := runMain(t, strings.NewReader(box), &got, "-n", strconv.Itoa(limit), "-s", "sh", "-c",
			"cat >/dev/null; cd "+dir+"; touch run.$FILENO; ls | wc -l; sleep 0.05; rm run.$FILENO")
		if status != exitOK {
			t.Fatalf("status %d, %s", status, text)
		}
		counts := strings.Fields(got.String())
		if len(counts) != 12 {
			t.Errorf("%d children", len(counts))
		}
		for _, count := range counts {
			if n, err := strconv.Atoi(count); err != nil || n > limit {
				t.Errorf("%s run at a time, limit %d", count, limit)
			}
		}
	}
}

// FILENO numbers the children as the original does.
func TestFileno(t *testing.T) {
	t.Parallel()
	box := strings.Repeat("From a@b.c Thu Jan  4 10:11:12 2024\nSubject: x\n\n", 3)
	for _, tt := range []struct{ env, want string }{
		{"none", "000\n001\n002\n"},
		{"FILENO=", "0\n1\n2\n"},
		{"FILENO=9", "9\n10\n11\n"},
		{"FILENO=0007", "0007\n0008\n0009\n"},
		{"FILENO=-1", "-1\n0\n1\n"},
		{"FILENO=-02", "-2\n-1\n00\n"},
		{"FILENO=+5", "05\n06\n07\n"},
		{"FILENO= 5", "05\n06\n07\n"},
		{"FILENO=5x", "5x\n5x\n5x\n"},
		{"FILENO=x", "x\nx\nx\n"},
		{"FILENO=" + strings.Repeat("0", 40), strings.Repeat("0", 25) + "\n" + strings.Repeat("0", 24) + "1\n" + strings.Repeat("0", 24) + "2\n"},
	} {
		args := []string{"-s", "sh", "-c", "cat >/dev/null; echo \"$FILENO\""}
		if got := runIn(t, t.TempDir(), ours(t), args, box, tt.env); got.stdout != tt.want {
			t.Errorf("%s: got %q, want %q", tt.env, got.stdout, tt.want)
		}
		if _, err := os.Stat(judge); err != nil {
			continue
		}
		if got := runIn(t, t.TempDir(), judge, args, box, tt.env); got.stdout != tt.want {
			t.Errorf("%s: the original says %q, not %q", tt.env, got.stdout, tt.want)
		}
	}
}

// A body of any size takes no memory to speak of, in one line or in many.
func TestMemory(t *testing.T) {
	const size = 50 << 20
	for _, line := range []string{strings.Repeat("x", 1024), "a line of a text\n", "From me\n"} {
		for _, args := range [][]string{{"-f"}, {"-I", "X-A: b"}, {"-rk"}, {"-l", "x"}} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			in := io.MultiReader(strings.NewReader("From: a@b.c\n\n"), io.LimitReader(&repeat{text: line}, size))
			if status, _ := runMain(t, in, io.Discard, args...); status != exitOK {
				t.Errorf("%q: status %d", args, status)
			}
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
				t.Errorf("%q: %d bytes of memory", args, used)
			}
		}
	}
}

// repeat gives a text again and again.
type repeat struct{ text string }

// Read implements io.Reader.
func (r *repeat) Read(p []byte) (n int, err error) {
	for n < len(p) {
		n += copy(p[n:], r.text)
	}
	return n, nil
}

// Large headers are read whole, and not slowly: a field of 1 MB, deep comments,
// many fields.
func TestLargeHeader(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{
		"long value":     "From: " + strings.Repeat("a", 1<<20) + "@b.c\n",
		"deep comment":   "From: " + strings.Repeat("(", 1<<20) + "\n",
		"deep brackets":  "From: " + strings.Repeat("<", 1<<20) + "\n",
		"folded":         "From: a@b.c" + strings.Repeat("\n a", 1<<18) + "\n",
		"many addresses": "From: " + strings.Repeat("a@b.c, ", 1<<17) + "\n",
		"many words":     "From: " + strings.Repeat("a ", 1<<19) + "\n",
		"many fields":    strings.Repeat("X-A: b\n", 1<<15),
		"old postmark":   "From x y" + strings.Repeat("\n>From z remote from h", 1<<15) + "\n",
	} {
		start := time.Now()
		runMain(t, strings.NewReader(header+"\nbody\n"), io.Discard, "-rt", "-u", "X-", "-cz")
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}

// The cache is shared: of several processes that see an id for the first time,
// one adds it, and none damages the ring.
func TestCacheShared(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const processes = 8
	news := make(chan int, processes)
	for range processes {
		go func() {
			r := runIn(t, dir, ours(t), []string{"-D", "1000", "cache"}, "Message-ID: <1@x>\n\n")
			news <- r.status
		}()
	}
	added := 0
	for range processes {
		added += <-news
	}
	if data, _ := os.ReadFile(filepath.Join(dir, "cache")); added != 1 || string(data) != "<1@x>\x00\x00" {
		t.Errorf("added %d times, %q", added, data)
	}
}

// What has been written to the cache is as the umask wants it.
func TestCacheMode(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cache")
	runMain(t, strings.NewReader("Message-ID: <1@x>\n\n"), io.Discard, "-D", "1000", path)
	made := filepath.Join(t.TempDir(), "made")
	os.WriteFile(made, nil, 0o666)
	got, err := os.Stat(path)
	want, _ := os.Stat(made)
	if err != nil || got.Mode() != want.Mode() {
		t.Errorf("%v %v, want %v", err, got.Mode(), want.Mode())
	}
}
