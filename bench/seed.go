package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/redisstore"
	"mintkey/tokens"
)

// size is how much a seeded store holds.
type size struct {
	accounts, tenants, keys int
	show                    int  // how many access keys are printed, spread evenly over all of them
	events                  bool // whether the audit trail tells of each access key
}

// seeded is an access key that was printed.
type seeded struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	TenantID     string `json:"tenant_id"`
	AccountID    string `json:"account_id"`
}

func seedCommand() *cobra.Command {
	var url, output string
	var s size
	c := &cobra.Command{
		Use:     "seed --store URL",
		Short:   "Fill an empty store, and print some of its access keys with their secrets",
		Example: "  bench seed --store bolt:///tmp/bench/mintkey.db --accounts 1000 --tenants 100000 --keys 1000000 -o json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			keys, err := seed(c.Context(), url, s, time.Now())
			if err != nil {
				return err
			}
			return printKeys(c.OutOrStdout(), output, keys)
		},
	}
	c.Flags().StringVar(&url, "store", "", "bolt:///path or redis://host:port/database, without accounts")
	c.Flags().IntVar(&s.accounts, "accounts", 1, "number of accounts")
	c.Flags().IntVar(&s.tenants, "tenants", 10, "number of tenants, spread evenly over the accounts")
	c.Flags().IntVar(&s.keys, "keys", 1000, "number of access keys, two for each user, spread evenly over the tenants")
	c.Flags().IntVar(&s.show, "show", 100, "number of access keys to print")
	c.Flags().BoolVar(&s.events, "events", false, "record in the audit trail that each access key was created")
	c.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	_ = c.MarkFlagRequired("store")
	return c
}

func printKeys(w io.Writer, output string, keys []seeded) error {
	if output == "json" {
		return json.NewEncoder(w).Encode(keys)
	}
	for _, key := range keys {
		if _, err := fmt.Fprintln(w, key.ClientID, key.ClientSecret, key.TenantID, key.AccountID); err != nil {
			return err
		}
	}
	return nil
}

func openStore(ctx context.Context, url string) (store.Store, error) {
	if path, ok := strings.CutPrefix(url, "bolt://"); ok {
		return boltstore.Open(path)
	}
	return redisstore.Open(ctx, url)
}

// writers is how many records are written at once: a store makes one commit of many. With more, a Redis on a busy machine answers too late.
const writers = 128

// seed fills the store. Each user is a member of one tenant and has two access keys there, the last one perhaps a single one.
func seed(ctx context.Context, url string, want size, now time.Time) (shown []seeded, err error) {
	opened, err := openStore(ctx, url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }()
	some, err := opened.Accounts(ctx, store.Page{Limit: 1})
	if err == nil && len(some) > 0 {
		err = store.ErrNotEmpty
	}
	if err != nil {
		return nil, err
	}
	s := &seeding{store: opened, indexes: tokens.NewStatusIndexes(opened), size: want, now: now.UTC().Truncate(time.Second)}
	for _, step := range []struct {
		count int
		write func(context.Context, int) error
	}{{want.accounts, s.account}, {want.tenants, s.tenant}, {s.users(), s.user}} {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(writers)
		for i := range step.count {
			group.Go(func() error { return persist(ctx, func() error { return step.write(ctx, i) }) })
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
	}
	return s.shown, nil
}

// persist tries again while the store is unavailable, as a busy one is for so many writers, up to a minute.
func persist(ctx context.Context, write func() error) (err error) {
	for range 60 {
		if err = write(); !errors.Is(err, store.ErrUnavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
	return err
}
