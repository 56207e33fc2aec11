package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/spf13/cobra"
)

func peersCommand() *cobra.Command {
	var l load
	command := &cobra.Command{
		Use:   "peers",
		Short: "Measure other token endpoints in turn with mintkey and the yardstick: go-oauth2 as it comes, and oidc-provider on Node.js",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return runPeers(command.Context(), command.OutOrStdout(), l)
		},
	}
	l.flags(command.Flags(), 5, 4*time.Second)
	return command
}

// peer is a program that gives tokens for the keys of keys.json.
type peer struct {
	name    string
	process *process
	results rounds
}

func runPeers(ctx context.Context, out io.Writer, l load) error {
	dir, err := newFolder(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(string(dir)) }()
	// A module of its own, because its store of tokens needs libraries that Mintkey does not.
	library := exec.CommandContext(ctx, "go", "build", "-C", "bench/peers/gooauth2", "-o", dir.path("gooauth2"), ".")
	library.Stderr = os.Stderr
	if err := library.Run(); err != nil {
		return err
	}
	store, done, err := newStore(ctx, dir, "bolt")
	if err != nil {
		return err
	}
	defer done()
	keys, err := keysOf(ctx, store, "")
	if err != nil {
		return err
	}
	text, err := json.Marshal(keys)
	if err == nil {
		err = os.WriteFile(dir.path("keys.json"), text, 0o600)
	}
	if err == nil {
		err = writeScript(dir.path("tokens.lua"), keys)
	}
	if err != nil {
		return err
	}
	server, err := startMintkey(ctx, dir, store)
	if err != nil {
		return err
	}
	defer server.stop()
	all := []*peer{{name: "Mintkey on bolt", process: server}}
	for _, p := range []struct {
		name    string
		command []string
	}{
		{"yardstick", []string{dir.path("yardstick"), "-keys", dir.path("keys.json")}},
		{"go-oauth2 as it comes", []string{dir.path("gooauth2"), "-keys", dir.path("keys.json")}},
		{"oidc-provider", []string{"node", "bench/peers/oidc-provider.mjs", dir.path("keys.json")}},
	} {
		started, err := start(ctx, p.name, "", p.command[0], p.command[1:]...)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		defer started.stop()
		all = append(all, &peer{name: p.name, process: started})
	}
	for _, p := range all {
		if _, err := p.process.awaitTokens(ctx, keys[0]); err != nil {
			return err
		}
	}
	for range l.rounds {
		for _, p := range all {
			r, err := measure(ctx, p.process, dir.path("tokens.lua"), l)
			if err != nil {
				return err
			}
			p.results = append(p.results, r)
		}
	}
	return peersTable(out, all, l)
}

func peersTable(out io.Writer, all []*peer, l load) error {
	if _, err := fmt.Fprintf(out, "%s, %s, %d cores; load of the machine %s; wrk -t1 -c%d, %d rounds of %s in turn, medians\n\n"+
		"| | tokens/s | p50 | p99 | CPU a token | CPU in yardsticks | memory |\n| --- | --- | --- | --- | --- | --- | --- |\n",
		processor(), runtime.Version(), runtime.NumCPU(), systemLoad(), l.connections, l.rounds, l.length); err != nil {
		return err
	}
	for _, p := range all {
		in := comparison{server: p.results, yardstick: all[1].results}
		m := p.results.median()
		if _, err := fmt.Fprintf(out, "| %s | %.0f | %.1f ms | %.1f ms | %d µs | %.2f | %.0f MiB |\n", p.name, m.perSecond,
			m.p50.Seconds()*1000, m.p99.Seconds()*1000, m.cpu.Microseconds(), in.ratio(cpuOf), m.memory); err != nil {
			return err
		}
	}
	return nil
}
