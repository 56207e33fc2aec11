package usage

import (
	"context"
	"maps"
	"time"

	"mintkey/store"
)

// Access records when keys were last used. It saves that apart from the keys' records, so that a late write can never overwrite a digest
// (R7).
type Access struct {
	saved store.AccessTimes
	times *batch[store.KeyRef, time.Time]
}

// Note records that a key was used.
func (a *Access) Note(key store.KeyRef, at time.Time) { a.times.add(key, at) }

// Overlay adds the times that are not saved yet to those that the store has for some keys of a tenant.
func (a *Access) Overlay(tenantID string, saved map[string]time.Time, clientIDs []string) map[string]time.Time {
	times := maps.Clone(saved)
	if times == nil {
		times = map[string]time.Time{}
	}
	a.times.read(func(pending map[store.KeyRef]time.Time) {
		for _, id := range clientIDs {
			if at, ok := pending[store.KeyRef{TenantID: tenantID, ClientID: id}]; ok {
				times[id] = later(times[id], at)
			}
		}
	})
	return times
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (a *Access) flush(ctx context.Context) (int, error) {
	return a.times.flush(func(taken map[store.KeyRef]time.Time) (map[store.KeyRef]time.Time, error) {
		return onFailure(taken, a.saved.RecordAccess(ctx, taken))
	})
}

// onFailure returns everything as left over if there is an error.
func onFailure[K comparable, V any](taken map[K]V, err error) (map[K]V, error) {
	if err != nil {
		return taken, err
	}
	return nil, nil
}
