package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	root := &cobra.Command{
		Use: "bench", Short: "Measure mintkey against the least that a token endpoint has to do",
		SilenceErrors: true, SilenceUsage: true,
	}
	root.AddCommand(
		seedCommand(), compareCommand(), checkCommand(), reportCommand(), stormsCommand(), scaleCommand(), ratesCommand(), peersCommand(),
	)
	err := root.ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
