package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/delivery"
	"lastmile/delivery/dsn"
	"lastmile/loopcheck"
)

// explainCommand is lastmile explain.
func (p *program) explainCommand() *cli.Command {
	options := agent.WithRules(
		agent.Option{Name: "json", Kind: agent.WantsNothing, Usage: "print the explanation as a JSON object"},
		agent.Option{Name: "ascii", Kind: agent.WantsNothing, Usage: "draw with ASCII characters only, in English"},
	)
	action := func(c *cli.Context) error { return p.explain(argumentsOf(c, options)) }
	return p.command("explain", "draw the way of a message, and say why it loops", "[-- RECIPIENT]", action, flags(options)...)
}

// explanation is what explain has to say: the verdict of check, and more. Its
// JSON form is documented in lastmile(1).
type explanation struct {
	*finding
	Returned  bool        `json:"returned,omitempty"` // the message stood in a bounce
	Way       []step      `json:"way"`
	Causes    []diagnosis `json:"causes"`
	Addresses []address   `json:"addresses,omitempty"` // without RECIPIENT: every stamped one
	way       []loopcheck.TraceField
	stamps    []int // the lines of all stamps that name the recipient, but for the skipped one
	fetchmail bool  // the bounce is one of fetchmail
}

// step is one trace field, the oldest first.
type step struct {
	Line     int    `json:"line"`
	Field    string `json:"field"`
	Value    string `json:"value"`
	From     string `json:"from,omitempty"`
	By       string `json:"by,omitempty"`
	With     string `json:"with,omitempty"`
	For      string `json:"for,omitempty"`
	Software string `json:"software,omitempty"`
	Time     string `json:"time,omitempty"` // RFC 3339
}

// diagnosis is a cause in words.
type diagnosis struct {
	Cause loopcheck.Cause `json:"cause"`
	Lines []int           `json:"lines"`
	Why   string          `json:"why"`
	Cure  string          `json:"cure"`
}

// address is a stamped address, and whether a delivery to it would loop.
type address struct {
	Address string `json:"address"`
	Loops   bool   `json:"loops"`
	Line    int    `json:"line"`
	// Cause is why it would loop.
	Cause loopcheck.Cause `json:"cause,omitempty"`
}

// explain draws the way of a message and says why it loops. It exits as check
// does; without a recipient nothing is to be delivered, so it exits 0 unless
// there are too many hops.
func (p *program) explain(a *agent.Arguments) error {
	env := &delivery.Envelope{Delimiter: a.Text("recipient-delimiter")}
	var err error
	if len(a.Operands) > 0 {
		if env, err = agent.Recipient(a); err != nil {
			return err
		}
	}
	rules, err := p.Rules(a)
	if err != nil {
		return err
	}
	p.Invite()
	e, head, err := p.examine(env, rules)
	if err != nil {
		return err
	}
	lang, utf8 := locale()
	if a.Yes("ascii") || !utf8 {
		lang, utf8 = english, false
	}
	e.diagnose(head, lang)
	if a.Yes("json") {
		enc := json.NewEncoder(p.Stdout)
		enc.SetEscapeHTML(false)
		err = enc.Encode(e)
	} else {
		err = p.show(e, lang, utf8)
	}
	if err != nil {
		return &dsn.Error{Status: dsn.TempSystem, Text: "cannot write the explanation", Err: err}
	}
	if e.Verdict != "pass" {
		return foundLoop
	}
	return nil
}

