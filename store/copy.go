package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrNotEmpty refuses to copy into a store that has accounts.
var ErrNotEmpty = errors.New("the store is not empty")

// Copy copies everything except rate limits from one store into another of any kind. The target must have no accounts,
// or Copy returns ErrNotEmpty, and no server may be running on it. After an error the target can't be used.
//
// The copy has the version of the source, and an epoch of its own.
//
// Servers may keep using the source. Each record is copied whole, and everything that was acknowledged before the call is in the copy;
// later changes may be in it or not.
func Copy(ctx context.Context, to, from Store) error {
	some, err := to.Accounts(ctx, Page{Limit: 1})
	if err == nil && len(some) > 0 {
		err = ErrNotEmpty
	}
	if err != nil {
		return err
	}
	version, err := from.SchemaVersion(ctx)
	if err == nil {
		err = to.SetSchemaVersion(ctx, version)
	}
	if err != nil {
		return err
	}
	c := copying{to: to, from: from}
	// Documents come last, because they hold counters that other records refer to: a counter may be ahead of the records, never behind.
	for _, step := range []func(context.Context) error{c.accounts, c.usedIDs, c.outbox, c.revocations, c.ephemera, c.traffic, c.documents} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("copy the store: %w", err)
		}
	}
	return nil
}

// copyBatch is how many records are in memory at once.
const copyBatch = 500

type copying struct{ to, from Store }

// pages calls visit for every record of a list, page by page.
func pages[T any](ctx context.Context, list func(context.Context, Page) ([]T, error), id func(T) string, visit func([]T) error) error {
	for page := (Page{Limit: copyBatch}); ; {
		records, err := list(ctx, page)
		if err != nil || len(records) == 0 {
			return err
		}
		if err := visit(records); err != nil {
			return err
		}
		page.After = id(records[len(records)-1])
	}
}

// together runs do on many records, several at once: concurrent writes cost a store little more than one.
func together[T any](records []T, do func(T) error) error {
	const atOnce = 64
	for some := range slices.Chunk(records, atOnce) {
		failed := make([]error, len(some))
		var all sync.WaitGroup
		for i, record := range some {
			all.Go(func() { failed[i] = do(record) })
		}
		all.Wait()
		if err := errors.Join(failed...); err != nil {
			return err
		}
	}
	return nil
}
