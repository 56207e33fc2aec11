package redisstore

import (
	"context"

	"mintkey/store"
)

// The entries of a membership are in other slots than its record: they are written before it, and removed after it.
// So a crash leaves at worst an entry for a key without the digest.

func digestsOf(prefix string) spread { return spreadAt("mintkey:digests:", prefix) }

// enterDigests works even when memory is full: a revocation enters the digests of the other keys of a membership that was never indexed.
func (s *Store) enterDigests(ctx context.Context, entries []store.DigestEntry) error {
	for _, entry := range entries {
		err := untilSaved(ctx, func() (bool, error) {
			at := digestsOf(entry.Prefix)
			var c change
			c.evenIfFull("ZREM", at.key, "")
			c.index(at.key, at.member(entry.ClientID))
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
		at := digestsOf(entry.Prefix)
		_ = s.client.ZRem(ctx, at.key, at.member(entry.ClientID)).Err()
	}
}

// KeysByDigestPrefix implements store.Digests.
func (s *Store) KeysByDigestPrefix(ctx context.Context, prefix string) ([]string, error) {
	return s.allIn(ctx, digestsOf(prefix), "mintkey:digest:"+prefix)
}
