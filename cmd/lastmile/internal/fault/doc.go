// Package fault runs a program under ptrace(2) and lets its system calls fail,
// or kills it before or after one of them: for tests of what an error or a crash
// at any moment of a delivery leaves behind.
//
// The calls of all threads are counted together, from umask(2) on, which is the
// last that lastmile makes to be safe against them, and only those that can fail
// for a reason outside of the program (see calls.go). strace's injection counts for each
// thread by itself, so it cannot reach every call of a Go program, whose
// goroutines change threads as they like.
//
// Processes that the program starts are not interfered with once they run another
// program; that of the fork until then is.
//
// Beside that the tracer keeps account of what the program has made durable, as
// the kernel documents it: what was written to a file is safe after fsync(2) of
// the file, a name after fsync(2) of its directory, and nothing after an fsync
// that has failed, although a later one may succeed. See [Disk].
//
// Only Linux on amd64 is supported: how a system call is replaced by an error is
// another matter on each processor.
package fault
