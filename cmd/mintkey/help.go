package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// strictly makes the commands that cobra adds refuse what they don't know: its own print help and report success.
func strictly(root *cobra.Command) {
	root.SetHelpCommand(&cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command, and about exit-codes",
		RunE: func(c *cobra.Command, args []string) error {
			found, rest, err := c.Root().Find(args)
			if found == nil || err != nil {
				return &usageError{err}
			}
			if len(rest) > 0 && (found.HasSubCommands() || found == c.Root()) {
				return runGroup(found, rest)
			}
			found.InitDefaultHelpFlag() // the help lists it
			return found.Help()
		},
	})
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		c.Args, c.RunE = cobra.ArbitraryArgs, runGroup
		for _, shell := range c.Commands() {
			shell.Args = arguments(cobra.NoArgs)
		}
	}
}

// manCommand writes what packages install. It is hidden, since people read --help.
func (p *program) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man FOLDER",
		Short:  "Write a manual page for each command into a folder",
		Hidden: true,
		Args:   arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil { //nolint:gosec // manual pages are for everybody
				return fmt.Errorf("write the manual pages: %w", err)
			}
			pages := 0
			err := manPages(c.Root(), func(name, page string) error {
				pages++
				return os.WriteFile(filepath.Join(args[0], name), []byte(page), 0o644) //nolint:gosec // manual pages are for everybody
			})
			if err != nil {
				return fmt.Errorf("write the manual pages: %w", err)
			}
			p.sayf("%d pages in %s\n", pages, args[0])
			return nil
		},
	}
}
