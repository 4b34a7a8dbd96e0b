package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/cmd/lastmile/internal/doctor"
	"lastmile/delivery"
	"lastmile/delivery/dsn"
)

// foundTrouble is the exit status of doctor with findings.
const foundTrouble = agent.ExitStatus(1)

// toolPatience is how long postconf and getent may take: they read a few
// files, but a directory service may not answer.
const toolPatience = 10 * time.Second

// packaged is where a package puts the program; the recipes have README's place.
const packaged = "/usr/bin/lastmile"

// doctorCommand is lastmile doctor.
func (p *program) doctorCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "config-dir", Usage: "look at the Postfix instance with its configuration in `DIR`"},
		&cli.StringFlag{Name: "main-cf", Usage: "read `FILE`, the output of postconf -n or a main.cf, instead of asking Postfix"},
		&cli.StringFlag{Name: "master-cf", Usage: "read `FILE`, the output of postconf -M or a master.cf, instead of asking Postfix"},
		&cli.StringFlag{Name: "root", Usage: "look for users, programs and Maildirs below `DIR`; with --main-cf they are not looked for otherwise"},
		&cli.StringSliceFlag{Name: "aliases", Usage: "look at the alias `FILE`, too"},
		&cli.StringSliceFlag{Name: "user", Usage: "look at the .forward and the Maildir of `NAME`, too"},
		&cli.StringFlag{Name: "recipe", Usage: "print the set-up for `CALLER`: " + strings.Join(doctor.Recipes(), ", ")},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "say what was looked at"},
		&cli.BoolFlag{Name: "json", Usage: "print the findings as a JSON object"},
	}
	return p.command("doctor", "say what will go wrong in the Postfix set-up around lastmile", "", p.doctor, flags...)
}

// doctor prints what it finds. It exits 0 if that is nothing.
func (p *program) doctor(c *cli.Context) error {
	if err := p.NotUnderPostfix("lastmile doctor"); err != nil {
		return err
	}
	if c.NArg() > 0 {
		return dsn.Config(fmt.Sprintf("%q is no option of doctor", c.Args().First()) + agent.SeeHelp(commandOf(c)))
	}
	if c.IsSet("recipe") {
		return p.recipe(c)
	}
	setup, err := p.setup(c)
	if err != nil {
		return err
	}
	report, err := doctor.Examine(setup)
	if err != nil {
		return &dsn.Error{Status: dsn.TempSystem, Text: "cannot read the set-up of Postfix", Err: err}
	}
	if !c.IsSet("main-cf") {
		kernel(report, delivery.CanConfine())
	}
	show := writeFindings
	if c.Bool("json") {
		show = writeFindingsJSON
	}
	if err := show(p.Stdout, report, c.Bool("verbose")); err != nil {
		return &dsn.Error{Status: dsn.TempSystem, Text: "cannot write the findings", Err: err}
	}
	if len(report.Findings) > 0 {
		return foundTrouble
	}
	return nil
}

// kernel says what this machine's kernel cannot do for a delivery.
func kernel(r *doctor.Report, canConfine bool) {
	r.Looked = append(r.Looked, "the kernel's Landlock")
	if !canConfine {
		r.Notes = append(r.Notes, "this kernel has no Landlock (Linux 5.19 or later has, if it is not turned off), so no delivery is confined to its mailbox")
	}
}

// recipe prints a set-up that works.
func (p *program) recipe(c *cli.Context) error {
	text, ok := doctor.Recipe(c.String("recipe"))
	if !ok {
		return dsn.Config(fmt.Sprintf("--recipe is %q, not one of %s", c.String("recipe"), strings.Join(doctor.Recipes(), ", ")))
	}
	if path, err := os.Executable(); err == nil && path == packaged {
		text = strings.ReplaceAll(text, "/usr/local/bin/lastmile", packaged)
	}
	if _, err := io.WriteString(p.Stdout, text); err != nil {
		return &dsn.Error{Status: dsn.TempSystem, Text: "cannot write the recipe", Err: err}
	}
	return nil
}

