package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/lab"
)

// pipeFlags are the set-ups of pipe(8) that admins have: Postfix writes none, one
// or all of the fields that we write, and has checked for a loop or not.
var pipeFlags = []string{"Rhu", "DRhu", "DORXFhu"}

// pipePostfix has one transport for each of pipeFlags, with the domain
// FLAGS.test, and one Maildir for each recipient.
func pipePostfix(t *testing.T) *lab.Postfix {
	t.Helper()
	var c lab.PostfixConfig
	c.Users = []string{"alice"}
	c.MainCF = "allow_min_user = yes\n" // recipients that begin with a "-"
	for _, flags := range pipeFlags {
		name := strings.ToLower(flags)
		c.MainCF += name + "_destination_recipient_limit = 1\n"
		c.MasterCF += name + " unix - n n - - pipe flags=" + flags + " user=alice null_sender=" +
			" argv=@LASTMILE@ deliver -f ${sender} --original-recipient ${original_recipient}" +
			" --maildir @ROOT@/home/alice/{recipient} -- ${recipient}\n"
		c.Transport += name + ".test " + name + ":\n"
	}
	return lab.StartPostfix(t, c)
}

// pipeCase is one recipient at each transport. AT stands for the domain with its "@".
type pipeCase struct {
	name     string
	to       string // as the sender writes it, and as a field has it
	argument string // as pipe(8) hands it over with flags hu
	null     bool   // null sender
}

var pipeCases = []pipeCase{
	{name: "plain", to: "bobAT", argument: "bobAT"},
	{name: "mixed case", to: "BobbyAT", argument: "bobbyAT"},
	{name: "extension", to: "bob+listAT", argument: "bob+listAT"},
	{name: "null sender", to: "carolAT", argument: "carolAT", null: true},
	{name: "quoted with blank", to: `"al ice"AT`, argument: "al iceAT"},
	{name: "quoted with quote", to: `"a\"b"AT`, argument: `a"bAT`},
	{name: "8-bit", to: "jürgenAT", argument: "jürgenAT"},
	{name: "like an option", to: "--helpAT", argument: "--helpAT"},
	{name: "like a command", to: "helpAT", argument: "helpAT"},
}

// pipeDelivery is a case at one transport.
type pipeDelivery struct {
	name, flags, sender, to, argument string
	box                               string // its Maildir
	sent                              []byte
}

func (c pipeCase) at(p *lab.Postfix, flags string, number int) pipeDelivery {
	domain := "@" + strings.ToLower(flags) + ".test"
	d := pipeDelivery{
		name: flags + "/" + c.name, flags: flags,
		to: strings.TrimSuffix(c.to, "AT") + domain, argument: strings.TrimSuffix(c.argument, "AT") + domain,
		sent: e2eMessage(flags + " " + c.name),
	}
	if !c.null {
		d.sender = fmt.Sprintf("%s%d@sink.test", strings.ToLower(flags), number)
	}
	d.box = filepath.Join(p.Home("alice"), d.argument)
	return d
}

// Behind pipe(8) a first delivery is delivered, whatever Postfix itself has put
// above the message, and a second pass of what was stored is refused.
func TestE2EPipe(t *testing.T) {
	t.Parallel()
	lab.Need(t, "postfix")
	p := pipePostfix(t)
	var all []pipeDelivery
	for number, c := range pipeCases {
		for _, flags := range pipeFlags {
			all = append(all, c.at(p, flags, number))
		}
	}
	for _, d := range all {
		p.Inject(t, d.sender, d.to, d.sent)
	}
	p.Drain(t)
	for _, d := range all {
		t.Run("first/"+d.name, func(t *testing.T) { pipeFirstPass(t, p, d) })
	}
	bounces := 0
	for _, d := range all {
		p.Inject(t, d.sender, d.to, e2eStored(t, d.box))
		if d.sender != "" {
			bounces++
		}
	}
	p.Drain(t)
	for _, d := range all {
		t.Run("second/"+d.name, func(t *testing.T) { pipeSecondPass(t, p, d) })
	}
	// None for the null sender, not even to a postmaster.
	if got := len(lab.ReadMaildir(t, filepath.Join(p.Root(), "sink"))); got != bounces {
		t.Errorf("%d bounces, want %d", got, bounces)
	}
}

func pipeSent(flags string) string {
	return "dsn=2.0.0, status=sent (delivered via " + strings.ToLower(flags) + " service)"
}

func pipeFirstPass(t *testing.T, p *lab.Postfix, d pipeDelivery) {
	e2eOutcomes(t, p, d.to, pipeSent(d.flags))
	msg := e2eStored(t, d.box)
	// Flags h and u change the arguments only: a field that Postfix writes has
	// the case of the sender.
	original, delivered := strings.ToLower(d.to), strings.ToLower(d.to)
	if strings.Contains(d.flags, "O") {
		original = d.to
	}
	if strings.Contains(d.flags, "D") {
		delivered = d.to
	}
	e2eWantTop(t, msg, "Return-Path: <"+d.sender+">", "X-Original-To: "+original, "Delivered-To: "+delivered)
	e2eBelow(t, msg, d.sent)
}

func pipeSecondPass(t *testing.T, p *lab.Postfix, d pipeDelivery) {
	named := d.argument
	// Where Postfix checks, it names the recipient as the sender wrote it.
	if strings.Contains(d.flags, "D") && strings.EqualFold(d.argument, d.to) {
		named = d.to
	}
	e2eOutcomes(t, p, d.to, pipeSent(d.flags), e2eRefusal(named))
	e2eMaildir(t, d.box, 1)
	if d.sender == "" {
		return
	}
	if got := len(p.Sink(t, d.sender)); got != 1 {
		t.Errorf("%s got %d bounces, want 1", d.sender, got)
	}
}
