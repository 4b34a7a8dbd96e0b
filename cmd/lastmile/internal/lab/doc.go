// Package lab starts real peers for tests: Postfix, Dovecot and the POP3
// fetchers, each private to one test.
//
// Nothing under /etc is written, nothing listens outside the loopback
// interface, every wait is bounded, and whatever a test starts ends with it,
// even when the test process is killed: each server hangs on a pipe from the
// test process and stops when that pipe closes.
//
// The peers switch user ids, so tests that use them need root. Need says
// whether a test can run here.
package lab
