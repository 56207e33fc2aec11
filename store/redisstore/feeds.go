package redisstore

import (
	"context"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// A feed of changes is a stream in the slot of the records, of the IDs of users, written by the script that changes the record. A version is
// the ID of its last entry, which Redis makes from its clock and never twice. Whoever asks for what came after an entry must find that
// entry itself: where it is not, it was cut off as too old, or lost in a failover, or Redis was filled anew.

const (
	changedField = "user"
	// unwritten is the version of a feed in which nothing was written yet.
	unwritten = "0-0"
)

// entriesKept has room for the entry that is asked with. MAXLEN with a tilde leaves up to a hundred more, and costs nothing.
const entriesKept = store.ChangesKept + 1

// tell makes the change write to the feed of its slot.
func (c *change) tell(at slot, userID string) {
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

// changes asks for the last entry before it asks for those since: what comes between is told twice, and not missed.
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
		return len(entries) < entriesKept // so none was cut off
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
