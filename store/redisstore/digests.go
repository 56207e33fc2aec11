package redisstore

import (
	"context"

	"mintkey/store"
)

// The entries of a membership are in other slots than its record: they are written before it, and removed after it.
// So a crash leaves at worst an entry for a key without the digest.

// enterDigests works even when memory is full: a revocation enters the digests of the other keys of a membership that was never indexed.
func (s *Store) enterDigests(ctx context.Context, entries []store.DigestEntry) error {
	for _, entry := range entries {
		err := untilSaved(ctx, func() (bool, error) {
			var c change
			c.evenIfFull("ZREM", digestKey(entry.Prefix), "")
			c.index(digestKey(entry.Prefix), entry.ClientID)
			return s.commit(ctx, c)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// dropDigests removes entries. If it fails, an entry points to a key without the digest, which every reader expects.
func (s *Store) dropDigests(ctx context.Context, entries []store.DigestEntry) {
	for _, entry := range entries {
		_ = s.client.ZRem(ctx, digestKey(entry.Prefix), entry.ClientID).Err()
	}
}

// KeysByDigestPrefix implements store.Digests.
func (s *Store) KeysByDigestPrefix(ctx context.Context, prefix string) ([]string, error) {
	ids, err := s.client.ZRange(ctx, digestKey(prefix), 0, -1).Result()
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	return ids, nil
}
