package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"mintkey/configs"
	"mintkey/server"
)

func (p *program) demoCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "demo",
		Short: "See it work: start a server with sample data, fetch a token and verify it",
		Long: "Start a server on a temporary store with sample data, create an access key, fetch a token and verify it, and show what\n" +
			"to try next. " +
			"It stays up until Ctrl-C, and leaves nothing behind.",
		Args:        arguments(cobra.NoArgs),
		Annotations: map[string]string{isServer: isServer},
	}
	address := c.Flags().String("listen", "", "address of the server (default 127.0.0.1:8080, or a free port if that is busy)")
	once := c.Flags().Bool("once", false, "stop after the example")
	c.RunE = func(c *cobra.Command, _ []string) error { return p.demo(c.Context(), *address, *once) }
	return c
}

func (p *program) demo(ctx context.Context, address string, once bool) (err error) {
	heard, deaf := listenForSignals()
	defer deaf()
	folder, err := os.MkdirTemp("", "mintkey-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	h, busy, err := p.demoHost(ctx, folder, address)
	defer func() { err = errors.Join(err, h.close()) }()
	if err != nil {
		return err
	}
	h.signals = heard
	if err := h.open(ctx); err != nil {
		return err
	}
	data, err := sampleData(ctx, newService(h.store, h.config, h.log), p.clock().UTC())
	if err != nil {
		return fmt.Errorf("make the sample data: %w", err)
	}

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- h.run(ctx, func() { close(ready) }) }()
	select {
	case <-ready:
		err = p.show(ctx, h, data, busy, once)
	case err := <-ended:
		return err
	}
	if ctx.Err() != nil {
		err = nil // Ctrl-C during the example
	}
	if err != nil || once {
		stop()
	}
	return errors.Join(err, <-ended)
}

// demoHost listens. It ignores settings in the environment, because a demo must not touch real data.
func (p *program) demoHost(ctx context.Context, folder, address string) (h *host, busy bool, err error) {
	h = &host{log: p.newLog(configs.Log{Level: "warn"}), outages: server.NewOutages(), now: p.clock}
	flags := map[string]string{"store": "bolt://" + filepath.Join(folder, "mintkey.db"), "ops_listen": "127.0.0.1:0", "drain": "0s"}
	if address != "" {
		flags["listen"] = address
	}
	if h.config, err = configs.Load(configs.Sources{Flags: flags}); err != nil {
		return h, false, &usageError{err}
	}
	err = h.listen(ctx)
	if errors.Is(err, syscall.EADDRINUSE) && address == "" {
		h.config.Listen, busy = "127.0.0.1:0", true
		err = h.listen(ctx)
	}
	return h, busy, err
}

// show runs the example over HTTP and prints what happened.
func (p *program) show(ctx context.Context, h *host, data sample, busy, once bool) error {
	s, err := p.performDemo(ctx, h.issuer(), data)
	if err != nil {
		return fmt.Errorf("the demo failed: %w", err)
	}
	return p.print(s.result(), func(w io.Writer) {
		s.tell(w)
		if busy {
			_, _ = fmt.Fprintf(w, "\n  (127.0.0.1:8080 is busy, so the demo listens at %s.)\n", h.public.Addr())
		}
		if !once {
			_, _ = fmt.Fprintln(w, "\n  The server is up until Ctrl-C, which also removes the sample data.")
		}
	})
}
