package main

import (
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/delivery/dsn"
)

// build says of what a binary is made. All of it is what the Go toolchain has put
// into the binary: the modules are its bill of materials, which go version -m
// prints as well.
type build struct {
	Schema   int               `json:"schema"` // 1, until a member changes its meaning
	Version  string            `json:"version"`
	Commit   string            `json:"commit,omitempty"`
	Time     string            `json:"time,omitempty"`     // of the commit
	Modified *bool             `json:"modified,omitempty"` // built from more than the commit; nil, nobody knows
	Go       string            `json:"go"`
	Settings map[string]string `json:"settings"`
	Modules  []module          `json:"modules"`
}

// module is a module that is linked in.
type module struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum,omitempty"`
}

// newBuild sorts what the toolchain tells.
func newBuild(info *debug.BuildInfo) build {
	b := build{Schema: 1, Version: info.Main.Version, Go: info.GoVersion, Settings: map[string]string{}, Modules: []module{}}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			modified := s.Value == "true"
			b.Modified = &modified
		default:
			b.Settings[s.Key] = s.Value
		}
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		b.Modules = append(b.Modules, module{m.Path, m.Version, m.Sum})
	}
	return b
}

// versionCommand is lastmile version.
func (p *program) versionCommand() *cli.Command {
	return p.command("version", "show the version, and with --json what the binary is made of", "", p.version,
		&cli.BoolFlag{Name: "json", Usage: "print version, commit, Go version and modules as a JSON object"})
}

// version prints the version that the Go toolchain has put into the binary.
func (p *program) version(c *cli.Context) error {
	if err := p.NotUnderPostfix("lastmile version"); err != nil {
		return err
	}
	if c.NArg() > 0 {
		return dsn.Config(fmt.Sprintf("%q is no option of version", c.Args().First()) + agent.SeeHelp(commandOf(c)))
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{Main: debug.Module{Version: "(unknown)"}}
	}
	b := newBuild(info)
	if c.Bool("json") {
		e := json.NewEncoder(p.Stdout)
		e.SetEscapeHTML(false)
		return e.Encode(b)
	}
	_, err := fmt.Fprintf(p.Stdout, "lastmile %s %s\n", b.Version, b.Go)
	return err
}
