// Package pattern matches procmail's regular expressions and keeps procmail's
// score.
//
// The expressions are not those of package regexp:
//
//	x  .  [..]  [^..]  (..|..)  * + ?    as in egrep; . and [^..] do not match a newline
//	^  $                                 a newline, which is consumed
//	^^                                   start of the text; at the end of the expression, end of the text as well
//	\<  \>                               one byte that is not in [A-Za-z0-9_]; consumed
//	\/                                   from here on the match goes into MATCH
//	\x                                   x
//
// A text has one more newline before its start and one after its end; neither
// is ever stored, so the text is not copied. Everything is about bytes; only
// ASCII letters have case. There are no counts, no named classes, no back
// references, and nothing that an expression may contain is refused.
//
// A pattern is compiled into a nondeterministic automaton. Searches run on a
// deterministic one that is built from it as the text asks for it, in bounded
// memory; where that does not pay they follow the set of states itself. Either
// way every byte of the text is looked at once: the time is linear in the text
// for every expression. MATCH takes a second look, which is linear as well.
//
// Known differences from procmail 3.22, all of them faults of its automaton
// (its KNOWN_BUGS file knows of them as redundant operators left of \/):
//   - Two ways that consume nothing and lead to the same operator, as in
//     `^(x*)?b*c`, are taken for a loop, and ways are lost: this does not match
//     "xxc". Here it does.
//   - A loop around nothing but \/, as in `(\/)+`, and some other loops around
//     nothing, as in `(a|b?c*)*xa*`, are endless. Here they end.
//   - Where several ways lead past \/, one gets the place of a neighbour's, so
//     that `a+\/b*` finds "ab" in "aab". Here every way keeps its own: "".
//   - A weighted condition with \/ can miss matches after its first one.
//
// The package does no input and output. A Pattern caches what it has learnt:
// it is not for concurrent use.
package pattern
