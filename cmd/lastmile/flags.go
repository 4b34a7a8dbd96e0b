package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"lastmile/cmd/lastmile/internal/agent"
)

// flags makes cli/v2's flags of a table.
func flags(options []agent.Option) []cli.Flag {
	made := make([]cli.Flag, len(options))
	for i, o := range options {
		var short []string
		if o.Short != "" {
			short = []string{o.Short}
		}
		switch o.Kind {
		case agent.WantsText:
			made[i] = &cli.StringFlag{Name: o.Name, Aliases: short, Value: o.Text, Usage: o.Usage}
		case agent.WantsNothing:
			made[i] = &cli.BoolFlag{Name: o.Name, Aliases: short, Usage: o.Usage}
		case agent.WantsNumber:
			made[i] = &cli.IntFlag{Name: o.Name, Aliases: short, Value: int(o.N), Usage: o.Usage}
		case agent.WantsTime:
			made[i] = &cli.DurationFlag{Name: o.Name, Aliases: short, Value: time.Duration(o.N), Usage: o.Usage}
		}
	}
	return made
}

// argumentsOf returns what cli/v2 has read.
func argumentsOf(c *cli.Context, options []agent.Option) *agent.Arguments {
	a := agent.NoArguments(c.Command.Name, options)
	for i, o := range options {
		v := &a.Values[i]
		v.Long = c.IsSet(o.Name)
		switch o.Kind {
		case agent.WantsText:
			v.Text = c.String(o.Name)
		case agent.WantsNothing:
			if c.Bool(o.Name) {
				v.N = 1
			}
		case agent.WantsNumber:
			v.N = int64(c.Int(o.Name))
		case agent.WantsTime:
			v.N = int64(c.Duration(o.Name))
		}
	}
	a.Operands = c.Args().Slice()
	return a
}
