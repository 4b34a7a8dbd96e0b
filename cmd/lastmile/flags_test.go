package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"lastmile/cmd/lastmile/internal/agent"
)

// byLibrary reads the arguments of deliver with cli/v2, as [agent.Parse] does without.
func byLibrary(argv []string) (a *agent.Arguments, err error) {
	p := inThisProcess(nil, io.Discard)
	c := p.command("deliver", "", "", func(c *cli.Context) error {
		a = argumentsOf(c, agent.DeliverOptions())
		return nil
	}, flags(agent.DeliverOptions())...)
	c.OnUsageError = func(_ *cli.Context, err error, _ bool) error { return err }
	app := p.app()
	app.Commands = []*cli.Command{c}
	err = app.Run(append([]string{"lastmile", "deliver"}, argv...))
	return a, err
}

// agree reports whether both readers took or refused the arguments alike, and
// how.
func agree(argv []string) (string, bool) {
	ours, ourErr := agent.Parse("deliver", agent.DeliverOptions(), argv)
	theirs, theirErr := byLibrary(argv)
	if ourErr != nil || theirErr != nil {
		text := fmt.Sprintf("we say %v, cli/v2 says %v", ourErr, theirErr)
		return text, fmt.Sprint(ourErr) == fmt.Sprint(theirErr)
	}
	for i := range ours.Values { // cli/v2 does not tell which form was given
		v := &ours.Values[i]
		v.Long, v.Short = v.Long || v.Short, false
	}
	if len(ours.Operands) == 0 && len(theirs.Operands) == 0 {
		ours.Operands, theirs.Operands = nil, nil
	}
	return fmt.Sprintf("we read    %+v %q\ncli/v2 has %+v %q", ours.Values, ours.Operands, theirs.Values, theirs.Operands), reflect.DeepEqual(ours, theirs)
}

// The arguments of deliver are read as cli/v2 reads them, with the same defaults
// and the same words for a mistake.
func TestArgumentsAsLibrary(t *testing.T) {
	t.Parallel()
	lists := []string{
		"", "a@b", "-- a@b", "-f s@x -- a@b", "-f=s@x a@b", "--f s@x a@b", "-sender s@x a@b", "--sender= a@b", "--sender", "-f", "- a@b", "-- -f x", "--- a@b",
		"-f a --sender b c", "--sender a -f b c", "-f a -f b c", "-v a@b", "-v=false a@b", "-v=0 --verbose x", "--verbose=maybe a@b", "--verbose=", "--dry-run true a@b",
		"--timeout 5 a", "--timeout 5s a", "--timeout=1h30m a", "--timeout -5s a", "--timeout", "--max-hops 0x10 a", "--max-hops ten a", "--max-hops 99999999999999999999 a",
		"--max-hops=-1 a", "--nosuch a", "-h", "--help", "-help=x", "--h", "--=x", "-=x", "a@b -v", "-v -- -- x", "--maildir -v a@b", "--stamp-expiry 1y a", "h", "help", "-- h",
		"-f a --nosuch --sender b", "--timeout 9999999999h a", "--max-hops 1_0 a",
	}
	for _, list := range lists {
		if text, ok := agree(strings.Fields(list)); !ok {
			t.Errorf("%q:\n%s", list, text)
		}
	}
	words := []string{"", "-", "--", "---", "a@b", "h", "help", "=", "-=", "--=v", "-h", "--help", "-x", "--nosuch", "5s", "-5s", "7", "0x1F", "1e3", "true", "false", "T", "maybe", "own", "{user}", "a b", "\x00", "é"}
	for _, o := range agent.DeliverOptions() {
		for _, dash := range []string{"-", "--"} {
			for _, name := range []string{o.Name, o.Short} {
				if name != "" {
					words = append(words, dash+name, dash+name+"=", dash+name+"=7", dash+name+"=1m", dash+name+"=true")
				}
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	accepted := 0
	for range 4000 {
		argv := make([]string, random.IntN(7))
		for i := range argv {
			argv[i] = words[random.IntN(len(words))]
		}
		text, ok := agree(argv)
		if !ok {
			t.Fatalf("%q:\n%s", argv, text)
		}
		if strings.HasPrefix(text, "we read") {
			accepted++
		}
	}
	if accepted < 400 || accepted > 3600 {
		t.Errorf("%d of 4000 lists are accepted: that tests one side only", accepted)
	}
}
