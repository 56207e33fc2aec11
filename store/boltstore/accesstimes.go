package boltstore

import (
	"context"
	"errors"
	"time"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

func accessTimeKey(tenantID, clientID string) string { return tenantID + separator + clientID }

// RecordAccess implements store.AccessTimes.
func (s *Store) RecordAccess(ctx context.Context, uses map[store.KeyRef]store.KeyAccess) error {
	return s.write(ctx, func(tx *bbolt.Tx) error {
		for ref, use := range uses {
			key := accessTimeKey(ref.TenantID, ref.ClientID)
			before, err := access(tx, key)
			if err != nil {
				return err
			}
			after := before.Plus(use)
			if after == before {
				continue
			}
			after.At = after.At.UTC()
			text, err := store.EncodePlainRecord(after)
			err = errors.Join(err, bucketAccesses.put(tx, key, text),
				bucketAccessTimes.put(tx, key, []byte(after.At.Format(time.RFC3339Nano))))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// AccessTimes implements store.AccessTimes.
func (s *Store) AccessTimes(ctx context.Context, tenantID string, clientIDs []string) (map[string]time.Time, error) {
	times := make(map[string]time.Time, len(clientIDs))
	err := s.read(ctx, func(tx *bbolt.Tx) error {
		for _, id := range clientIDs {
			at, err := accessTime(tx, accessTimeKey(tenantID, id))
			if err != nil {
				return err
			}
			if !at.IsZero() {
				times[id] = at
			}
		}
		return nil
	})
	return times, err
}

// Accesses implements store.AccessTimes.
func (s *Store) Accesses(ctx context.Context, tenantID string, clientIDs []string) (map[string]store.KeyAccess, error) {
	found := make(map[string]store.KeyAccess, len(clientIDs))
	err := s.read(ctx, func(tx *bbolt.Tx) error {
		for _, id := range clientIDs {
			use, err := access(tx, accessTimeKey(tenantID, id))
			if err != nil {
				return err
			}
			if !use.At.IsZero() {
				found[id] = use
			}
		}
		return nil
	})
	return found, err
}

// access is zero for a key that was never used.
func access(tx *bbolt.Tx, key string) (store.KeyAccess, error) {
	at, err := accessTime(tx, key)
	if err != nil {
		return store.KeyAccess{}, err
	}
	use, err := load[store.KeyAccess](tx, bucketAccesses, key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.KeyAccess{}, err
	}
	return use.Since(at), nil
}

// accessTime is zero for a key that was never used.
func accessTime(tx *bbolt.Tx, key string) (time.Time, error) {
	value := bucketAccessTimes.get(tx, key)
	if value == nil {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, string(value))
	if err != nil {
		return time.Time{}, undecodable(bucketAccessTimes, key, err)
	}
	return at, nil
}

func forgetAccess(tx *bbolt.Tx, tenantID, clientID string) error {
	key := accessTimeKey(tenantID, clientID)
	return errors.Join(bucketAccessTimes.delete(tx, key), bucketAccesses.delete(tx, key))
}
