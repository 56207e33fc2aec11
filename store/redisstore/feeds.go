package redisstore

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// A change feed is a list of entries, the latest last, in the slot of the records, written by the script that changes the record. An
// entry is a version that never comes twice, and a user ID. A reader must find the entry that it continues from: if it is missing, it was
// trimmed as too old, or lost in a failover, or Redis was filled again.
//
// It is no stream, because the smallest stream takes over 4 kB, and there is one feed for each tenant.

// unwritten is the version of an empty feed.
const unwritten store.Version = "0"

const (
	// entriesKept has room for the entry to continue from.
	entriesKept = store.ChangesKept + 1
	// entriesAtOnce is how many a reader looks through before it asks for all.
	entriesAtOnce = 64
)

// feed makes the change write to the change feed of its slot.
func (c *change) feed(at slot, userID string) {
	c.do("RPUSH", at.changesKey(), rand.Text()+" "+userID)
	c.do("LTRIM", at.changesKey(), -entriesKept, -1)
}

// MembershipChanges implements store.Feeds.
func (s *Store) MembershipChanges(ctx context.Context, tenantID string, since store.Version) (store.Changes, error) {
	return s.changes(ctx, ofTenant(tenantID), since)
}

// UserChanges implements store.Feeds.
func (s *Store) UserChanges(ctx context.Context, accountID string, since store.Version) (store.Changes, error) {
	return s.changes(ctx, ofAccount(accountID), since)
}

func (s *Store) changes(ctx context.Context, at slot, since store.Version) (changes store.Changes, err error) {
	for _, latest := range []int{entriesAtOnce, entriesKept} {
		entries, err := s.client.LRange(ctx, at.changesKey(), int64(-latest), -1).Result()
		if err != nil {
			return store.Changes{}, unavailable(ctx, err)
		}
		all := len(entries) < latest
		if changes = changesIn(entries, since, all); changes.Complete || all || since == "" {
			break
		}
	}
	return changes, nil
}

// changesIn returns the changes since a version, from the last entries of a feed. With all, nothing was before them.
func changesIn(entries []string, since store.Version, all bool) store.Changes {
	changes := store.Changes{Version: unwritten, Complete: all && since == unwritten}
	for _, entry := range entries {
		version, userID, _ := strings.Cut(entry, " ")
		changes.Version = store.Version(version)
		switch {
		case changes.Complete:
			changes.IDs = append(changes.IDs, userID)
		case changes.Version == since:
			changes.Complete = true
		}
	}
	return changes
}

// dropOldFeeds removes the feeds of schema 1, which were streams.
func (s *Store) dropOldFeeds(ctx context.Context) error {
	keys, err := s.scan(ctx, slot("*").key("changes"))
	if err != nil {
		return err
	}
	for some := range slices.Chunk(keys, batch) {
		_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for _, key := range some {
				pipe.Del(ctx, key)
			}
			return nil
		})
		if err != nil {
			return unavailable(ctx, err)
		}
	}
	return nil
}