// setup reads what is to be looked at: from Postfix, or from files.
func (p *program) setup(c *cli.Context) (doctor.Setup, error) {
	s := doctor.Setup{Aliases: c.StringSlice("aliases"), Users: c.StringSlice("user"), Option: p.deliverOption()}
	if c.IsSet("main-cf") != c.IsSet("master-cf") {
		return s, dsn.Config("--main-cf and --master-cf go together" + agent.SeeHelp(commandOf(c)))
	}
	if c.IsSet("main-cf") && c.IsSet("config-dir") {
		return s, dsn.Config("--main-cf and --config-dir exclude each other" + agent.SeeHelp(commandOf(c)))
	}
	root := c.String("root")
	switch {
	case root != "":
		if info, err := os.Stat(root); err != nil || !info.IsDir() {
			return s, dsn.Config(fmt.Sprintf("--root %q is no directory", root))
		}
		s.Files = os.DirFS(root)
	case !c.IsSet("main-cf"):
		s.Files, s.Account = os.DirFS("/"), getent
	}
	var err error
	if c.IsSet("main-cf") {
		if s.Main, err = readText(c.String("main-cf")); err == nil {
			s.Master, err = readText(c.String("master-cf"))
		}
	} else {
		dir := c.String("config-dir")
		if s.Main, err = postconf(dir, "-n"); err == nil {
			s.Master, err = postconf(dir, "-M")
		}
		s.Version, _ = postconf(dir, "-h", "mail_version")
	}
	if err != nil {
		return s, &dsn.Error{Status: dsn.TempSystem, Text: "cannot read the set-up of Postfix", Err: err}
	}
	return s, nil
}

// deliverOption tells which options deliver has, so that doctor never knows
// others.
func (p *program) deliverOption() func(string) (takesValue, known bool) {
	takesValue := make(map[string]bool)
	for _, flag := range p.deliverCommand().Flags {
		_, isBool := flag.(*cli.BoolFlag)
		for _, name := range flag.Names() {
			takesValue[name] = !isBool
		}
	}
	return func(name string) (bool, bool) {
		takes, known := takesValue[name]
		return takes, known
	}
}

func readText(path string) (string, error) {
	text, err := os.ReadFile(path)
	return string(text), err
}

// postconf asks Postfix.
func postconf(dir string, args ...string) (string, error) {
	if dir != "" {
		args = append([]string{"-c", dir}, args...)
	}
	return tool("postconf", args...)
}

// getent asks for a user who is not in /etc/passwd.
func getent(name string) string {
	line, _ := tool("getent", "passwd", "--", name)
	return line
}

// tool runs a program that answers at once, also one that only root's PATH has.
func tool(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), toolPatience)
	defer cancel()
	path, err := exec.LookPath(name)
	if err != nil {
		path = "/usr/sbin/" + name
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = time.Second
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if text := strings.TrimSpace(complaint.String()); err != nil && text != "" {
		err = errors.New(text)
	}
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return string(out), nil
}

// writeFindings writes for a person.
func writeFindings(w io.Writer, r *doctor.Report, verbose bool) error {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s: %s (%s)\n", f.Severity, shown(f.Where), f.ID)
		fmt.Fprintf(&b, "  %s\n", shown(f.Problem))
		for line := range strings.Lines(f.Line) {
			fmt.Fprintf(&b, "  - %s\n", shown(strings.TrimRight(line, "\n")))
		}
		for line := range strings.Lines(f.Replace) {
			fmt.Fprintf(&b, "  + %s\n", shown(strings.TrimRight(line, "\n")))
		}
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", shown(note))
	}
	if verbose {
		for _, what := range r.Looked {
			fmt.Fprintf(&b, "looked at %s\n", shown(what))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// shown is a text of one line without control characters: configuration files
// of users are not ours.
func shown(text string) string { return agent.OneLine(text, maxShown) }

// maxShown leaves room for every line that an admin writes.
const maxShown = 4096

func writeFindingsJSON(w io.Writer, r *doctor.Report, _ bool) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(r)
}
