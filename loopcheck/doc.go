// Package loopcheck finds mail forwarding loops: it says whether a message
// already carries a Delivered-To field for the recipient it is about to be
// delivered to.
//
// It is pure: it reads a header section from an io.Reader, or is fed with its
// bytes, and keeps no state elsewhere. Other mail programs may import it; README
// says how, and testdata/outside is one that does.
//
// # The rule
//
// A final delivery agent writes "Delivered-To: RECIPIENT" above the message
// (RFC 9228). An agent that meets its own recipient there has delivered the
// message before, so something behind that delivery sent it back: a loop.
//
// The default comparison, [Postfix], is that of Postfix's delivered_hdr.c:
//
//   - physical lines are looked at, and of each its first 2048 bytes;
//   - a line that begins with white space is never looked into, and does not
//     end the header section even if there is nothing else on it;
//   - an empty line or a line that is no header field ends it (is_header.c);
//   - the value is what follows the colon and white space, up to a NUL or the
//     end of the line: no unfolding, no angle brackets, no comments, no
//     trimming at the end;
//   - the recipient is quoted as quote_822_local.c does, then both are case
//     folded as a whole (casefold.c: full folding if there is UTF-8 in it);
//   - only the first 1000 Delivered-To fields count.
//
// Postfix sees a message that its front ends have cleaned. For raw input, as
// fetchmail or a shell hands it over, [Scanner] does the same first: leading
// From_ lines are passed over, CR at the end of a line is dropped, blanks
// before the colon are allowed, and a message that begins with white space has
// no header section.
//
// The other comparison, [Mailbox], asks whether two spellings mean the same
// mailbox; see there.
//
// [Way] and [Diagnose] tell a person what happened: the hops and stamps from
// the oldest to the newest, and why a stamp makes a delivery loop. They decide
// nothing.
//
// # Use
//
//	h, err := loopcheck.Scan(os.Stdin)
//	if err != nil { … }
//	if f := h.Find("user@example.com", loopcheck.Options{}); f != nil {
//		fmt.Printf("mail forwarding loop: line %d\n", f.Line)
//	}
package loopcheck
