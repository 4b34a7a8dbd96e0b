package loopcheck

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// Cause says why a message loops, or why it does not although it looks so.
type Cause string

// The causes.
const (
	// ProviderStamp: the mailbox that a retriever has emptied was stamped by
	// its own provider. Nothing loops.
	ProviderStamp Cause = "provider-stamp"
	// ThisHop: the stamp on top is that of the delivery being made, or the
	// message was taken from the mailbox that it was delivered to.
	ThisHop Cause = "this-hop"
	// TrueLoop: after the delivery something sent the message back.
	TrueLoop Cause = "true-loop"
	// Resent: a person or a program has sent a message again that was
	// delivered before.
	Resent Cause = "resent"
	// Reinjected: the stamp is much older than the newest hop: an archive.
	Reinjected Cause = "reinjected"
	// ForeignStamp: no host of ours had handled the message before it was
	// stamped: its author has written the stamp, or a host of another site.
	ForeignStamp Cause = "foreign-stamp"
	// OtherStamp: the stamps name other addresses. No loop.
	OtherStamp Cause = "other-stamp"
	// NearMiss: a stamp means the recipient and is written in another way.
	NearMiss Cause = "near-miss"
	// TooManyHops: more Received fields than are allowed.
	TooManyHops Cause = "too-many-hops"
	// BackToMyself: the text is about the other error with the code 5.4.6.
	BackToMyself Cause = "loops-back-to-myself"
	// Clean: no stamp, no loop.
	Clean Cause = "clean"
)

// oldStamp is the age from which a stamp is taken for one of an archive: the
// queues of the world give up after five days.
const oldStamp = 14 * 24 * time.Hour

// Diagnosis is a cause with its evidence.
type Diagnosis struct {
	Cause Cause
	// Lines are the numbers of the lines of the message that show it.
	Lines []int
	// Fetcher is the retriever of a ProviderStamp.
	Fetcher string
	// Chain are the addresses and hosts that the message went through since
	// the stamp, in their order.
	Chain []string
	// Match is how a NearMiss would count: the options of lastmile. Nothing
	// makes one count that differs in the composition of Unicode letters.
	Match string
	// Age is how old the stamp of a Reinjected message is.
	Age time.Duration
}

// Diagnose says why the stamp on a line makes a delivery to the recipient loop;
// line 0 stands for no loop. Skipped is the line of a stamp that does not count,
// or 0.
func Diagnose(way []TraceField, recipient string, line, skipped int) Diagnosis {
	at := -1
	for i := range way {
		if way[i].Line == line {
			at = i
		}
	}
	if at < 0 {
		return noLoop(way, recipient, skipped)
	}
	d := Diagnosis{Cause: TrueLoop, Lines: []int{line}}
	older, newer := way[:at], way[at+1:]
	own, s := way[at].Is(OwnStamp), seenIn(newer) // an own stamp is proof of a loop
	switch {
	case own:
	case s.fetch != nil && !sameHost(lastHop(older), lastHop(newer)):
		d.Cause, d.Fetcher = ProviderStamp, s.fetch.Hop.Software
		d.Lines = append(d.Lines, s.fetch.Line)
		return d
	case s.unknown != nil && s.hops == 0:
		d.Cause, d.Fetcher = ProviderStamp, "getmail"
		d.Lines = append(d.Lines, s.unknown.Line)
		return d
	case s.again != nil:
		d.Cause = Resent
		d.Lines = append(d.Lines, s.again.Line)
		return d
	case countHops(older) == 0:
		d.Cause = ForeignStamp
		return d
	case s.hops == 0 && s.fetch == nil:
		d.Cause = ThisHop
		if h := lastHop(older); h.Fetched() {
			d.Fetcher = h.Software
		}
		return d
	case !passedSite(older, newer):
		d.Cause = ForeignStamp
		return d
	}
	if age := newest(newer).Sub(newest(older)); age > oldStamp && !own && !newest(older).IsZero() {
		d.Cause, d.Age = Reinjected, age
		return d
	}
	d.Chain = chain(newer, recipient)
	for i := range newer {
		if newer[i].Hop != nil {
			d.Lines = append(d.Lines, newer[i].Line)
		}
	}
	return d
}

// sighting is what a way shows of retrievers and people.
type sighting struct {
	hops    int         // that are not a retriever's
	fetch   *TraceField // the newest field of a retriever
	again   *TraceField // the newest of somebody who has sent the message again
	unknown *TraceField // the stamp of a getmail6 that leaves no Received field, but this
}

