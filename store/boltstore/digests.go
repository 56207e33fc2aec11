package boltstore

import (
	"context"
	"errors"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

func digestKey(e store.DigestEntry) string { return e.Prefix + separator + e.ClientID }

// putDigests replaces a membership's entries in the index.
func putDigests(tx *bbolt.Tx, indexed, before, after []store.DigestEntry) (err error) {
	for _, old := range store.Without(before, after) {
		err = errors.Join(err, bucketDigests.delete(tx, digestKey(old)))
	}
	for _, fresh := range store.Without(after, indexed) {
		err = errors.Join(err, bucketDigests.put(tx, digestKey(fresh), nil))
	}
	return err
}

// KeysByDigestPrefix implements store.Digests.
func (s *Store) KeysByDigestPrefix(ctx context.Context, prefix string) (ids []string, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		return bucketDigests.scan(tx, prefix+separator, everything(), func(clientID string, _ []byte) error {
			ids = append(ids, clientID)
			return nil
		})
	})
	return ids, err
}
