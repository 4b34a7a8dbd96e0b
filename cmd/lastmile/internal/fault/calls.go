//go:build amd64

package fault

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// start is the call after which counting begins: lastmile's last one in making
// itself safe against faults. What fails before it is the Go runtime's to answer.
const start = unix.SYS_UMASK

// numbers lists the calls that the tracer has to see.
func numbers() string {
	list := []string{strconv.Itoa(start)}
	for nr := range uint64(512) {
		if _, ok := describe(nr, [6]uint64{}); ok || nr == unix.SYS_FCNTL {
			list = append(list, strconv.FormatUint(nr, 10))
		}
	}
	return strings.Join(list, ",")
}

// call is what is known about a system call.
type call struct {
	name string
	// errnos are those that it can fail with for a reason outside of the program.
	errnos []unix.Errno
}

// Every errno of a file system, and those of the process's and the system's limits.
var (
	limits   = []unix.Errno{unix.EMFILE, unix.ENFILE, unix.ENOMEM}
	looking  = []unix.Errno{unix.EACCES, unix.EIO, unix.ESTALE, unix.ELOOP, unix.ENAMETOOLONG, unix.ENOMEM}
	opening  = append([]unix.Errno{unix.EINTR}, append(limits, looking[:5]...)...)
	changing = append([]unix.Errno{unix.ENOSPC, unix.EDQUOT, unix.EROFS}, looking...)
	creating = append([]unix.Errno{unix.ENOSPC, unix.EDQUOT, unix.EROFS}, opening...)
	writing  = []unix.Errno{unix.ENOSPC, unix.EDQUOT, unix.EIO, unix.EINTR, unix.ESTALE, unix.ENOMEM}
	reading  = []unix.Errno{unix.EIO, unix.EINTR, unix.ESTALE, unix.ENOMEM}
	forking  = []unix.Errno{unix.EAGAIN, unix.ENOMEM}
)

// describe returns what is known about a system call, and false for those that
// cannot fail for a reason outside: signals, threads' waiting, identity.
func describe(nr uint64, args [6]uint64) (call, bool) {
	switch nr {
	case unix.SYS_OPENAT:
		if args[2]&unix.O_CREAT != 0 || args[2]&unix.O_TMPFILE == unix.O_TMPFILE {
			return call{"create", creating}, true
		}
		return call{"open", opening}, true
	case unix.SYS_READ:
		return call{"read", reading}, true
	case unix.SYS_PREAD64:
		return call{"pread", reading}, true
	case unix.SYS_WRITE:
		return call{"write", writing}, true
	case unix.SYS_PWRITE64:
		return call{"pwrite", writing}, true
	case unix.SYS_CLOSE:
		return call{"close", []unix.Errno{unix.EIO, unix.EINTR, unix.EDQUOT, unix.ENOSPC}}, true
	case unix.SYS_FSYNC:
		return call{"fsync", []unix.Errno{unix.EIO, unix.ENOSPC, unix.EDQUOT, unix.EROFS, unix.EINTR, unix.EINVAL}}, true
	case unix.SYS_FDATASYNC:
		return call{"fdatasync", []unix.Errno{unix.EIO, unix.ENOSPC, unix.EDQUOT, unix.EROFS, unix.EINTR, unix.EINVAL}}, true
	case unix.SYS_SYNC:
		return call{"sync", []unix.Errno{unix.ENOSYS}}, true
	case unix.SYS_SYNCFS:
		return call{"syncfs", []unix.Errno{unix.EIO, unix.ENOSPC}}, true
	case unix.SYS_SYNC_FILE_RANGE:
		return call{"sync_file_range", []unix.Errno{unix.EIO, unix.ENOSPC, unix.ENOMEM}}, true
	case unix.SYS_FTRUNCATE:
		return call{"ftruncate", []unix.Errno{unix.EIO, unix.EINTR, unix.EROFS}}, true
	}
	return describeName(nr, args)
}

