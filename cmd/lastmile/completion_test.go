package main

import (
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lastmile/cmd/lastmile/internal/agent"
)

// The values that shells offer are those that the program takes.
func TestCompletionChoices(t *testing.T) {
	t.Parallel()
	taken := map[string]string{"recipe": strings.Join(choices()["recipe"], ", ")} // of one list
	for _, o := range agent.DeliverOptions() {
		if o.Kind != agent.WantsText {
			continue
		}
		argv := []string{"--" + o.Name, "/dev/null/no such"}
		if o.Name == "ret" {
			argv = append(argv, "--dsn", "sendmail")
		}
		err := inThisProcess(strings.NewReader(""), io.Discard).Deliver(append(argv, "--", "you@example.com"))
		if m := regexp.MustCompile(`is not one of ([a-z]+(?:, [a-z]+)*)`).FindStringSubmatch(fmt.Sprint(err)); m != nil {
			taken[o.Name] = m[1]
		}
	}
	offered := map[string]string{}
	for name, words := range choices() {
		offered[name] = strings.Join(words, ", ")
	}
	delete(offered, "dsn") // takes a file as well, so that no word is refused:
	delete(offered, "log") // TestCompletionAsManual
	if !maps.Equal(offered, taken) {
		t.Errorf("shells offer    %q\nthe program has %q", offered, taken)
	}
}

// The values that shells offer are those that the manual explains.
func TestCompletionAsManual(t *testing.T) {
	t.Parallel()
	explained := map[string][]string{}
	for _, command := range []string{"deliver", "doctor"} {
		items := strings.Split(subsection(t, command), "\n.It Fl ")
		for _, item := range items[1:] {
			option, _, _ := strings.Cut(strings.TrimPrefix(item, "Fl "), " ")
			item = strings.ReplaceAll(item, ".Nm\n.Cm ", "") // a command
			for _, m := range regexp.MustCompile(`(?m)^\.(?:It )?Cm (.*)$`).FindAllStringSubmatch(item, -1) {
				explained[option] = append(explained[option], strings.FieldsFunc(m[1], func(r rune) bool { return strings.ContainsRune(" ,.", r) })...)
			}
		}
	}
	for option, words := range choices() {
		if got, want := sorted(words), sorted(explained[option]); !slices.Equal(got, want) {
			t.Errorf("--%s: shells offer %q, the manual has %q", option, got, want)
		}
		delete(explained, option)
	}
	if len(explained) > 0 {
		t.Errorf("shells do not offer %v", explained)
	}
}

// completions asks a shell what it would offer for a line, of which the cursor is
// at the end.
var completions = map[string]func(t *testing.T, dir, line string) string{
	"bash": func(t *testing.T, dir, line string) string {
		cmd := exec.Command("bash", "--norc", "--noprofile", "-i")
		cmd.Dir, cmd.Env = dir, shellEnv(dir)
		term := start(t, cmd)
		// Not before the prompt: until then a key is the terminal's. Meta-? lists,
		// Control-U clears.
		term.input("for o in 'bell-style none' 'page-completions off' 'completion-query-items 0' 'enable-bracketed-paste off'; do bind \"set $o\"; done; . ./script; PS1=zz''begin\n")
		term.await("zzbegin")
		term.input(line + "\x1b?\x15echo zz''end\n")
		out := term.await("zzend\r\n")
		return strings.ReplaceAll(strings.ReplaceAll(out, line, ""), "echo zz''end", "")
	},
	"zsh": func(t *testing.T, dir, line string) string {
		// zsh completes in a terminal only: Control-X lists, Control-Y clears.
		script := `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; setopt no_beep; autoload -U compinit; compinit -D -u; zstyle ':completion:*' menu no; zstyle ':completion:*' format %d; LISTMAX=1000; stty columns 60 -echo
. ./script; bindkey '^X' list-choices; bindkey '^Y' kill-whole-line; print zz''begin"
while zpty -r z out; do [[ $out == *zzbegin* ]] && break; done
zpty -n -w z ` + single(line) + `$'\t\C-X\C-Y'"print zz''end"$'\n'
while zpty -r z out; do print -r -- "$out"; [[ $out == *zzend* ]] && break; done
zpty -d z`
		out := shell(t, dir, "zsh", "-f", "-c", script)
		return strings.Join(regexp.MustCompile(`[-a-z]+`).FindAllString(out, -1), "\n")
	},
	"fish": func(t *testing.T, dir, line string) string {
		out := shell(t, dir, "fish", "--no-config", "-c", "source script; complete -C "+single(line))
		return regexp.MustCompile(`(?m)^--[-a-z]+=|\t.*$`).ReplaceAllString(out, "")
	},
}

