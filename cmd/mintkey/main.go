package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for a graceful end; listenForSignals says what a server makes of it
	err := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(exitCode(err))
}

// run executes one command line. It prints the error before it returns it.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) error {
	p := &program{environ: environ, stdin: stdin, stdout: stdout, stderr: stderr, clock: time.Now}
	root := p.rootCommand()
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return nil
	}
	if text := err.Error(); text != "" {
		p.sayf("mintkey: %s\n", text)
	}
	if usage := (*usageError)(nil); errors.As(err, &usage) {
		p.sayf("See: %s --help\n", command.CommandPath())
	}
	return err
}

// usageError is a mistake in the command line or in a setting.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

func exitCode(err error) int {
	var usage *usageError
	var unchecked *uncheckedError
	var status *statusError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return status.status
	case errors.As(err, &usage), errors.As(err, &unchecked):
		return 2
	default:
		return 1
	}
}
