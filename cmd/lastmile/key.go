package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"lastmile/cmd/lastmile/internal/agent"
	"lastmile/delivery/dsn"
	"lastmile/delivery/stamp"
)

// keyCommand is lastmile key.
func (p *program) keyCommand() *cli.Command {
	return p.command("key", "make a key file for --trust own", "FILE", p.key)
}

// key makes a file with a new key, for its owner alone. It never touches a file
// that exists: the stamps made with its key would be lost.
func (p *program) key(c *cli.Context) error {
	if err := p.NotUnderPostfix("lastmile key"); err != nil {
		return err
	}
	if c.NArg() != 1 || c.Args().First() == "" {
		return dsn.Config("one file wanted" + agent.SeeHelp(commandOf(c)))
	}
	path := c.Args().First()
	if err := writeNew(path, stamp.New()); err != nil {
		return &dsn.Error{Status: dsn.TempSystem, Text: "cannot make the key file", Err: err}
	}
	_, err := fmt.Fprintf(p.Stdout, "%s: made; give it to the user who delivers (chown), and the same file to every host of the cluster\n", path)
	return err
}

// writeNew writes a file that does not exist yet, durably.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.WriteString(f, text); err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		os.Remove(path)
	}
	return err
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
