package redisstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

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
		if err := c.append(at, event); err != nil {
			return err
		}
	}
	return s.announce(ctx, c, at, events)
}

func (c *change) append(at slot, event policy.Event) error {
	entry, err := encodeEvent(event)
	if err != nil {
		return fmt.Errorf("event %s: %w", event.ID, err)
	}
	c.do("ZADD", at.trailKey(), 0, entry)
	c.arrive(at, event)
	return nil
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
	slots := []slot{ofAccount(accountID)}
	for _, tenantID := range tenants {
		slots = append(slots, ofTenant(tenantID))
	}
	// A page may have too much: events of another account, whose tenant is wrongly in the index, or events a part of a millisecond too old.
	fits := func(e placedEvent) bool { return e.AccountID == accountID && !e.At.Before(query.Since) }
	var found []policy.Event
	for next := query; len(found) < query.Limit; {
		page, err := s.merged(ctx, slots, next)
		if err != nil {
			return nil, err
		}
		for _, event := range page {
			if fits(event) && len(found) < query.Limit {
				found = append(found, event.Event)
			}
		}
		if len(page) < query.Limit {
			break
		}
		next.Before, next.After = page[len(page)-1].ID, page[len(page)-1].ID
	}
	return found, nil
}

// placedEvent is an event and the slot whose trail it is in.
type placedEvent struct {
	policy.Event

	at slot
}

// merged merges the trails of the slots, in the order of the query and down to its limit. It reads a few events of each trail, and more of
// one only while all that were read of it belong into the page: an account of many tenants has many trails, and a page few events.
func (s *Store) merged(ctx context.Context, slots []slot, query store.EventsQuery) (events []placedEvent, err error) {
	compare, share := compareEvents(query), query
	share.Limit = min(2*query.Limit/len(slots)+1, query.Limit)
	unread := make([]trailPart, 0, len(slots))
	for _, at := range slots {
		unread = append(unread, trailPart{at, share})
	}
	for len(unread) > 0 {
		var lasts []placedEvent // of the parts that may not be the end of their trails
		for some := range slices.Chunk(unread, batch) {
			found, last, err := s.readTrails(ctx, some)
			if err != nil {
				return nil, err
			}
			events, lasts = append(events, found...), append(lasts, last...)
		}
		slices.SortFunc(events, compare)
		events = events[:min(len(events), query.Limit)]
		share.Limit = min(2*share.Limit, query.Limit)
		unread = unread[:0]
		for _, last := range lasts {
			if len(events) < query.Limit || compare(last, events[query.Limit-1]) < 0 {
				share.Before, share.After = last.ID, last.ID
				unread = append(unread, trailPart{last.at, share})
			}
		}
	}
	return events, nil
}

// trailPart is what is to be read of the trail of a slot.
type trailPart struct {
	at    slot
	query store.EventsQuery
}

// readTrails returns the parts, and the last event of each that is as long as it may be.
func (s *Store) readTrails(ctx context.Context, parts []trailPart) (events, lasts []placedEvent, err error) {
	pipe := s.client.Pipeline()
	replies := make([]*redis.StringSliceCmd, len(parts))
	for i, part := range parts {
		replies[i] = pipe.ZRangeArgs(ctx, rangeOfTrail(part.at.trailKey(), part.query))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, nil, unavailable(ctx, err)
	}
	for i, reply := range replies {
		for _, entry := range reply.Val() {
			event, err := decodeEvent(entry)
			if err != nil {
				return nil, nil, err
			}
			events = append(events, placedEvent{event, parts[i].at})
		}
		if n := len(reply.Val()); n == parts[i].query.Limit {
			lasts = append(lasts, events[len(events)-1])
		}
	}
	return events, lasts, nil
}

// compareEvents orders events as the query does.
func compareEvents(query store.EventsQuery) func(a, b placedEvent) int {
	if query.OldestFirst {
		return func(a, b placedEvent) int { return cmp.Compare(a.ID, b.ID) }
	}
	return func(a, b placedEvent) int { return cmp.Compare(b.ID, a.ID) }
}

func rangeOfTrail(key string, query store.EventsQuery) redis.ZRangeArgs {
	oldest := "-"
	if !query.Since.IsZero() {
		oldest = "[" + policy.NewEventID(query.Since, [10]byte{})
	}
	args := redis.ZRangeArgs{Key: key, ByLex: true, Count: int64(query.Limit)}
	if query.OldestFirst {
		if query.After != "" && query.After >= strings.TrimLeft(oldest, "[-") {
			oldest = "(" + query.After + "!" // behind the member that begins with the ID and a space
		}
		args.Start, args.Stop = oldest, "+"
		return args
	}
	newest := "+"
	if query.Before != "" {
		newest = "(" + query.Before
	}
	args.Rev, args.Start, args.Stop = true, newest, oldest
	return args
}

// RecordEvents implements store.AuditTrail. The events go to the trail of their account, where they are found even if they
// name a tenant that does not exist.
func (s *Store) RecordEvents(ctx context.Context, events ...policy.Event) error {
	return store.ConfirmOnce(ctx, func(ctx context.Context) error {
		for some := range slices.Chunk(events, movedAtOnce) {
			byAccount := map[string][]policy.Event{}
			for _, event := range some {
				byAccount[event.AccountID] = append(byAccount[event.AccountID], event)
			}
			for accountID, events := range byAccount {
				if err := s.recordIn(ctx, ofAccount(accountID), events); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (s *Store) recordIn(ctx context.Context, at slot, events []policy.Event) error {
	return untilSaved(ctx, func() (bool, error) {
		known, err := s.recorded(ctx, events)
		if err != nil {
			return false, err
		}
		var c change
		for _, event := range events {
			if !known[event.ID] {
				if err := c.append(at, event); err != nil {
					return false, err
				}
			}
		}
		if err := s.announce(ctx, &c, at, events); err != nil || len(c.commands) == 0 {
			return true, err
		}
		return s.commit(ctx, c)
	})
}

// recorded says which of the events are in a trail already.
func (s *Store) recorded(ctx context.Context, events []policy.Event) (map[string]bool, error) {
	pipe := s.client.Pipeline()
	replies := map[string][]*redis.IntCmd{}
	for _, event := range events {
		from, to := rangeOfEvent(event.ID)
		for _, at := range homes(event) {
			replies[event.ID] = append(replies[event.ID], pipe.ZLexCount(ctx, at.trailKey(), from, to))
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, unavailable(ctx, err)
	}
	known := map[string]bool{}
	for id, counts := range replies {
		known[id] = slices.ContainsFunc(counts, func(count *redis.IntCmd) bool { return count.Val() > 0 })
	}
	return known, nil
}
