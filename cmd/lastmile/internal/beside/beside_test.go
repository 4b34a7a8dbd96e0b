package beside

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lastmile/cmd/lastmile/internal/lab"
)

var (
	rounds = flag.Int("rounds", 9, "how often each program has its turn")
	turn   = flag.Duration("turn", 150*time.Millisecond, "how long its turn lasts, at least")
)

func TestMain(m *testing.M) {
	flag.Parse()
	status := m.Run()
	lab.Cleanup()
	os.Exit(status)
}

// goVersion says what lastmile is built with.
func goVersion() string { return runtime.Version() }

// run is one delivery.
type run struct{ wall, cpu time.Duration }

// deliver has a program deliver one message. Before its end is written, paused
// is called if it is not nil.
func (p peer) deliver(message []byte, paused func(pid int, stdin *os.File)) (run, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return run{}, err
	}
	defer r.Close()
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Stdin, cmd.Dir = r, "/"
	cmd.Env = append(os.Environ(), "HOME="+filepath.Dir(p.box), "MAIL_CONFIG=/etc/postfix")
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return run{}, err
	}
	for part := range slices.Chunk(message, 4<<10) {
		if _, err = w.Write(part); err != nil {
			break
		}
	}
	if paused != nil && err == nil {
		paused(cmd.Process.Pid, r)
	}
	w.Close()
	ended := cmd.Wait()
	took := time.Since(start)
	if err := errors.Join(err, ended); err != nil {
		return run{}, fmt.Errorf("%s: %w", p.name, err)
	}
	s := cmd.ProcessState
	return run{took, s.UserTime() + s.SystemTime()}, nil
}

// memory returns the peak of the resident memory in KiB that a program has when
// it has read all of a message. What wait4 tells when it has ended would begin
// with the size of this process.
func (p peer) memory(b *testing.B, message []byte) (peak int) {
	b.Helper()
	_, err := p.deliver(message, func(pid int, stdin *os.File) {
		for unread := 1; unread > 0; time.Sleep(20 * time.Millisecond) {
			var err error
			if unread, err = unix.IoctlGetInt(int(stdin.Fd()), unix.TIOCINQ); err != nil {
				b.Fatal(err)
			}
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			b.Fatal(err)
		}
		if _, text, ok := strings.Cut(string(status), "VmHWM:"); ok {
			fmt.Sscan(text, &peak)
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	p.take(b, 1, message)
	return peak
}

// take takes the messages away that a program has stored, and checks them.
func (p peer) take(b *testing.B, count int, message []byte) {
	b.Helper()
	files := lab.Files(b, p.box+"/new")
	if len(files) != count {
		b.Fatalf("%s stored %d messages, want %d", p.name, len(files), count)
	}
	for i, path := range files {
		info, err := os.Stat(path)
		if err != nil || info.Size() < int64(len(message)) {
			b.Fatalf("%s stored %v (%v), want %d bytes at least", p.name, info, err, len(message))
		}
		if i == 0 {
			if text, err := os.ReadFile(path); err != nil || !bytes.HasSuffix(text, message[len(message)/2:]) {
				b.Fatalf("%s has changed the message (%v)", p.name, err)
			}
		}
		if err := os.Remove(path); err != nil {
			b.Fatal(err)
		}
	}
}

// sample is a message of a size.
func sample(size int) []byte {
	head := "Received: from x (x [192.0.2.1])\n\tby y; Mon, 2 Nov 2026 10:00:00 +0000\nFrom: a@example.net\nTo: you@example.com\nSubject: test\n\n"
	line := []byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789a\n")
	return append([]byte(head), bytes.Repeat(line, max(1, (size-len(head))/len(line)))...)
}

// BenchmarkOne measures one message after the other.
func BenchmarkOne(b *testing.B) {
	peers := contestants(b)
	head(b, "One message after the other: medians of whole processes; CPU, peak memory; wall time as a multiple of lastmile's", peers)
	for _, size := range []int{4 << 10, 100 << 10, 10 << 20, 50 << 20} {
		message := sample(size)
		runs := make([][]run, len(peers))
		for range *rounds {
			for i, p := range peers {
				count := 0
				for start := time.Now(); count == 0 || time.Since(start) < *turn; count++ {
					r, err := p.deliver(message, nil)
					if err != nil {
						b.Fatal(err)
					}
					runs[i] = append(runs[i], r)
				}
				p.take(b, count, message)
			}
		}
		for i, p := range peers {
			wall := median(runs[i], func(r run) float64 { return float64(r.wall) / 1e6 })
			ratio := wall / median(runs[0], func(r run) float64 { return float64(r.wall) / 1e6 })
			fmt.Printf("%8s  %-12s %8.2f ms  %8.2f ms CPU  %5.1f MiB  %5.2f\n", human(size), p.name, wall,
				median(runs[i], func(r run) float64 { return float64(r.cpu) / 1e6 }),
				float64(p.memory(b, message))/1024, ratio)
			b.ReportMetric(1/ratio, "x-"+p.name+"-"+human(size))
		}
	}
	b.ReportMetric(0, "ns/op") // of all together: says nothing
}

// BenchmarkAtOnce measures how many messages of 4 KiB are delivered in a second
// by several processes at once.
func BenchmarkAtOnce(b *testing.B) {
	peers := contestants(b)
	head(b, "Several at once: deliveries of 4 KiB in a second, into one Maildir; as a multiple of lastmile's", peers)
	message := sample(4 << 10)
	for _, several := range []int{1, 2, 4, 8} {
		rates := make([][]float64, len(peers))
		for range *rounds {
			for i, p := range peers {
				count, took := p.crowd(b, several, message)
				p.take(b, count, message)
				rates[i] = append(rates[i], float64(count)/took.Seconds())
			}
		}
		for i, p := range peers {
			rate := median(rates[i], func(r float64) float64 { return r })
			fmt.Printf("%8d  %-12s %8.0f /s  %5.2f\n", several, p.name, rate, rate/median(rates[0], func(r float64) float64 { return r }))
		}
	}
	b.ReportMetric(0, "ns/op")
}

// crowd delivers with several processes at once for a turn.
func (p peer) crowd(b *testing.B, several int, message []byte) (count int, took time.Duration) {
	b.Helper()
	counts, errs := make([]int, several), make([]error, several)
	start := time.Now()
	var all sync.WaitGroup
	for i := range several {
		all.Go(func() {
			for time.Since(start) < 2**turn && errs[i] == nil {
				_, errs[i] = p.deliver(message, nil)
				counts[i]++
			}
		})
	}
	all.Wait()
	took = time.Since(start)
	for i := range several {
		if errs[i] != nil {
			b.Fatal(errs[i])
		}
		count += counts[i]
	}
	return count, took
}

// head prints what is measured, with what, and when.
func head(b *testing.B, title string, peers []peer) {
	b.Helper()
	fmt.Printf("\n%s\n%s, %d processors, %s/%s\n", title, time.Now().Format(time.DateOnly), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	for _, p := range peers {
		fmt.Printf("%10s  %s: %s\n", "", p.name, p.version)
	}
}

func median[T any](of []T, value func(T) float64) float64 {
	values := make([]float64, len(of))
	for i := range of {
		values[i] = value(of[i])
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// human writes a size in bytes.
func human(size int) string {
	if size >= 1<<20 {
		return fmt.Sprintf("%dMiB", size>>20)
	}
	return fmt.Sprintf("%dKiB", size>>10)
}
