package usage

import (
	"context"
	"time"

	"mintkey/store"
)

// Access records when, from where and by which secret keys were last used. It saves that apart from the keys' records, so that a late
// write can never overwrite a digest (R7).
type Access struct {
	saved store.AccessTimes
	uses  *batch[store.KeyRef, store.KeyAccess]
}

// Note records that a key was used. secretIssued names the secret; it is zero if that is not known.
func (a *Access) Note(key store.KeyRef, secretIssued, at time.Time, address string) {
	a.uses.add(key, store.NewKeyAccess(secretIssued, at, address))
}

// Recent returns the uses that are not saved yet of some keys of a tenant, by client ID.
func (a *Access) Recent(tenantID string, clientIDs []string) map[string]store.KeyAccess {
	found := map[string]store.KeyAccess{}
	a.uses.read(func(pending map[store.KeyRef]store.KeyAccess) {
		for _, id := range clientIDs {
			if use, ok := pending[store.KeyRef{TenantID: tenantID, ClientID: id}]; ok {
				found[id] = use
			}
		}
	})
	return found
}

func (a *Access) flush(ctx context.Context) (int, error) {
	return a.uses.flush(func(taken map[store.KeyRef]store.KeyAccess) (map[store.KeyRef]store.KeyAccess, error) {
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
