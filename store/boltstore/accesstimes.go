package boltstore

import (
	"context"
	"time"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

func accessTimeKey(tenantID, clientID string) string { return tenantID + separator + clientID }

// RecordAccess implements store.AccessTimes.
func (s *Store) RecordAccess(ctx context.Context, times map[store.KeyRef]time.Time) error {
	return s.write(ctx, func(tx *bbolt.Tx) error {
		for ref, at := range times {
			key := accessTimeKey(ref.TenantID, ref.ClientID)
			before, err := accessTime(tx, key)
			if err != nil {
				return err
			}
			if !at.After(before) {
				continue
			}
			if err := bucketAccessTimes.put(tx, key, []byte(at.UTC().Format(time.RFC3339Nano))); err != nil {
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
