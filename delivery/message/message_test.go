package message

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/sys/unix"
)

// judgeUntil returns a judge that has seen enough after n bytes.
func judgeUntil(n int) func([]byte) bool {
	seen := 0
	return func(p []byte) bool { seen += len(p); return seen >= n }
}

// The bytes go through as they came, whatever their number, the pieces they
// come in, and the place where the header section ends.
func TestBytesUnchanged(t *testing.T) {
	sizes := []int{1, 2, bufferSize - 1, bufferSize, bufferSize + 1, headroom + bufferSize, maxHeld - 1, maxHeld, maxHeld + 1, 3*maxHeld + 17}
	above := [][]byte{nil, []byte("Delivered-To: x\n"), bytes.Repeat([]byte("a"), headroom), bytes.Repeat([]byte("b"), 3*headroom)}
	for _, size := range sizes {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(i ^ i>>8 ^ i>>16)
		}
		for _, header := range []int{1, size / 2, size, size + 1} {
			for _, fields := range above {
				for name, in := range map[string]io.Reader{"whole": bytes.NewReader(data), "halves": iotest.HalfReader(bytes.NewReader(data)), "EOF with data": iotest.DataErrReader(bytes.NewReader(data))} {
					m, err := Read(in, judgeUntil(header))
					if err != nil {
						t.Fatal(err)
					}
					m.Prepend(fields)
					var out bytes.Buffer
					n, err := m.WriteTo(struct{ io.Writer }{&out})
					if want := append(bytes.Clone(fields), data...); err != nil || n != int64(len(want)) || !bytes.Equal(out.Bytes(), want) {
						t.Fatalf("%d bytes, header %d, %d above, %s: wrote %d (%v), the same: %v", size, header, len(fields), name, n, err, bytes.Equal(out.Bytes(), want))
					}
					if m.Size() != int64(size) {
						t.Errorf("Size() = %d, want %d", m.Size(), size)
					}
				}
			}
		}
	}
}

func TestSpool(t *testing.T) {
	for _, size := range []int{1, 5000, 200_000, 2 * maxHeld} {
		data := strings.Repeat("x", size)
		m, err := Read(strings.NewReader(data), judgeUntil(size))
		if err != nil {
			t.Fatal(err)
		}
		m.Prepend([]byte("above\n"))
		f, n, err := m.Spool()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		got, err := io.ReadAll(f)
		if want := "above\n" + data; err != nil || string(got) != want || n != int64(len(want)) {
			t.Errorf("%d bytes: spooled %d bytes, %v", size, len(got), err)
		}
		if info, err := f.Stat(); err != nil || info.Mode().Perm()&0o077 != 0 && size > bufferSize {
			t.Errorf("the spool file can be opened by others: %v %v", info.Mode(), err)
		}
	}
}

func TestMap(t *testing.T) {
	for _, size := range []int{1, 5000, bufferSize, 200_000, 2 * maxHeld} {
		data := strings.Repeat("x", size)
		m, err := Read(strings.NewReader(data), judgeUntil(min(size, 100)))
		if err != nil {
			t.Fatal(err)
		}
		m.Prepend([]byte("above\n"))
		const free = 10
		b, err := m.Map(free)
		if err != nil {
			t.Fatal(err)
		}
		copy(b, strings.Repeat("y", free)) // the bytes are ours
		if want := strings.Repeat("y", free) + "above\n" + data; string(b) != want {
			t.Errorf("%d bytes: %d bytes mapped", size, len(b))
		}
	}
}

func TestCutFrom(t *testing.T) {
	m, err := Read(strings.NewReader("From a\nSubject: x\n\nbody"), judgeUntil(1))
	if err != nil {
		t.Fatal(err)
	}
	m.CutFrom(len("From a\n"))
	m.Prepend([]byte("Delivered-To: x\n"))
	m.Prepend(m.From())
	var out strings.Builder
	m.WriteTo(&out)
	if want := "From a\nDelivered-To: x\nSubject: x\n\nbody"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestReadFails(t *testing.T) {
	if _, err := Read(strings.NewReader(""), judgeUntil(1)); !errors.Is(err, ErrEmpty) {
		t.Errorf("nothing: %v, want ErrEmpty", err)
	}
	broken := errors.New("broken")
	if _, err := Read(iotest.ErrReader(broken), judgeUntil(1)); !errors.Is(err, broken) {
		t.Errorf("broken at once: %v", err)
	}
	// Broken in the body: not the writer's fault, and known not to be.
	m, err := Read(io.MultiReader(strings.NewReader("a"), iotest.ErrReader(broken)), judgeUntil(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.WriteTo(io.Discard); !errors.Is(err, broken) || !m.ReadFailed() {
		t.Errorf("broken later: %v, ReadFailed %v", err, m.ReadFailed())
	}
	// Broken in a header section that is too large for memory.
	if _, err := Read(io.MultiReader(strings.NewReader(strings.Repeat("a", 2*maxHeld)), iotest.ErrReader(broken)), judgeUntil(4*maxHeld)); !errors.Is(err, broken) {
		t.Errorf("broken in a large header section: %v", err)
	}
}

func TestInput(t *testing.T) {
	// A caller may leave it non-blocking: reading waits all the same.
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	w := os.NewFile(uintptr(fds[1]), "pipe")
	go func() {
		time.Sleep(20 * time.Millisecond)
		w.WriteString("hello")
		w.Close()
	}()
	got, err := io.ReadAll(Input(fds[0]))
	if err != nil || string(got) != "hello" {
		t.Errorf("read %q, %v", got, err)
	}
}

// The pipe of a large message is made to hold more, that of a small one is left
// as it is.
func TestWiden(t *testing.T) {
	for size, want := range map[int]bool{4 << 10: false, 4 * bufferSize: true} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		in := Input(r.Fd())
		before, err := unix.FcntlInt(r.Fd(), unix.F_GETPIPE_SZ, 0)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			w.Write(make([]byte, size))
			w.Close()
		}()
		m, err := Read(in, judgeUntil(1))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := m.WriteTo(io.Discard); err != nil || n != int64(size) {
			t.Fatalf("wrote %d, %v; want %d", n, err, size)
		}
		after, _ := unix.FcntlInt(r.Fd(), unix.F_GETPIPE_SZ, 0)
		if (after > before) != want {
			t.Errorf("%d bytes: the pipe held %d, holds %d", size, before, after)
		}
	}
}

func TestSummarize(t *testing.T) {
	for head, want := range map[string]Summary{
		"From: =?utf-8?q?Andr=C3=A9?= <a@b>\nSubject: =?utf-8?b?44GT44KT44Gr44Gh44Gv?=\n\nSubject: body": {From: "André <a@b>", Subject: "こんにちは"},
		"From: a@b\r\nSubject: x\r\n\r\nbody": {From: "a@b", Subject: "x"},
		"From: a@b\nno header field\n\n":      {},
		"":                                    {},
		"Subject: x":                          {Subject: "x"},
	} {
		if got := Summarize([]byte(head)); got != want {
			t.Errorf("Summarize(%q) = %+v, want %+v", head, got, want)
		}
	}
}
