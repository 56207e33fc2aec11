package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"mintkey/configs"
	"mintkey/passwords"
	"mintkey/policy"
)

// terminal returns the terminal on standard input, or false if there is something else.
func (p *program) terminal() (fd int, is bool) {
	file, ok := p.stdin.(*os.File)
	if !ok {
		return 0, false
	}
	fd = int(file.Fd())
	return fd, term.IsTerminal(fd)
}

// initPassword fills in the password of a new user, from the flag, a file or the terminal, and checks it.
func (p *program) initPassword(ctx context.Context, wanted *bootstrapRequest, file string) (err error) {
	switch {
	case wanted.password != "" && file != "":
		return usagef("--password and --password-file cannot be given together")
	case file != "":
		text, err := p.readFile(file)
		if err != nil {
			return err
		}
		if wanted.password = strings.TrimRight(string(text), "\r\n"); wanted.password == "" {
			return usagef("--password-file %s is empty", file)
		}
	case wanted.password == "":
		return nil
	default:
		if wanted.password, err = p.askPassword(ctx, wanted.password); err != nil {
			return err
		}
	}
	owner := policy.User{Email: wanted.email, Name: wanted.name}
	if err := cmp.Or(policy.CheckPassword(wanted.password), policy.CheckPasswordOf(owner, wanted.password),
		passwords.CheckCommon(wanted.password)); err != nil {
		return usagef("--password: %w", err)
	}
	return nil
}

// askPassword is readPassword, which at a terminal asks twice and shows nothing.
func (p *program) askPassword(ctx context.Context, flag string) (string, error) {
	fd, is := p.terminal()
	if flag != "-" || !is {
		return p.readPassword(flag)
	}
	first, err := p.askUnseen(ctx, fd, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := p.askUnseen(ctx, fd, "Again: ")
	if err == nil && first != second {
		err = usagef("the passwords differ")
	}
	return first, err
}

// askUnseen reads a line without an echo. When ctx ends it puts the echo back: the program ends then, and the shell needs it.
func (p *program) askUnseen(ctx context.Context, fd int, question string) (string, error) {
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	type line struct {
		text []byte
		err  error
	}
	p.sayf("%s", question)
	typed := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		typed <- line{text, err}
	}()
	select {
	case got := <-typed:
		p.sayf("\n")
		if got.err != nil {
			return "", fmt.Errorf("read the password: %w", got.err)
		}
		return string(got.text), nil
	case <-ctx.Done():
		p.sayf("\n")
		return "", errors.Join(ctx.Err(), term.Restore(fd, before))
	}
}

// askAudience asks for the API that tokens will be for, where a person is there to answer and the settings do not say. It returns an empty
// text if there is no answer.
func (p *program) askAudience(config configs.Config) (string, error) {
	if _, is := p.terminal(); !is || p.output != outputs()[0] || len(audiencesOf(config).APIs) > 0 {
		return "", nil
	}
	for {
		p.sayf("Audience of your API, such as https://api.example.com (empty: decide later): ")
		answer, err := bufio.NewReader(p.stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the audience: %w", err)
		}
		answer = strings.TrimSpace(answer)
		if answer == "" || configs.CheckAudience(answer) == nil {
			return answer, nil
		}
		p.sayf("%v\n", configs.CheckAudience(answer))
		if errors.Is(err, io.EOF) {
			return "", nil
		}
	}
}
