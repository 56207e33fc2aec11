package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

// comparison says what is measured.
type comparison struct {
	store       string
	keys        string // file with what seed printed; empty: seed the store
	rounds      int
	length      time.Duration
	connections int
}

func compareCommand() *cobra.Command {
	var c comparison
	command := &cobra.Command{
		Use:   "compare --store URL",
		Short: "Run mintkey and the yardstick in turn under the same load, and print a table of medians",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return c.run(command.Context(), command.OutOrStdout())
		},
	}
	flags := command.Flags()
	flags.StringVar(&c.store, "store", "", "bolt:///path or redis://host:port/database")
	flags.StringVar(&c.keys, "keys", "", "file with what bench seed -o json printed for the store (default: fill it with 1,000 keys)")
	flags.IntVar(&c.rounds, "rounds", 5, "how often each is measured")
	flags.DurationVar(&c.length, "for", 8*time.Second, "length of one measurement")
	flags.IntVar(&c.connections, "connections", 32, "connections at once")
	_ = command.MarkFlagRequired("store")
	return command
}

// folder is where one comparison keeps its programs and files.
type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

func (c comparison) run(ctx context.Context, out io.Writer) error {
	temporary, err := os.MkdirTemp("", "mintkey-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	f := folder(temporary)
	keys, err := c.prepare(ctx, f)
	if err != nil {
		return err
	}
	yardstick, err := start(ctx, "yardstick", "", f.path("yardstick"), "-keys", f.path("keys.json"))
	if err != nil {
		return err
	}
	defer yardstick.stop()
	address, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	server, err := start(ctx, "mintkey", address, f.path("mintkey"), "serve", "--store", c.store, "--listen", address, "--ops-listen=",
		"--log-level", "warn")
	if err != nil {
		return err
	}
	defer server.stop()
	started, err := server.awaitTokens(ctx, keys[0])
	if err != nil {
		return err
	}
	var results [2][]result
	for range c.rounds {
		for i, p := range []*process{yardstick, server} {
			r, err := measure(ctx, p, f.path("tokens.lua"), c.connections, c.length)
			if err != nil {
				return err
			}
			results[i] = append(results[i], r)
		}
	}
	return c.table(out, len(keys), started, median(results[0]), median(results[1]))
}

// prepare builds the programs and writes the keys and the script.
func (c comparison) prepare(ctx context.Context, f folder) (keys []seeded, err error) {
	for name, source := range map[string]string{"mintkey": "./cmd/mintkey", "yardstick": "./bench/yardstick"} {
		if err := build(ctx, f, name, source); err != nil {
			return nil, err
		}
	}
	if c.keys == "" {
		keys, err = seed(ctx, c.store, size{accounts: 1, tenants: 10, keys: 1000, show: 100}, time.Now())
	} else {
		var text []byte
		if text, err = os.ReadFile(c.keys); err == nil {
			err = json.Unmarshal(text, &keys)
		}
	}
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(f.path("keys.json"), text, 0o600); err != nil {
		return nil, err
	}
	return keys, writeScript(f.path("tokens.lua"), keys)
}

func build(ctx context.Context, f folder, name, source string) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", f.path(name), source)
	build.Stderr = os.Stderr
	return build.Run()
}