// examine reads the message, or the one that a bounce returns, and decides about
// it as deliver would.
func (p *program) examine(env *delivery.Envelope, rules delivery.Rules) (*explanation, []byte, error) {
	m, h, err := delivery.Examine(p.Stdin)
	if err == nil {
		err = m.Fill()
	}
	if err != nil {
		return nil, nil, err
	}
	defer m.Drain()
	head := bytes.Clone(m.Head())
	e, text := &explanation{}, head
	refused := refusedRecipient(head)
	if inner, ok := returned(head); ok && (env.Recipient == "" || loopcheck.Equal(env.Recipient, refused)) {
		e.Returned = true
		e.fetchmail = bytes.Contains(head, []byte(`boundary="foo-mani-padme-hum-`))
		env.Recipient = refused
		if h, err = loopcheck.Scan(bytes.NewReader(inner)); err != nil {
			return nil, nil, err
		}
		e.way, text = loopcheck.Way(inner), inner
	} else {
		e.way = loopcheck.Way(head)
	}
	v := delivery.Verdict{Hops: h.Hops, TooManyHops: rules.TooManyHops(h), SkipReason: "no recipient given"}
	if env.Recipient != "" {
		v = rules.Decide(h, env)
		e.stamps = naming(h, v, loopcheck.Options{Match: rules.Match, Delimiter: env.Delimiter})
	} else {
		e.Addresses = stamped(h, rules, env.Delimiter, e.way)
	}
	e.finding = newFinding(h, text, rules, v)
	for i := range e.way {
		e.Way = append(e.Way, newStep(&e.way[i]))
	}
	return e, head, nil
}

// naming returns the lines of the stamps that name the recipient: where the first
// is cured, the next one counts.
func naming(h *loopcheck.Header, v delivery.Verdict, o loopcheck.Options) (lines []int) {
	for i := range h.Stamps {
		if f := &h.Stamps[i]; f != v.Skipped && f.Names(v.Recipient, o) {
			lines = append(lines, f.Line)
		}
	}
	return lines
}

// stamped says of every stamped address whether a delivery to it would loop.
func stamped(h *loopcheck.Header, rules delivery.Rules, delimiter string, way []loopcheck.TraceField) (list []address) {
	seen := map[string]bool{}
	for i := range h.Stamps {
		a := loopcheck.Unquote(h.Stamps[i].Value)
		if key := strings.ToLower(a); a == "" || seen[key] || len(list) == maxListed {
			continue
		} else {
			seen[key] = true
		}
		v := rules.Decide(h, &delivery.Envelope{Recipient: a, Delimiter: delimiter})
		found := address{Address: a, Loops: v.Stamp != nil, Line: h.Stamps[i].Line}
		if found.Loops {
			found.Cause = loopcheck.Diagnose(way, a, v.Stamp.Line, 0).Cause
		}
		list = append(list, found)
	}
	return list
}

func newStep(f *loopcheck.TraceField) step {
	s := step{Line: f.Line, Field: f.Name, Value: f.Body}
	if h := f.Hop; h != nil {
		s.From, s.By, s.With, s.For, s.Software = h.From, h.By, h.With, h.For, h.Software
		if !h.Time.IsZero() {
			s.Time = h.Time.Format("2006-01-02T15:04:05Z07:00")
		}
	}
	return s
}

// diagnose adds the causes.
func (e *explanation) diagnose(head []byte, lang language) {
	line, skipped := 0, 0
	if e.Skipped != nil {
		skipped = e.Skipped.Line
	}
	switch {
	case e.Stamp != nil:
		line = e.Stamp.Line
	case e.Foreign != nil:
		line = e.Foreign.Line // would be the reason without --trust own
	}
	var found []loopcheck.Diagnosis
	if e.Verdict == "hops" {
		found = append(found, loopcheck.Diagnosis{Cause: loopcheck.TooManyHops})
	}
	myself := loopsBack(head)
	switch {
	case line > 0 && !slices.ContainsFunc(e.way, func(f loopcheck.TraceField) bool { return f.Line == line }):
		// It stands below what is read of a header section for its way, so
		// nothing is known of who wrote it.
	case line > 0:
		found = append(found, loopcheck.Diagnose(e.way, e.Recipient, line, skipped))
		if e.Stamp != nil && e.Trust != "own" {
			found = append(found, e.behind(found[len(found)-1].Cause)...)
		}
	case len(found) > 0:
	case myself != "" && (isReport(head) || len(e.way) == 0):
		found = append(found, loopcheck.Diagnosis{Cause: loopcheck.BackToMyself})
	case e.Recipient != "":
		found = append(found, loopcheck.Diagnose(e.way, e.Recipient, 0, skipped))
	}
	e.Causes = []diagnosis{}
	for _, d := range found {
		if e.fetchmail && d.Cause == loopcheck.ThisHop {
			// What fetchmail returns is what it found in the mailbox.
			d.Cause, d.Fetcher = loopcheck.ProviderStamp, "fetchmail"
		}
		values := causeValues(d, e.Recipient, myself, lang)
		t := causes[d.Cause]
		if d.Lines == nil {
			d.Lines = []int{}
		}
		e.Causes = append(e.Causes, diagnosis{d.Cause, d.Lines, values.Replace(t.why[lang]), values.Replace(t.cure[lang])})
	}
}

