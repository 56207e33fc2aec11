package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// errNotConfirmed ends a command whose question was not answered with yes.
var errNotConfirmed = errors.New("not confirmed: nothing was changed")

// manyThings is how many a person stops with a y; for more, a name has to be typed.
const manyThings = 5

// asker asks before something that nothing undoes. It asks people only: where standard input is not a terminal, a script runs, and goes on
// as it was written.
type asker struct {
	*program

	yes bool
}

// addYesFlag makes a command one that asks.
func (p *program) addYesFlag(c *cobra.Command) *asker {
	a := &asker{program: p}
	c.Flags().BoolVarP(&a.yes, "yes", "y", false, "ask nothing; without a terminal nothing is asked in any case")
	return a
}

// asks says whether anybody will be asked, so that a script doesn't pay for finding out what to ask.
func (a *asker) asks() bool {
	_, is := a.terminal()
	return is && !a.yes
}

// confirm asks whether to go on, after words that say what will happen. With a name, that has to be typed.
func (a *asker) confirm(ctx context.Context, words, name string) error {
	if !a.asks() {
		return nil
	}
	a.sayf("%s\n", strings.TrimRight(words, "\n"))
	question := "Go on? [y/N]"
	if name != "" {
		question = "Type " + name + " to go on"
	}
	answer, err := a.askLine(ctx, question, "")
	switch {
	case ctx.Err() != nil || errors.Is(err, io.EOF): // Ctrl-C and Ctrl-D
		a.sayf("\n")
		return errNotConfirmed
	case err != nil:
		return err
	case name != "" && answer == name, name == "" && (strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes")):
		return nil
	default:
		return errNotConfirmed
	}
}
