package main

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

const (
	tokenVariable = "MINTKEY_TOKEN"
	// The exit codes of env(1) and of shells for a command that could not be run.
	exitCannotRun = 126
	exitNoCommand = 127
)

func (p *program) execCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "exec [--env NAME] -- COMMAND [ARGUMENT…]",
		Short: "Run a command with a token in its environment",
		Long: "Fetch a token, and run a command with it in the variable MINTKEY_TOKEN, or the one that --env names. The command takes the\n" +
			"place of this one: it gets all signals, and its exit code is the exit code. Variables that begin with MINTKEY_ are not passed\n" +
			"on, so that it does not get the access key; MINTKEY_URL is. A profile that was saved by mintkey login stays where it is.\n\n" +
			"A command that may run for longer than a token lives reads it from a file: see mintkey token --watch.\n\n" +
			"The exit code is 127 if there is no such command, and 126 if it can't be run.",
		Example: "  mintkey exec -- sh -c \\\n    'curl -H \"Authorization: Bearer $MINTKEY_TOKEN\" https://api.example.com/'",
		Args: arguments(func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("give the command to run, after --")
			}
			return nil
		}),
	}
	c.Flags().SetInterspersed(false) // what follows the name of the command is its own
	flags := addAccessFlags(c)
	wanted := addTokenFlags(c)
	variable := c.Flags().String("env", tokenVariable, "variable to put the token into")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *variable == "" || strings.ContainsAny(*variable, "=\x00") {
			return usagef("--env %q is not the name of a variable", *variable)
		}
		file, err := exec.LookPath(args[0])
		if err != nil {
			return &codedError{whyNotRun(err), fmt.Errorf("run the command: %w", err)}
		}
		a, err := p.resolve(c.Context(), flags)
		if err != nil {
			return err
		}
		answer, err := p.fetchToken(c.Context(), a, wanted.request())
		if err != nil {
			return err
		}
		err = syscall.Exec(file, args, p.environWith(*variable, answer.AccessToken)) //nolint:gosec // running it is what this is for
		return &codedError{exitCannotRun, fmt.Errorf("run %s: %w", file, err)}
	}
	return c
}

func whyNotRun(err error) int {
	if errors.Is(err, exec.ErrNotFound) {
		return exitNoCommand
	}
	return exitCannotRun
}

// environWith is the environment for another program: without the access key, and with the token.
func (p *program) environWith(variable, token string) []string {
	passed := slices.DeleteFunc(slices.Clone(p.environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return name == variable || strings.HasPrefix(name, "MINTKEY_") && name != "MINTKEY_URL"
	})
	return append(passed, variable+"="+token)
}
