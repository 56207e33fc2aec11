package boltstore

import (
	"context"
	"errors"
	"strings"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

func digestKey(e store.DigestEntry) string {
	return strings.Join([]string{e.Prefix, e.Key.TenantID, e.Key.UserID, e.Key.ClientID}, separator)
}

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
func (s *Store) KeysByDigestPrefix(ctx context.Context, prefix string) (keys []store.KeyLocation, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		return bucketDigests.scan(tx, prefix+separator, everything(), func(key string, _ []byte) error {
			parts := strings.SplitN(key, separator, 3)
			if len(parts) != 3 {
				return undecodable(bucketDigests, key, errKey)
			}
			keys = append(keys, store.KeyLocation{TenantID: parts[0], UserID: parts[1], ClientID: parts[2]})
			return nil
		})
	})
	return keys, err
}
