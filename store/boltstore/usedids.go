package boltstore

import (
	"context"
	"errors"

	"go.etcd.io/bbolt"
)

// useUpID keeps an ID from being given out again.
func useUpID(tx *bbolt.Tx, digest string) error { return bucketUsedIDs.put(tx, digest, []byte(digest)) }

// EachUsedID implements store.UsedIDs. It visits the store as it was at the call.
func (s *Store) EachUsedID(ctx context.Context, visit func(string) error) error {
	return s.read(ctx, func(tx *bbolt.Tx) error {
		return bucketUsedIDs.scan(tx, "", everything(), func(digest string, _ []byte) error { return visit(digest) })
	})
}

// AddUsedIDs implements store.UsedIDs.
func (s *Store) AddUsedIDs(ctx context.Context, digests ...string) error {
	return s.write(ctx, func(tx *bbolt.Tx) (err error) {
		for _, digest := range digests {
			err = errors.Join(err, useUpID(tx, digest))
		}
		return err
	})
}
