package redisstore

import (
	"context"
	"fmt"
	"strings"

	"mintkey/store"
)

// The entries of a membership are in other slots than its record: they are written before it, and removed after it.
// So a crash leaves at worst an entry for a key without the digest.

func digestMember(key store.KeyLocation) string {
	return strings.Join([]string{key.TenantID, key.UserID, key.ClientID}, "/")
}

// enterDigests works even when memory is full: a revocation enters the digests of the other keys of a membership that was never indexed.
func (s *Store) enterDigests(ctx context.Context, entries []store.DigestEntry) error {
	for _, entry := range entries {
		err := untilSaved(ctx, func() (bool, error) {
			var c change
			c.evenIfFull("ZREM", digestKey(entry.Prefix), "")
			c.index(digestKey(entry.Prefix), digestMember(entry.Key))
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
		_ = s.client.ZRem(ctx, digestKey(entry.Prefix), digestMember(entry.Key)).Err()
	}
}

// KeysByDigestPrefix implements store.Digests.
func (s *Store) KeysByDigestPrefix(ctx context.Context, prefix string) ([]store.KeyLocation, error) {
	members, err := s.client.ZRange(ctx, digestKey(prefix), 0, -1).Result()
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	keys := make([]store.KeyLocation, len(members))
	for i, member := range members {
		parts := strings.SplitN(member, "/", 3)
		if len(parts) != 3 {
			return nil, fmt.Errorf("decode %s: member %q", digestKey(prefix), member)
		}
		keys[i] = store.KeyLocation{TenantID: parts[0], UserID: parts[1], ClientID: parts[2]}
	}
	return keys, nil
}
