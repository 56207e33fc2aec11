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
	"github.com/spf13/pflag"
)

// load is what the servers are measured under.
type load struct {
	rounds      int
	length      time.Duration
	connections int
}

func (l *load) flags(flags *pflag.FlagSet, rounds int, length time.Duration) {
	flags.IntVar(&l.rounds, "rounds", rounds, "how often each is measured")
	flags.DurationVar(&l.length, "for", length, "length of one measurement")
	flags.IntVar(&l.connections, "connections", 32, "connections at once")
}

func compareCommand() *cobra.Command {
	var l load
	var store, keysFile string
	command := &cobra.Command{
		Use:   "compare --store URL",
		Short: "Run mintkey and the yardstick in turn under the same load, and print a table of medians",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return runCompare(command.Context(), command.OutOrStdout(), store, keysFile, l)
		},
	}
	flags := command.Flags()
	flags.StringVar(&store, "store", "", "bolt:///path or redis://host:port/database")
	flags.StringVar(&keysFile, "keys", "", "file with what bench seed -o json printed for the store (default: fill it with 1,000 keys)")
	l.flags(flags, 5, 8*time.Second)
	_ = command.MarkFlagRequired("store")
	return command
}

func runCompare(ctx context.Context, out io.Writer, store, keysFile string, l load) error {
	dir, err := newFolder(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(string(dir)) }()
	keys, err := keysOf(ctx, store, keysFile)
	if err != nil {
		return err
	}
	c, err := compare(ctx, dir, store, keys, l)
	if err != nil {
		return err
	}
	return c.table(out, l)
}

// folder is where one comparison keeps its programs and files.
type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

// newFolder makes one with the programs. Whoever asks for it removes it.
func newFolder(ctx context.Context) (folder, error) {
	temporary, err := os.MkdirTemp("", "mintkey-bench-")
	if err != nil {
		return "", err
	}
	f := folder(temporary)
	for name, source := range map[string]string{"mintkey": "./cmd/mintkey", "yardstick": "./bench/yardstick"} {
		if err := build(ctx, f, name, source); err != nil {
			_ = os.RemoveAll(temporary)
			return "", err
		}
	}
	return f, nil
}

// keysOf reads the keys of a store that was filled, or fills it.
func keysOf(ctx context.Context, store, file string) (keys []seeded, err error) {
	if file == "" {
		return seed(ctx, store, size{accounts: 1, tenants: 10, keys: 1000, show: 100}, time.Now())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(text, &keys)
	return keys, err
}

// compareOn compares on a new store of a kind, with 1,000 access keys.
func compareOn(ctx context.Context, dir folder, kind string, l load) (c comparison, err error) {
	store, done, err := newStore(ctx, dir, kind)
	if err != nil {
		return c, err
	}
	defer done()
	keys, err := keysOf(ctx, store, "")
	if err != nil {
		return c, err
	}
	return compare(ctx, dir, store, keys, l)
}

// compare runs both servers and measures them in turn.
func compare(ctx context.Context, dir folder, store string, keys []seeded, l load) (c comparison, err error) {
	text, err := json.Marshal(keys)
	if err != nil {
		return c, err
	}
	if err := os.WriteFile(dir.path("keys.json"), text, 0o600); err != nil {
		return c, err
	}
	if err := writeScript(dir.path("tokens.lua"), keys); err != nil {
		return c, err
	}
	yardstick, err := start(ctx, "yardstick", "", dir.path("yardstick"), "-keys", dir.path("keys.json"))
	if err != nil {
		return c, err
	}
	defer yardstick.stop()
	server, err := startMintkey(ctx, dir, store)
	if err != nil {
		return c, err
	}
	defer server.stop()
	if c.started, err = server.awaitTokens(ctx, keys[0]); err != nil {
		return c, err
	}
	c.keys = len(keys)
	for range l.rounds {
		for _, turn := range []struct {
			process *process
			results *rounds
		}{{yardstick, &c.yardstick}, {server, &c.server}} {
			r, err := measure(ctx, turn.process, dir.path("tokens.lua"), l)
			if err != nil {
				return c, err
			}
			*turn.results = append(*turn.results, r)
		}
	}
	return c, nil
}

func build(ctx context.Context, f folder, name, source string) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", f.path(name), source)
	build.Stderr = os.Stderr
	return build.Run()
}