func seenIn(way []TraceField) (s sighting) {
	for i := range way {
		switch f := &way[i]; {
		case f.Hop != nil && f.Hop.Fetched():
			s.fetch = f
		case f.Hop != nil:
			s.hops++
		case strings.HasPrefix(strings.ToLower(f.Name), "resent-"):
			s.again = f
		case f.Is(DeliveredTo) && f.Body == "unknown":
			s.unknown = f
		}
	}
	return s
}

// noLoop looks for what may be taken for a loop.
func noLoop(way []TraceField, recipient string, skipped int) Diagnosis {
	d := Diagnosis{Cause: Clean}
	for i := range way {
		f := &way[i]
		if !f.Is(DeliveredTo) || f.Line == skipped {
			continue
		}
		if d.Cause == Clean {
			d.Cause = OtherStamp
		}
		if recipient != "" {
			if SameMailbox(f.Body, Quote(recipient), "") {
				return Diagnosis{Cause: NearMiss, Lines: []int{f.Line}, Match: "--match mailbox"}
			}
			if SameMailbox(f.Body, Quote(recipient), "+") {
				return Diagnosis{Cause: NearMiss, Lines: []int{f.Line}, Match: "--match mailbox --recipient-delimiter +"}
			}
			if norm.NFC.String(fold(f.Body)) == norm.NFC.String(fold(Quote(recipient))) {
				return Diagnosis{Cause: NearMiss, Lines: []int{f.Line}}
			}
		}
		d.Lines = append(d.Lines, f.Line)
	}
	return d
}

func countHops(way []TraceField) (n int) {
	for i := range way {
		if way[i].Hop != nil {
			n++
		}
	}
	return n
}

// lastHop returns the newest hop of a way, or one without anything in it.
func lastHop(way []TraceField) *Hop {
	for i := len(way) - 1; i >= 0; i-- {
		if way[i].Hop != nil {
			return way[i].Hop
		}
	}
	return &Hop{}
}

// sameHost tells whether two hops were made at one host.
func sameHost(a, b *Hop) bool { return a.By != "" && strings.EqualFold(a.By, b.By) }

// passedSite tells whether the message has been at the site of the host that has
// it now before: at the newest one that tells its registered domain. If none
// does, nobody can say.
func passedSite(older, newer []TraceField) bool {
	ours := ""
	for i := range newer {
		if h := newer[i].Hop; h != nil && site(h.By) != "" {
			ours = site(h.By)
		}
	}
	for i := range older {
		if h := older[i].Hop; h != nil && ours != "" && site(h.By) == ours {
			return true
		}
	}
	return ours == ""
}

// site returns the registered domain of a host, or nothing: two labels, or three
// where the second is one of those under which a country registers. For a
// diagnosis that will do; the whole list (publicsuffix.org) would bring an HTTP
// client into every delivery.
func site(host string) string {
	labels := strings.Split(strings.ToLower(strings.TrimSuffix(host, ".")), ".")
	n := 2
	if k := len(labels); k > 2 && len(labels[k-1]) == 2 && slices.Contains(registries, labels[k-2]) {
		n = 3
	}
	if len(labels) < n || strings.ContainsAny(host, ":[") {
		return ""
	}
	return strings.Join(labels[len(labels)-n:], ".")
}

// registries are the second-level labels of countries.
var registries = []string{"ac", "ad", "co", "com", "ed", "edu", "go", "gob", "gov", "gr", "lg", "mil", "ne", "net", "nom", "or", "org"}

// newest returns the latest time that a hop of the way has written.
func newest(way []TraceField) (t time.Time) {
	for i := range way {
		if h := way[i].Hop; h != nil && h.Time.After(t) {
			t = h.Time
		}
	}
	return t
}

// chain returns whom the message was for and which hosts it went through, until
// it came back to the recipient.
func chain(way []TraceField, recipient string) (names []string) {
	add := func(name string) {
		if name != "" && (len(names) == 0 || !strings.EqualFold(names[len(names)-1], name)) {
			names = append(names, name)
		}
	}
	add(recipient)
	for i := range way {
		switch f := &way[i]; {
		case f.Hop != nil:
			add(f.Hop.By)
			add(f.Hop.For)
		case f.Is(DeliveredTo):
			add(f.Body)
		}
	}
	add(recipient)
	return names
}
