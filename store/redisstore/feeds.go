package redisstore

import (
	"context"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// A change feed is a stream of user IDs, in the slot of the records, written by the script that changes the record. A version
// is the ID of its last entry, which Redis makes from its clock and never repeats. A reader must find the entry that it continues from:
// if it is missing, it was trimmed as too old, or lost in a failover, or Redis was filled again.

const (
	changedField = "user"
	// unwritten is the version of an empty feed.
	unwritten = "0-0"
)

// entriesKept has room for the entry to continue from. MAXLEN with a tilde leaves up to a hundred more, and costs nothing.
const entriesKept = store.ChangesKept + 1

// feed makes the change write to the change feed of its slot.
func (c *change) feed(at slot, userID string) {
	c.do("XADD", at.changesKey(), "MAXLEN", "~", entriesKept, "*", changedField, userID)
}

// MembershipChanges implements store.Feeds.
func (s *Store) MembershipChanges(ctx context.Context, tenantID string, since store.Version) (store.Changes, error) {
	return s.changes(ctx, ofTenant(tenantID), since)
}

// UserChanges implements store.Feeds.
func (s *Store) UserChanges(ctx context.Context, accountID string, since store.Version) (store.Changes, error) {
	return s.changes(ctx, ofAccount(accountID), since)
}

// changes reads the last entry before those since: an entry that comes between is returned twice, and not missed.
func (s *Store) changes(ctx context.Context, at slot, since store.Version) (store.Changes, error) {
	from := string(since)
	if !isEntryID(from) {
		from = "+" // nothing is after it
	}
	pipe := s.client.Pipeline()
	last := pipe.XRevRangeN(ctx, at.changesKey(), "+", "-", 1)
	entries := pipe.XRange(ctx, at.changesKey(), from, "+")
	if _, err := pipe.Exec(ctx); err != nil {
		return store.Changes{}, unavailable(ctx, err)
	}
	changes := store.Changes{Version: unwritten}
	if len(last.Val()) > 0 {
		changes.Version = store.Version(last.Val()[0].ID)
	}
	if changes.Complete = follows(entries.Val(), from); !changes.Complete {
		return changes, nil
	}
	for _, entry := range entries.Val() {
		if entry.ID != from {
			id, _ := entry.Values[changedField].(string)
			changes.IDs = append(changes.IDs, id)
		}
	}
	return changes, nil
}

// follows says whether the entries are all that came since from.
func follows(entries []redis.XMessage, from string) bool {
	if from == unwritten {
		return len(entries) < entriesKept // so none was trimmed
	}
	return len(entries) > 0 && entries[0].ID == from
}

func isEntryID(text string) bool {
	milliseconds, count, _ := strings.Cut(text, "-")
	_, err := strconv.ParseUint(milliseconds, 10, 64)
	if err == nil {
		_, err = strconv.ParseUint(count, 10, 64)
	}
	return err == nil
}
