package redisstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/policy"
	"mintkey/store"
)

// The outbox of a slot has each entry under a key of its own, which begins with the time at which the entry is due,
// and a sorted set of these times, each with the ID of the event. A lease is just a later time.

// place is the member of the outbox's set for an entry. Members of all slots sort by the time at which their entries are due.
type place string

func newPlace(due time.Time, eventID string) place { return place(instant(due) + " " + eventID) }

func (p place) eventID() string { return string(p)[instantSize+1:] }

// placeOf returns the place of an entry that was read.
func placeOf(entry snapshot, eventID string) place {
	due, _, _ := strings.Cut(entry.value, " ")
	return place(due + " " + eventID)
}

func decodeEntry(entry snapshot) (store.OutboxEntry, error) {
	_, text, _ := strings.Cut(entry.value, " ")
	return decode[store.OutboxEntry](text)
}

// schedule saves the entry as due at the given time, replacing any earlier one.
func (c *change) schedule(at slot, old snapshot, entry store.OutboxEntry, due time.Time) error {
	text, err := encode(entry)
	if err != nil {
		return err
	}
	to := newPlace(due, entry.Event.ID)
	if from := placeOf(old, entry.Event.ID); old.exists && from != to {
		c.unindex(at.outboxKey(), string(from))
	}
	c.index(at.outboxKey(), string(to))
	c.put(old, instant(due)+" "+text)
	return nil
}

// homes are the slots whose outbox may have the event: that of its tenant or that of its account, depending on the change
// that it was written with.
func homes(event policy.Event) []slot {
	if event.TenantID == "" {
		return []slot{ofAccount(event.AccountID)}
	}
	return []slot{ofTenant(event.TenantID), ofAccount(event.AccountID)}
}

// announce makes the change write the events with Announce set to the outbox of its slot.
func (s *Store) announce(ctx context.Context, c *change, at slot, events []policy.Event) error {
	keys := []string{at.epochKey()}
	var announced []policy.Event
	for _, event := range events {
		if !event.Announce {
			continue
		}
		if !slices.Contains(homes(event), at) {
			return fmt.Errorf("event %s is announced in the outbox of %s, where it would not be found", event.ID, at)
		}
		announced = append(announced, event)
		keys = append(keys, at.entryKey(event.ID))
	}
	if len(announced) == 0 {
		return nil
	}
	read, err := s.getAll(ctx, keys...)
	if err != nil {
		return err
	}
	epoch, entries := read[0], read[1:]
	earliest := slices.MinFunc(announced, func(a, b policy.Event) int { return a.At.Compare(b.At) })
	if err := s.enlist(ctx, c, at, epoch, earliest.At); err != nil {
		return err
	}
	for i, event := range announced {
		if err := c.schedule(at, entries[i], store.OutboxEntry{Event: event}, event.At); err != nil {
			return err
		}
	}
	return nil
}

// findEntry finds the slot that has the entry of an event, and reads it.
func (s *Store) findEntry(ctx context.Context, event policy.Event) (slot, snapshot, error) {
	places := homes(event)
	keys := make([]string, len(places))
	for i, at := range places {
		keys[i] = at.entryKey(event.ID)
	}
	entries, err := s.getAll(ctx, keys...)
	if err != nil {
		return "", snapshot{}, err
	}
	found := max(0, slices.IndexFunc(entries, func(e snapshot) bool { return e.exists }))
	return places[found], entries[found], nil
}

// CompleteOutbox implements store.Outbox.
func (s *Store) CompleteOutbox(ctx context.Context, entry store.OutboxEntry) error {
	return untilSaved(ctx, func() (bool, error) {
		at, old, err := s.findEntry(ctx, entry.Event)
		if err != nil || !old.exists {
			return true, err
		}
		var c change
		c.remove(old)
		c.unindex(at.outboxKey(), string(placeOf(old, entry.Event.ID)))
		return s.commit(ctx, c)
	})
}

// PostponeOutbox implements store.Outbox.
func (s *Store) PostponeOutbox(ctx context.Context, entry store.OutboxEntry, due time.Time) error {
	return s.saveAll(ctx, func(ctx context.Context) (bool, error) {
		at, old, err := s.findEntry(ctx, entry.Event)
		if err != nil || !old.exists {
			return true, err
		}
		epoch, err := s.get(ctx, at.epochKey())
		if err != nil {
			return false, err
		}
		var c change
		if err := s.enlist(ctx, &c, at, epoch, due); err != nil {
			return false, err
		}
		if err := c.schedule(at, old, entry, due); err != nil {
			return false, err
		}
		return s.commit(ctx, c)
	})
}

// Backlog implements store.Outbox. It reads 500 slots at most, those first in which something is due next.
func (s *Store) Backlog(ctx context.Context) (found store.Backlog, err error) {
	listings, err := s.listed(ctx, time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)) // whenever it is due
	if err != nil || len(listings) == 0 {
		return found, err
	}
	pipe := s.client.Pipeline()
	replies := make([]*redis.StringSliceCmd, len(listings))
	for i, l := range listings {
		replies[i] = pipe.ZRange(ctx, l.slot.outboxKey(), 0, store.MaxBacklog/int64(len(listings)))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return found, unavailable(ctx, err)
	}
	for _, reply := range replies {
		for _, member := range reply.Val() {
			if found.Entries < store.MaxBacklog {
				found.Add(place(member).eventID())
			}
		}
	}
	return found, nil
}