// behind returns the causes of the stamps below the one that counts, as far as
// they are others: who cures the first meets them next. getmail6, for one, puts
// its own stamp above that of the provider.
func (e *explanation) behind(first loopcheck.Cause) (list []loopcheck.Diagnosis) {
	seen := []loopcheck.Cause{first}
	for i, line := range e.stamps {
		if i == maxListed {
			break
		}
		d := loopcheck.Diagnose(e.way, e.Recipient, line, 0)
		if !slices.Contains(seen, d.Cause) {
			seen = append(seen, d.Cause)
			list = append(list, d)
		}
	}
	return list
}

// causeValues are what the texts of causes have placeholders for.
func causeValues(d loopcheck.Diagnosis, recipient, myself string, lang language) *strings.Replacer {
	last := ""
	for _, name := range d.Chain {
		if strings.EqualFold(name, recipient) || strings.Contains(last, "@") && !strings.Contains(name, "@") {
			continue // an address says more than a host
		}
		last = name
	}
	return strings.NewReplacer(
		"{fetcher}", d.Fetcher, "{fetchercure}", fetcherCures[d.Fetcher][lang], "{callercure}", callerCures[d.Fetcher][lang],
		"{chain}", strings.Join(d.Chain, " > "), "{last}", last, "{recipient}", recipient,
		"{age}", strings.TrimPrefix(delay(d.Age), "+"), "{match}", lang.counting(d.Match), "{domain}", myself,
	)
}

// show prints the picture, and what it means.
func (p *program) show(e *explanation, lang language, utf8 bool) error {
	pic := &picture{pen: asciiPen, lang: lang}
	if utf8 {
		pic.pen = unicodePen
	}
	if agent.IsTerminal(p.Stdout) && os.Getenv("NO_COLOR") == "" {
		pic.pen = pic.pen.inColour()
	}
	lines := []string{lang.say(textWay), ""}
	if e.Returned {
		lines = append([]string{lang.say(textReturned)}, lines...)
	}
	pic.draw(e)
	lines = append(lines, pic.lines...)
	lines = append(lines, "")
	paragraph := func(s string) { lines = append(lines, wrap(agent.OneLine(s, 4*agent.MaxReport), "  ")...) }
	for _, a := range e.Addresses {
		if a.Loops {
			paragraph(lang.say(textWouldLoop, a.Address, a.Line) + lang.say(textCauseIs, a.Cause))
		} else {
			paragraph(lang.say(textWouldNot, a.Address))
		}
	}
	if e.Recipient == "" && len(e.Addresses) == 0 {
		paragraph(lang.say(textNoStamps))
	}
	for _, d := range e.Causes {
		paragraph(lang.say(textBecause) + d.Why)
		if len(d.Lines) > 0 {
			paragraph(lang.say(textEvidence, join(d.Lines)))
		}
		paragraph(lang.say(textCure) + d.Cure)
	}
	_, err := io.WriteString(p.Stdout, strings.Join(lines, "\n")+"\n")
	return err
}

func join(numbers []int) string {
	var b strings.Builder
	for i, n := range numbers {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}
