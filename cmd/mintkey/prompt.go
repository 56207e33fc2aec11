package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// errNoTerminal means that there is nobody to ask.
var errNoTerminal = errors.New("standard input is not a terminal")

// terminal is the file descriptor of standard input, if that is a terminal.
func (p *program) terminal() (fd int, ok bool) {
	file, ok := p.stdin.(*os.File)
	if !ok {
		return 0, false
	}
	fd = int(file.Fd())
	return fd, term.IsTerminal(fd)
}

// askSecret asks for a secret at the terminal, on standard error, and does not show what is typed. The answer may be empty.
// errNoTerminal means that nobody can be asked.
func (p *program) askSecret(ctx context.Context, question string) (string, error) {
	fd, ok := p.terminal()
	if !ok {
		return "", errNoTerminal
	}
	state, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
	p.sayf("%s: ", question)
	typed, err := answerOf(ctx, func() (string, error) {
		text, err := term.ReadPassword(fd)
		return string(text), err
	})
	p.sayf("\n") // that of the user is not shown either
	if ctx.Err() != nil {
		_ = term.Restore(fd, state) // the goroutine that reads would leave it without echo
	}
	return typed, err
}

// askLine asks for a line at the terminal, on standard error; an empty answer means the proposal. errNoTerminal means that nobody can be
// asked.
func (p *program) askLine(ctx context.Context, question, proposal string) (string, error) {
	if _, ok := p.terminal(); !ok {
		return "", errNoTerminal
	}
	if proposal != "" {
		question += " [" + proposal + "]"
	}
	p.sayf("%s: ", question)
	typed, err := answerOf(ctx, func() (string, error) { return readLine(p.stdin) })
	if typed = strings.TrimSpace(typed); typed == "" {
		typed = proposal
	}
	return typed, err
}

// answerOf ends early when the context does, since nothing ends the read of a terminal.
func answerOf(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := read()
		got <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case a := <-got:
		if a.err != nil {
			return "", fmt.Errorf("read the answer: %w", a.err)
		}
		return a.text, nil
	}
}

// readLine reads a line and nothing behind it, which a later question would miss.
func readLine(from io.Reader) (string, error) {
	var line strings.Builder
	one := make([]byte, 1)
	for {
		n, err := from.Read(one)
		switch {
		case n == 1 && one[0] == '\n':
			return strings.TrimSuffix(line.String(), "\r"), nil
		case n == 1:
			line.WriteByte(one[0])
		}
		if errors.Is(err, io.EOF) && line.Len() > 0 {
			return line.String(), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// readPassword returns the value of a --password flag. For "-", which keeps it out of process lists, it asks at the terminal, without
// showing what is typed, or reads a line of standard input.
func (p *program) readPassword(ctx context.Context, flag string) (string, error) {
	if flag != "-" {
		return flag, nil
	}
	if _, ok := p.terminal(); ok {
		return p.askPassword(ctx)
	}
	line, err := bufio.NewReader(p.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// askPassword asks twice, since nobody sees what they type.
func (p *program) askPassword(ctx context.Context) (string, error) {
	first, err := p.askSecret(ctx, "Password")
	if err != nil {
		return "", err
	}
	second, err := p.askSecret(ctx, "Again")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", usagef("the two passwords differ")
	}
	return first, nil
}
