package redisstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// claim is what a claimer finds, and takes, in a slot that is listed as due.
type claim struct {
	listing
	due  []place // oldest first
	take int     // that many of them, from the first
}

// leased is an entry that a claimer has leased.
type leased struct {
	place place
	entry store.OutboxEntry
}

// ClaimOutbox implements store.Outbox. It reads 500 slots at most: when more have something due, an older entry of another slot may come
// later. When nothing is due, it is one command.
func (s *Store) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]store.OutboxEntry, error) {
	var got []leased
	err := untilSaved(ctx, func() (bool, error) {
		claims, err := s.due(ctx, now, limit)
		found := false
		for _, c := range claims {
			if err != nil {
				break
			}
			found = found || len(c.due) > 0
			var some []leased
			some, err = s.lease(ctx, c, now, leaseEnds)
			got = append(got, some...)
		}
		return len(got) > 0 || !found, err // when others took all that was found, there may be more
	})
	if err != nil && len(got) == 0 {
		return nil, err
	}
	// What has been leased is returned even if the rest failed, because no other claimer gets it.
	slices.SortFunc(got, func(a, b leased) int { return cmp.Compare(a.place, b.place) })
	entries := make([]store.OutboxEntry, len(got))
	for i, l := range got {
		entries[i] = l.entry
	}
	return entries, nil
}

// due finds the oldest entries that are due, at most limit in all slots together.
func (s *Store) due(ctx context.Context, now time.Time, limit int) ([]claim, error) {
	listings, err := s.listed(ctx, now)
	if err != nil || len(listings) == 0 {
		return nil, err
	}
	pipe := s.client.Pipeline()
	replies := make([]*redis.StringSliceCmd, len(listings))
	for i, l := range listings {
		replies[i] = pipe.ZRangeArgs(ctx, redis.ZRangeArgs{
			Key: l.slot.outboxKey(), ByLex: true, Start: "-", Stop: afterInstant(now), Count: int64(limit),
		})
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, unavailable(ctx, err)
	}
	type found struct {
		claim int
		place string
	}
	var all []found
	claims := make([]claim, len(listings))
	for i, reply := range replies {
		claims[i].listing = listings[i]
		for _, member := range reply.Val() {
			claims[i].due = append(claims[i].due, place(member))
			all = append(all, found{i, member})
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(a.place, b.place) })
	for _, oldest := range all[:min(len(all), limit)] {
		claims[oldest.claim].take++
	}
	return claims, nil
}

// tentativeLease is how long entries are leased before the claimer knows that it has them. When the answer to the first of the two steps
// of a lease is lost, nobody works on the entries, and they are due again soon.
const tentativeLease = 10 * time.Second

// lease leases the entries, unless another claimer was quicker, first for a short time and then until the lease ends, and lists the slot
// again. A slot where nothing was due is only listed again, and one whose entries are not taken this time is left alone.
func (s *Store) lease(ctx context.Context, from claim, now, leaseEnds time.Time) ([]leased, error) {
	if from.take == 0 && len(from.due) > 0 {
		return nil, nil
	}
	first := now.Add(tentativeLease)
	if leaseEnds.Before(first) {
		first = leaseEnds
	}
	got, err := s.moveDue(ctx, from.slot, from.due[:from.take], first, true)
	if err != nil {
		return nil, err
	}
	if len(got) > 0 && first.Before(leaseEnds) {
		places := make([]place, len(got))
		for i, l := range got {
			places[i] = newPlace(first, l.entry.Event.ID)
		}
		// Whatever becomes of this, nobody else gets the entries before the first step ends.
		_, _ = s.moveDue(ctx, from.slot, places, leaseEnds, false)
	}
	return got, s.relist(ctx, from.listing)
}

// moveDue makes those entries due at another time that are still due as the places say, in one change that can end the epoch of the slot.
func (s *Store) moveDue(
	ctx context.Context, at slot, places []place, due time.Time, endEpoch bool,
) (moved []leased, err error) {
	keys := make([]string, len(places))
	for i, place := range places {
		keys[i] = at.entryKey(place.eventID())
	}
	err = untilSaved(ctx, func() (bool, error) {
		moved = nil
		entries, err := s.getAll(ctx, keys...)
		if err != nil {
			return false, err
		}
		var c change
		for i, read := range entries {
			place := places[i]
			if !read.exists || placeOf(read, place.eventID()) != place {
				continue
			}
			entry, err := decodeEntry(read)
			if err != nil {
				return false, err
			}
			if err := c.schedule(at, read, entry, due); err != nil {
				return false, err
			}
			moved = append(moved, leased{place, entry})
		}
		if endEpoch {
			c.endEpoch(at)
		}
		if len(moved) == 0 && !endEpoch {
			return true, nil
		}
		return s.commit(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	return moved, nil
}
