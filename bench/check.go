package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
)

func checkCommand() *cobra.Command {
	var allocationsOnly bool
	var l load
	command := &cobra.Command{
		Use:   "check",
		Short: "Fail if a token costs over 10 % more than bench/expected.json says",
		Long: "Fail if a token costs over 10 % more than bench/expected.json says: allocations and bytes, and CPU time as a ratio to the\n" +
			"yardstick, on the embedded store and on a Redis of its own. Where a figure became better, lower it there.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			e, err := readExpected()
			if err != nil {
				return err
			}
			ctx, out := command.Context(), command.OutOrStdout()
			err = e.runAllocations(ctx, out)
			if !allocationsOnly {
				err = errors.Join(err, e.runCPU(ctx, out, l))
			}
			return err
		},
	}
	command.Flags().BoolVar(&allocationsOnly, "allocations-only", false, "only what does not depend on the machine; needs no wrk")
	l.flags(command.Flags(), 7, 4*time.Second)
	return command
}

func (e expected) runAllocations(ctx context.Context, out io.Writer) error {
	got, err := allocationsOfToken(ctx)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "a token: %d allocations (expected %d), %d bytes (expected %d)\n",
		got.Count, e.Token.Count, got.Bytes, e.Token.Bytes); err != nil {
		return err
	}
	return e.checkAllocations(got)
}

func (e expected) runCPU(ctx context.Context, out io.Writer, l load) error {
	dir, err := newFolder(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(string(dir)) }()
	var failed error
	for _, kind := range kinds {
		results, err := compareOn(ctx, dir, kind, l)
		if err != nil {
			return err
		}
		got := results.ratio(cpuOf)
		if _, err := fmt.Fprintf(out, "%s: %d µs of CPU a token, yardstick %d µs: %.2f of it (expected %.2f)\n", kind,
			results.server.median().cpu.Microseconds(), results.yardstick.median().cpu.Microseconds(), got, e.CPURatio[kind]); err != nil {
			return err
		}
		failed = errors.Join(failed, e.checkCPU(kind, got))
	}
	return failed
}