func shell(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = shellEnv(dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v, %s", name, err, out)
	}
	return string(out)
}

func shellEnv(dir string) []string {
	return []string{"HOME=" + dir, "PATH=/usr/bin:/bin", "TERM=dumb", "LC_ALL=C.UTF-8"}
}

// Each shell understands its script, and offers what there is.
func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, name := range shells {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			installed(t, name)
			dir := t.TempDir()
			var script strings.Builder
			p := inThisProcess(nil, &script)
			if err := p.main([]string{"lastmile", "completion", name}); err != nil {
				t.Fatal(err)
			}
			writeText(t, filepath.Join(dir, "script"), script.String())
			writeText(t, filepath.Join(dir, "a-file"), "")
			for _, c := range []struct {
				line       string
				want, lack string
			}{
				{"lastmile deliver --confine=", "shared always never", "--maildir"},
				{"lastmile deliver --on-loop=de", "defer deliver", "bounce"},
				{"lastmile deliver --log ", "syslog stderr none a-file", "text"},
				{"lastmile deliver --dsn=s", "sendmail", "a-file"},
				{"lastmile procmail --", "--lint --explain --json --run-programs", "--maildir"},
				{"lastmile procmail --lint a", "a-file", "--json"},
				{"lastmile doctor --aliases a-file --a", "--aliases", "--json"},
				{"lastmile help --", "", "--maildir"},
				{"lastmile de", "deliver", "doctor"},
				{"lastmile deliver --", "--maildir --on-loop --trust", "--json --config-dir"},
				{"lastmile doctor --", "--main-cf --json", "--maildir"},
				{"lastmile deliver --on-loop ", "bounce defer quarantine", "--maildir"},
				{"lastmile check --trust o", "own", "any"},
				{"lastmile doctor --recipe f", "fetchmail fdm forward", "getmail"},
				{"lastmile deliver --rcfile a", "a-file", ""},
				{"lastmile help ch", "check", ""},
				{"lastmile completion z", "zsh", ""},
			} {
				offers(t, name, dir, c.line, c.want, c.lack)
			}
			if name == "zsh" { // which says what is meant
				offers(t, name, dir, "lastmile check ", "recipient", "")
				offers(t, name, dir, "lastmile version ", "", "recipient")
			}
			for _, command := range p.completedCommands() {
				for _, o := range command.options {
					if len(o.words) > 0 {
						offers(t, name, dir, "lastmile "+command.name+" "+o.names[0]+" ", strings.Join(o.words, " "), "--maildir")
					}
				}
			}
		})
	}
}

// offers asks a shell what it has for a line.
func offers(t *testing.T, shell, dir, line, want, lack string) {
	t.Helper()
	got := strings.Fields(completions[shell](t, dir, line))
	for _, want := range strings.Fields(want) {
		if !slices.Contains(got, want) {
			t.Errorf("%s|: got %q, want %s", line, got, want)
		}
	}
	for _, lack := range strings.Fields(lack) {
		if slices.Contains(got, lack) {
			t.Errorf("%s|: got %q, with %s", line, got, lack)
		}
	}
}

// What has no completion says so; nothing of it is for Postfix.
func TestCompletionRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"tcsh"}, {"bash", "zsh"}} {
		p := inThisProcess(nil, io.Discard)
		if err := p.main(append([]string{"lastmile", "completion"}, args...)); err == nil || !strings.Contains(err.Error(), "bash, zsh, fish") {
			t.Errorf("%q: %v", args, err)
		}
	}
	p := inThisProcess(nil, io.Discard)
	p.UnderPostfix = true
	for _, args := range [][]string{{"completion", "bash"}, {"version", "--json"}} {
		if err := p.main(append([]string{"lastmile"}, args...)); err == nil || !strings.Contains(err.Error(), "delivers nothing") {
			t.Errorf("%q: %v", args, err)
		}
	}
}
