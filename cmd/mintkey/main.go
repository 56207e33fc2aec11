package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
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
	command, err := p.execute(ctx, args)
	if err == nil {
		return nil
	}
	text := err.Error()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		text = "interrupted"
	}
	if text != "" {
		p.sayf("mintkey: %s\n", text)
	}
	p.sayHints(err)
	if usage := (*usageError)(nil); errors.As(err, &usage) {
		p.sayf("See: %s --help\n", command.CommandPath())
	}
	return err
}

// execute returns the command that was meant, also when it fails.
func (p *program) execute(ctx context.Context, args []string) (command *cobra.Command, err error) {
	root := p.rootCommand()
	root.SetArgs(args)
	defer p.recovered(&err)
	return root.ExecuteContextC(ctx)
}
