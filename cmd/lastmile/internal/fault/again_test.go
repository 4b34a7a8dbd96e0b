//go:build amd64

package fault

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"lastmile/cmd/lastmile/internal/lab"
)

// A process that is killed when the message has its name has not made the name
// durable. With --id the next one finds the message, in new/ or where a reader has
// moved it, and has to do so before it says that the message is delivered.
func TestFoundAgain(t *testing.T) {
	t.Parallel()
	lab.Binary(t)
	filter := lab.Tool(t, "./cmd/lastmile/internal/fault/filter")
	all := ways()
	once := all[slices.IndexFunc(all, func(w way) bool { return w.once })]
	for _, sub := range []string{"new", "cur"} {
		t.Run(sub, func(t *testing.T) {
			t.Parallel()
			s := once.scene(t, filter, t.TempDir())
			killed, err := Run(s.cmd, Plan{First: "link", Signal: unix.SIGKILL, When: After})
			left := glob(s.dir + "/Maildir/new/*")
			if err != nil || killed.Hit == nil || len(left) != 1 {
				t.Fatalf("%v, call %v, and there is %q; want it killed after the link", err, killed.Hit, left)
			}
			disk := killed.Disk
			if sub == "cur" {
				seen := filepath.Join(s.dir, "Maildir/cur", filepath.Base(left[0])+":2,S")
				if err := os.Rename(left[0], seen); err != nil {
					t.Fatal(err)
				}
				disk.Renamed(left[0], seen)
				left[0] = seen
			}
			if disk.Durable(left[0], s.dir) == nil {
				t.Fatal("the killed process had made the name durable")
			}
			s.cmd.Disk = disk
			r, err := Run(s.cmd, Plan{})
			if err != nil || r.Status != 0 {
				t.Fatalf("the next try: %v, exit status %d: %q", err, r.Status.ExitStatus(), r.Output)
			}
			if found := append(glob(s.dir+"/Maildir/new/*"), glob(s.dir+"/Maildir/cur/*")...); !slices.Equal(found, left) {
				t.Errorf("there is %q, want %q", found, left)
			}
			if err := disk.Durable(left[0], s.dir); err != nil {
				t.Error(err)
			}
		})
	}
}
