package boltstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

// RecordRevocations implements store.Revocations. IDs come from the bucket's sequence, which is part of the transaction,
// so a higher one can't be read before a lower one.
func (s *Store) RecordRevocations(ctx context.Context, revocations ...store.Revocation) error {
	mark := store.NewRevocationMark()
	return s.write(ctx, func(tx *bbolt.Tx) error {
		for _, revocation := range revocations {
			number, err := tx.Bucket([]byte(bucketRevocations)).NextSequence()
			if err != nil {
				return fmt.Errorf("number a revocation: %w", err)
			}
			id := store.RevocationID(number, mark)
			err = errors.Join(
				bucketRevocations.putJSON(tx, id, revocation),
				bucketRevocationEnds.put(tx, instant(revocation.Until)+id, nil),
			)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Revocations implements store.Revocations.
func (s *Store) Revocations(ctx context.Context, afterID string, limit int) (revocations []store.Revocation, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		if afterID != "" && !bucketRevocations.has(tx, afterID) {
			return store.ErrPositionLost
		}
		page := store.Page{After: afterID, Limit: limit}
		return bucketRevocations.scan(tx, "", page, func(id string, value []byte) error {
			revocation, err := decode[store.Revocation](bucketRevocations, id, value)
			revocation.ID = id
			revocations = append(revocations, revocation)
			return err
		})
	})
	return revocations, err
}

// ForgetRevocations implements store.Revocations.
func (s *Store) ForgetRevocations(ctx context.Context, now time.Time) error {
	return s.forgetExcept(ctx, bucketRevocations, bucketRevocationEnds, now.Add(-time.Nanosecond), bucketRevocations.last)
}
