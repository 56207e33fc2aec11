package redisstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// checkUnused returns store.ErrIDUsed for the ID of a user who was deleted.
func (s *Store) checkUnused(ctx context.Context, userID string) error {
	err := s.client.ZScore(ctx, usedIDsKey, store.UsedUserID(userID)).Err()
	switch {
	case errors.Is(err, redis.Nil):
		return nil
	case err != nil:
		return unavailable(ctx, err)
	}
	return store.ErrIDUsed
}

// EachUsedID implements store.UsedIDs.
func (s *Store) EachUsedID(ctx context.Context, visit func(string) error) error {
	for after := ""; ; {
		digests, err := s.idsAfter(ctx, usedIDsKey, after, batch)
		if err != nil {
			return err
		}
		for _, digest := range digests {
			if err := visit(digest); err != nil {
				return err
			}
		}
		if len(digests) < batch {
			return nil
		}
		after = digests[len(digests)-1]
	}
}

// AddUsedIDs implements store.UsedIDs.
func (s *Store) AddUsedIDs(ctx context.Context, digests ...string) error {
	if len(digests) == 0 {
		return nil
	}
	return untilSaved(ctx, func() (bool, error) {
		var c change
		c.evenIfFull("ZREM", usedIDsKey, "") // a user may have to be deleted
		for _, digest := range digests {
			c.index(usedIDsKey, digest)
		}
		return s.commit(ctx, c)
	})
}
