package loopcheck

import (
	"bytes"
	"fmt"
	"testing"
)

// BenchmarkScanner scans header sections in pieces of 64 KiB.
func BenchmarkScanner(b *testing.B) {
	shapes := map[string][]byte{
		"fields": []byte("X-Header: value of a field that nobody asks for, of a usual length of line\n"),
		"line":   bytes.Repeat([]byte("x"), 76),
	}
	for name, part := range shapes {
		for _, size := range []int{10 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("%s/%dKiB", name, size>>10), func(b *testing.B) {
				header := append([]byte("Delivered-To: a@example.com\nX: "), bytes.Repeat(part, size/len(part))...)
				b.SetBytes(int64(len(header)))
				b.ReportAllocs()
				for b.Loop() {
					var s Scanner
					for rest := header; len(rest) > 0; {
						n := min(64<<10, len(rest))
						s.Write(rest[:n])
						rest = rest[n:]
					}
					if len(s.Header().Stamps) != 1 {
						b.Fatal("the stamp was not found")
					}
				}
			})
		}
	}
}
