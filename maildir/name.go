package maildir

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// uniqueName returns a name that no other delivery uses: time and process tell
// those of this machine apart, the random part those of containers which have
// host name and process id in common.
func uniqueName(now time.Time) string {
	return fmt.Sprintf("%d.M%06dP%dR%016x.%s", now.Unix(), now.Nanosecond()/1000, unix.Getpid(), rand.Uint64(), hostName())
}

// shortName returns a name as procmail gives it, the n-th of this second.
func shortName(now time.Time, n int) string {
	return fmt.Sprintf("%d.%d_%d.%s", now.Unix(), unix.Getpid(), n, hostName())
}

// hostName returns the host name as it may stand in a Maildir file name.
func hostName() string {
	var u unix.Utsname
	name := "localhost"
	if unix.Uname(&u) == nil && u.Nodename[0] != 0 {
		n, _, _ := bytes.Cut(u.Nodename[:], []byte{0})
		name = string(n)
	}
	return strings.NewReplacer("/", `\057`, ":", `\072`).Replace(name)
}