// describeName is describe for the calls that have to do with names.
func describeName(nr uint64, args [6]uint64) (call, bool) {
	switch nr {
	case unix.SYS_LINKAT:
		return call{"link", append([]unix.Errno{unix.EEXIST, unix.EPERM, unix.EMLINK, unix.EXDEV}, changing...)}, true
	case unix.SYS_UNLINKAT:
		return call{"unlink", []unix.Errno{unix.EIO, unix.EACCES, unix.EROFS, unix.ESTALE, unix.ENOMEM}}, true
	case unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2:
		return call{"rename", changing}, true
	case unix.SYS_MKDIRAT:
		return call{"mkdir", changing}, true
	case unix.SYS_FSTAT:
		return call{"fstat", []unix.Errno{unix.EIO, unix.ESTALE, unix.ENOMEM}}, true
	case unix.SYS_NEWFSTATAT:
		return call{"stat", looking}, true
	case unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2:
		return call{"access", looking}, true
	case unix.SYS_FCHMOD, unix.SYS_FCHMODAT:
		return call{"chmod", []unix.Errno{unix.EIO, unix.EROFS, unix.EPERM}}, true
	case unix.SYS_UTIMENSAT:
		return call{"utimens", []unix.Errno{unix.EIO, unix.EROFS, unix.EACCES}}, true
	case unix.SYS_GETDENTS64:
		return call{"getdents", []unix.Errno{unix.EIO, unix.ESTALE, unix.ENOMEM}}, true
	case unix.SYS_READLINKAT:
		return call{"readlink", looking}, true
	case unix.SYS_CHDIR:
		return call{"chdir", looking}, true
	case unix.SYS_GETCWD:
		return call{"getcwd", []unix.Errno{unix.ENOENT, unix.ENOMEM}}, true
	}
	return describeProcess(nr, args)
}

// describeProcess is describe for what has to do with memory, descriptors and
// processes.
func describeProcess(nr uint64, args [6]uint64) (call, bool) {
	switch nr {
	case unix.SYS_PIPE2:
		return call{"pipe", limits}, true
	case unix.SYS_MEMFD_CREATE:
		return call{"memfd_create", limits}, true
	case unix.SYS_EPOLL_CREATE1, unix.SYS_EVENTFD2:
		return call{"epoll_create", limits}, true
	case unix.SYS_EPOLL_CTL:
		return call{"epoll_ctl", []unix.Errno{unix.ENOMEM, unix.ENOSPC}}, true
	case unix.SYS_SOCKET:
		return call{"socket", limits}, true
	case unix.SYS_FCNTL:
		switch args[1] {
		case unix.F_SETLK, unix.F_SETLKW, unix.F_OFD_SETLK, unix.F_OFD_SETLKW:
			return call{"lock", []unix.Errno{unix.EINTR, unix.ENOLCK, unix.EIO, unix.EINVAL}}, true
		case unix.F_DUPFD, unix.F_DUPFD_CLOEXEC:
			return call{"dup", limits[:1]}, true
		}
		return call{}, false
	case unix.SYS_LSEEK:
		return call{"lseek", []unix.Errno{unix.EIO}}, true
	case unix.SYS_DUP3:
		return call{"dup", limits[:1]}, true
	case unix.SYS_GETRANDOM:
		return call{"getrandom", []unix.Errno{unix.EINTR, unix.ENOSYS}}, true
	case unix.SYS_MMAP:
		return call{"mmap", []unix.Errno{unix.ENOMEM}}, true
	case unix.SYS_CLONE, unix.SYS_CLONE3, unix.SYS_FORK, unix.SYS_VFORK:
		return call{"clone", forking}, true
	case unix.SYS_EXECVE, unix.SYS_EXECVEAT:
		return call{"exec", append([]unix.Errno{unix.EAGAIN, unix.ENOEXEC, unix.E2BIG}, opening...)}, true
	case unix.SYS_CLOSE_RANGE:
		return call{"close_range", []unix.Errno{unix.ENOMEM, unix.EMFILE, unix.ENOSYS}}, true
	case unix.SYS_WAIT4, unix.SYS_WAITID:
		return call{"wait", []unix.Errno{unix.EINTR}}, true
	case unix.SYS_LANDLOCK_CREATE_RULESET, unix.SYS_LANDLOCK_ADD_RULE, unix.SYS_LANDLOCK_RESTRICT_SELF:
		return call{"landlock", append([]unix.Errno{unix.ENOSYS, unix.EOPNOTSUPP, unix.EPERM, unix.E2BIG}, limits...)}, true
	case unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_SEND_SIGNAL:
		return call{"pidfd", limits}, true
	}
	return call{}, false
}
