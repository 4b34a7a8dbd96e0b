package agent

import (
	"os"
	"strings"

	"lastmile/delivery"
)

// ProcmailEnvelope finds out for whom the message is, and from whom, for the loop
// check and for the messages that "!" forwards. procmail's command line need not
// say; then nothing is compared and nothing is stamped. The recipient is, in this
// order:
//
//   - RECIPIENT=… among the arguments, as master.cf gives it;
//   - RECIPIENT in the environment, if Postfix has started us: local(8) sets it;
//   - the operand of -d, if it is an address;
//   - USER=… if it is an address, or USER=… with DOMAIN=…, and EXTENSION=….
//
// What cannot be an address is none: such a variable may hold anything.
//
// The sender is SENDER=…, SENDER in Postfix's environment, or that of -f.
func (p *Process) ProcmailEnvelope(a *ProcmailArgs) *delivery.Envelope {
	env := &delivery.Envelope{}
	if recipient := p.procmailRecipient(a); recipient != "" {
		if e, err := delivery.NewEnvelope(recipient); err == nil {
			env = e
		}
	}
	if sender, ok := p.fromCaller(a, "SENDER"); ok {
		env.SetSender(sender)
	} else if a.hasFrom && a.from != "-" {
		env.SetSender(a.from)
	}
	return env
}

// fromOutside tells whether the value of an assignment among the arguments comes
// from the message's sender, if Postfix calls us: procmail would run what stands
// between backquotes in an address.
func fromOutside(name, value string) bool {
	switch name {
	case "SENDER", "RECIPIENT", "ORIGINAL_RECIPIENT", "USER", "EXTENSION", "DOMAIN", "LOCAL", "MAILBOX":
		return true
	}
	return strings.Contains(value, "`")
}

// fromCaller returns a variable of the arguments, or of the environment that
// Postfix gives to its commands; others may have set theirs for anything.
func (p *Process) fromCaller(a *ProcmailArgs, name string) (string, bool) {
	if value, ok := p.assigned(a, name); ok {
		return value, true
	}
	if p.UnderPostfix {
		return os.LookupEnv(name)
	}
	return "", false
}

func (p *Process) procmailRecipient(a *ProcmailArgs) string {
	if recipient, ok := p.fromCaller(a, "RECIPIENT"); ok {
		return recipient
	}
	if len(a.Recipients) > 0 {
		if strings.Contains(a.Recipients[0], "@") {
			return a.Recipients[0]
		}
		return ""
	}
	user, _ := p.assigned(a, "USER")
	if user == "" || strings.Contains(user, "@") {
		return user
	}
	domain, _ := p.assigned(a, "DOMAIN")
	if domain == "" {
		return ""
	}
	if extension, _ := p.assigned(a, "EXTENSION"); extension != "" {
		user += "+" + extension
	}
	return user + "@" + domain
}

// assigned returns the value of an assignment among the arguments, unless it is
// one that is still to be expanded.
func (p *Process) assigned(a *ProcmailArgs, name string) (value string, ok bool) {
	value, ok = a.assigned(name)
	return value, ok && (p.UnderPostfix || !strings.ContainsAny(value, "$`\\'\""))
}
