package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/e2e/freeport"
)

// scale says what is measured as it grows.
type scale struct {
	store   string
	sizes   []int
	shapes  []string
	million bool
	output  string
}

// The shapes of an account: all access keys in one tenant, or ten in each of many.
const (
	oneTenant   = "one tenant"
	manyTenants = "many tenants"
)

const keysOfTenant = 10 // in an account of many

func scaleCommand() *cobra.Command {
	var s scale
	command := &cobra.Command{
		Use:   "scale --store URL",
		Short: "Run each step of the server at several sizes, and print how its time grows with the number of access keys",
		Long: "Run each step of the server on stores of several sizes, over HTTP, and print the time that each step takes, and the\n" +
			"exponent with which the time for each unit of its answer grows with the number of access keys: 0 is not at all, 1 is in\n" +
			"step with it. " +
			"The store is bolt or redis, for new ones that are removed at the end, or the URL of an empty one, which\n" +
			"takes one size and one shape.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return s.run(command.Context(), command.OutOrStdout(), command.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&s.store, "store", "bolt", "bolt, redis, bolt:///path or redis://host:port/database")
	flags.IntSliceVar(&s.sizes, "keys", []int{1_000, 10_000, 100_000}, "numbers of access keys")
	flags.StringSliceVar(&s.shapes, "shapes", []string{oneTenant, manyTenants}, "how they are spread over the account")
	flags.BoolVar(&s.million, "million", false, "a million of them too: takes long")
	flags.StringVarP(&s.output, "output", "o", "table", "table or json")
	return command
}

// measured is one step at one size.
type measured struct {
	Shape   string  `json:"shape"`
	Step    string  `json:"step"`
	Unit    string  `json:"unit"` // of the answer
	Keys    int     `json:"keys"`
	Seconds float64 `json:"seconds"` // of the fastest run: whatever else the machine does makes one slower, and nothing makes it faster
	Units   float64 `json:"units"`
}

func (s scale) run(ctx context.Context, out, progress io.Writer) error {
	if s.million {
		s.sizes = append(s.sizes, 1_000_000)
	}
	if strings.Contains(s.store, "://") && len(s.sizes)*len(s.shapes) > 1 {
		return fmt.Errorf("--store %s takes one of --keys and one of --shapes", s.store)
	}
	temporary, err := os.MkdirTemp("", "mintkey-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	f := folder(temporary)
	if err := build(ctx, f, "mintkey", "./cmd/mintkey"); err != nil {
		return err
	}
	var all []measured
	for _, shape := range s.shapes {
		for _, keys := range s.sizes {
			some, err := s.measure(ctx, f, shape, keys, progress)
			if err != nil {
				return fmt.Errorf("%s of %d access keys: %w", shape, keys, err)
			}
			all = append(all, some...)
		}
	}
	if s.output == "json" {
		return json.NewEncoder(out).Encode(all)
	}
	return scaleTable(out, s.store, all)
}

// measure runs every step on a store of one size.
func (s scale) measure(ctx context.Context, f folder, shape string, keys int, progress io.Writer) ([]measured, error) {
	url, done := s.store, func() {}
	if !strings.Contains(url, "://") {
		place, err := os.MkdirTemp(string(f), s.store+"-")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(place) }()
		if url, done, err = newStore(ctx, folder(place), s.store); err != nil {
			return nil, err
		}
	}
	defer done()
	want := size{accounts: 1, tenants: 1, keys: keys, show: min(keys, 100_000), events: true}
	if shape == manyTenants {
		want.tenants = keys / keysOfTenant
	}
	began := time.Now()
	shown, err := seed(ctx, url, want, began)
	if err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintf(progress, "%s of %d access keys: filled in %s\n", shape, keys, time.Since(began).Round(time.Millisecond))
	g := &growing{folder: f, store: url, shape: shape, size: want, shown: shown, progress: progress}
	err = g.run(ctx)
	return g.results, err
}

// growing measures the steps on one store.
type growing struct {
	folder   folder
	store    string
	shape    string
	size     size
	shown    []seeded
	progress io.Writer

	admin   stormKey // made by init
	server  *process
	token   string
	console *visitor
	results []measured
}

// aStep does something once, and returns how many units its answer has.
type aStep func(ctx context.Context) (units float64, err error)

const (
	mostRuns   = 15
	longEnough = time.Second // for all runs of a step together, unless it takes longer to run it leastRuns times
	leastRuns  = 3
)

// step measures a step several times.
func (g *growing) step(ctx context.Context, name, unit string, run aStep) error {
	return g.times(ctx, name, unit, leastRuns, run)
}

// once measures what is not the same the second time.
func (g *growing) once(ctx context.Context, name, unit string, run aStep) error {
	return g.times(ctx, name, unit, 1, run)
}

func (g *growing) times(ctx context.Context, name, unit string, least int, run aStep) error {
	var taken []float64
	units := 0.0
	for began := time.Now(); len(taken) < least || least > 1 && len(taken) < mostRuns && time.Since(began) < longEnough; {
		sent := time.Now()
		var err error
		if units, err = run(ctx); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		taken = append(taken, time.Since(sent).Seconds())
	}
	g.results = append(g.results, measured{g.shape, name, unit, g.size.keys, slices.Min(taken), units})
	return nil
}

// run measures what a server does on the store, and then what is done while none runs.
func (g *growing) run(ctx context.Context) error {
	init := exec.CommandContext(ctx, g.folder.path("mintkey"), "init", "--store", g.store, "--account", accountID(0), "--tenant", tenantID(0),
		"--release", "24.3", "--email", visitorEmail, "--name", "Ada", "--password", visitorPassword, "-o", "json")
	init.Stderr = os.Stderr
	text, err := init.Output()
	if err == nil {
		err = json.Unmarshal(text, &g.admin)
	}
	if err != nil {
		return err
	}
	if err := g.serve(ctx); err != nil {
		return err
	}
	err = g.served(ctx)
	g.server.stop()
	if err != nil {
		return err
	}
	return g.unserved(ctx)
}

// serve starts the server several times, and leaves the last one running.
func (g *growing) serve(ctx context.Context) error {
	err := g.step(ctx, "start to first token", "token", func(ctx context.Context) (_ float64, err error) {
		if g.server != nil {
			g.server.stop()
		}
		address, err := freeport.Address(ctx)
		if err != nil {
			return 0, err
		}
		g.server, err = start(ctx, "mintkey", address, g.folder.path("mintkey"), "serve", "--store", g.store, "--listen", address,
			"--ops-listen=", "--log-level", "error", "--drain", "0s", "--tokens-lifetime", "24h")
		if err == nil {
			_, err = g.server.awaitTokens(ctx, g.shown[0])
		}
		return 1, err
	})
	if err == nil {
		g.token, err = g.server.token(ctx, g.admin.seeded, "keys:read keys:write tenants:write users:write policy:read policy:write audit:read")
	}
	if err == nil {
		g.console, err = g.server.signIn(ctx)
	}
	if err != nil && g.server != nil {
		g.server.stop()
	}
	return err
}
