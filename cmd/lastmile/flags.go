package main

import (
	"time"

	"github.com/urfave/cli/v2"
)

// flags makes cli/v2's flags of a table.
func flags(options []option) []cli.Flag {
	made := make([]cli.Flag, len(options))
	for i, o := range options {
		var short []string
		if o.short != "" {
			short = []string{o.short}
		}
		switch o.kind {
		case wantsText:
			made[i] = &cli.StringFlag{Name: o.name, Aliases: short, Value: o.text, Usage: o.usage}
		case wantsNothing:
			made[i] = &cli.BoolFlag{Name: o.name, Aliases: short, Usage: o.usage}
		case wantsNumber:
			made[i] = &cli.IntFlag{Name: o.name, Aliases: short, Value: int(o.n), Usage: o.usage}
		case wantsTime:
			made[i] = &cli.DurationFlag{Name: o.name, Aliases: short, Value: time.Duration(o.n), Usage: o.usage}
		}
	}
	return made
}

// argumentsOf returns what cli/v2 has read.
func argumentsOf(c *cli.Context, options []option) *arguments {
	a := noArguments(c.Command.Name, options)
	for i, o := range options {
		v := &a.values[i]
		v.long = c.IsSet(o.name)
		switch o.kind {
		case wantsText:
			v.text = c.String(o.name)
		case wantsNothing:
			if c.Bool(o.name) {
				v.n = 1
			}
		case wantsNumber:
			v.n = int64(c.Int(o.name))
		case wantsTime:
			v.n = int64(c.Duration(o.name))
		}
	}
	a.operands = c.Args().Slice()
	return a
}
