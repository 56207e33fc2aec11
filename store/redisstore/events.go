package redisstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/policy"
	"mintkey/store"
)

// An audit trail is a sorted set whose scores are all zero, which Redis orders by the bytes of its members: an event's ID,
// a space, the event.

func encodeEvent(event policy.Event) (string, error) {
	text, err := encode(event)
	return event.ID + " " + text, err
}

// record makes the change write the events to the trail of its slot, and those that are to be announced to the outbox.
func (s *Store) record(ctx context.Context, c *change, at slot, events []policy.Event) error {
	for _, event := range events {
		entry, err := encodeEvent(event)
		if err != nil {
			return err
		}
		c.do("ZADD", at.trailKey(), 0, entry)
	}
	return s.announce(ctx, c, at, events)
}

func decodeEvent(entry string) (policy.Event, error) {
	_, text, _ := strings.Cut(entry, " ")
	return decode[policy.Event](text)
}

// Events implements store.AuditTrail.
func (s *Store) Events(ctx context.Context, accountID string, query store.EventsQuery) ([]policy.Event, error) {
	tenants, err := s.client.ZRange(ctx, accountTenantsKey(accountID), 0, -1).Result()
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	trails := []string{ofAccount(accountID).trailKey()}
	for _, tenantID := range tenants {
		trails = append(trails, ofTenant(tenantID).trailKey())
	}
	// A page may have too much: events of another account, whose tenant is wrongly in the index, or events a part of a millisecond too old.
	fits := func(e policy.Event) bool { return e.AccountID == accountID && !e.At.Before(query.Since) }
	var found []policy.Event
	for before := query.Before; len(found) < query.Limit; {
		page, err := s.newest(ctx, trails, before, query.Since, query.Limit)
		if err != nil {
			return nil, err
		}
		for _, event := range page {
			if fits(event) && len(found) < query.Limit {
				found = append(found, event)
			}
		}
		if len(page) < query.Limit {
			break
		}
		before = page[len(page)-1].ID
	}
	return found, nil
}

// newest merges the trails, newest first, down to the limit.
func (s *Store) newest(ctx context.Context, trails []string, before string, since time.Time, limit int) ([]policy.Event, error) {
	from, to := "-", "+"
	if before != "" {
		to = "(" + before
	}
	if !since.IsZero() {
		from = "[" + policy.NewEventID(since, [10]byte{})
	}
	var events []policy.Event
	for some := range slices.Chunk(trails, batch) {
		pipe := s.client.Pipeline()
		replies := make([]*redis.StringSliceCmd, len(some))
		for i, trail := range some {
			replies[i] = pipe.ZRangeArgs(ctx, redis.ZRangeArgs{Key: trail, ByLex: true, Rev: true, Start: to, Stop: from, Count: int64(limit)})
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return nil, unavailable(ctx, err)
		}
		for _, reply := range replies {
			for _, entry := range reply.Val() {
				event, err := decodeEvent(entry)
				if err != nil {
					return nil, err
				}
				events = append(events, event)
			}
		}
		slices.SortFunc(events, func(a, b policy.Event) int { return cmp.Compare(b.ID, a.ID) })
		events = events[:min(len(events), limit)]
	}
	return events, nil
}

// RecordEvents implements store.AuditTrail. The events go to the trail of their account, where they are found even if they
// name a tenant that does not exist.
func (s *Store) RecordEvents(ctx context.Context, events ...policy.Event) error {
	return store.ConfirmOnce(ctx, func(ctx context.Context) error {
		announced := map[string][]policy.Event{} // by account
		pipe := s.client.Pipeline()
		for _, event := range events {
			if event.Announce {
				announced[event.AccountID] = append(announced[event.AccountID], event)
				continue
			}
			entry, err := encodeEvent(event)
			if err != nil {
				return fmt.Errorf("event %s: %w", event.ID, err)
			}
			pipe.ZAdd(ctx, ofAccount(event.AccountID).trailKey(), redis.Z{Member: entry})
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return unavailable(ctx, err)
		}
		for accountID, events := range announced {
			err := untilSaved(ctx, func() (bool, error) {
				var c change
				if err := s.record(ctx, &c, ofAccount(accountID), events); err != nil {
					return false, err
				}
				return s.commit(ctx, c)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
