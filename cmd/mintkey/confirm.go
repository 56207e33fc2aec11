package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
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
	_, is := terminalOf(a.stdin)
	return is && !a.yes
}

// confirm asks whether to go on, after words that say what will happen. With a name, that has to be typed.
func (a *asker) confirm(ctx context.Context, words, name string) error {
	if !a.asks() {
		return nil
	}
	if name == "" {
		a.sayf("%s\nGo on? [y/N] ", strings.TrimRight(words, "\n"))
	} else {
		a.sayf("%s\nType %s to go on: ", strings.TrimRight(words, "\n"), name)
	}
	answer, err := a.line(ctx)
	if err != nil {
		return err
	}
	if name != "" && answer == name || name == "" && (strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes")) {
		return nil
	}
	return errNotConfirmed
}

// line reads a line of the terminal. Nothing ends that read when the context does, so it is left behind then.
func (a *asker) line(ctx context.Context) (string, error) {
	type answer struct {
		text string
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		text, err := bufio.NewReader(a.stdin).ReadString('\n')
		typed <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		a.sayf("\n")
		return "", errNotConfirmed
	case got := <-typed:
		if got.err != nil && !errors.Is(got.err, io.EOF) {
			return "", fmt.Errorf("read the answer: %w", got.err)
		}
		return strings.TrimSpace(got.text), nil
	}
}
