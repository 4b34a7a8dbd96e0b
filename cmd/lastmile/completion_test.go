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
	if !maps.Equal(offered, taken) {
		t.Errorf("shells offer    %q\nthe program has %q", offered, taken)
	}
}

// completions asks a shell what it would offer for a line, of which the cursor is
// at the end.
var completions = map[string]func(t *testing.T, dir, line string) string{
	"bash": func(t *testing.T, dir, line string) string {
		words := strings.Split(line, " ")
		for i, word := range words {
			words[i] = single(word)
		}
		last := len(words) - 1
		// compopt wants a completion under way.
		script := fmt.Sprintf("compopt() { :; }; . ./script; COMP_WORDS=(%s); COMP_CWORD=%d; _lastmile lastmile %s %s; printf '%%s\\n' \"${COMPREPLY[@]}\"",
			strings.Join(words, " "), last, words[last], words[last-1])
		return shell(t, dir, "bash", "--norc", "-c", script)
	},
	"zsh": func(t *testing.T, dir, line string) string {
		// zsh completes in a terminal only: Control-X lists, Control-Y clears.
		script := `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; setopt no_beep; autoload -U compinit; compinit -D -u; zstyle ':completion:*' menu no; LISTMAX=1000; stty columns 60 -echo
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
		return regexp.MustCompile(`(?m)\t.*$`).ReplaceAllString(out, "")
	},
}

func shell(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + dir, "PATH=/usr/bin:/bin", "TERM=dumb", "LC_ALL=C.UTF-8"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v, %s", name, err, out)
	}
	return string(out)
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
				got := strings.Fields(completions[name](t, dir, c.line))
				for _, want := range strings.Fields(c.want) {
					if !slices.Contains(got, want) {
						t.Errorf("%s|: got %q, want %s", c.line, got, want)
					}
				}
				for _, lack := range strings.Fields(c.lack) {
					if slices.Contains(got, lack) {
						t.Errorf("%s|: got %q, with %s", c.line, got, lack)
					}
				}
			}
		})
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
