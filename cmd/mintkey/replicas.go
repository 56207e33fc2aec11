package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"mintkey/configs"
)

func (p *program) storeReplicasCommand() *cobra.Command {
	return group("replicas", "Say what is to become of the store's replicas", p.storeForgetReplicasCommand())
}

func (p *program) storeForgetReplicasCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "forget",
		Short: "Go on without the replicas of a Redis that has lost them",
		Long: "Go on without the replicas of a Redis that has lost them. Changes are refused (unconfirmed) for an hour after the last replica\n" +
			"is gone, because a failover would undo them. After this command they are accepted at once, until a replica is seen again.\n" +
			"A Redis with min-replicas-to-write refuses changes itself, this one too: set it to 0 first.\n" +
			"Do this only if no replica that was in use before can become the primary: it would bring back what was revoked since.",
		Example: "  mintkey store replicas forget --store redis://127.0.0.1:6379/0",
		Args:    arguments(cobra.NoArgs),
	}
	p.withSettings(c, func(config configs.Config, _ []string) error {
		if err := p.forgetReplicas(c.Context(), config); err != nil {
			return err
		}
		return p.print(map[string]bool{"forgotten": true}, func(w io.Writer) {
			_, _ = fmt.Fprintln(w, "Replicas are forgotten: changes need no confirmation until one is seen again.")
		})
	})
	showSettings(c, "store", "log")
	return c
}

func (p *program) forgetReplicas(ctx context.Context, config configs.Config) (err error) {
	if _, isFile := storeFile(config); isFile {
		return errors.New("the store is a file and has no replicas: name a Redis by --store")
	}
	opened, err := openStore(ctx, config, p.newLog(config.Log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	return opened.ForgetReplicas(ctx)
}
