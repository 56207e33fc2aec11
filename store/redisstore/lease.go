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
			some, err = s.lease(ctx, c, leaseEnds)
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

// lease makes the entries due at the end of the lease, unless another claimer was quicker, and lists the slot again.
// A slot where nothing was due is only listed again, and one whose entries are not taken this time is left alone.
func (s *Store) lease(ctx context.Context, from claim, leaseEnds time.Time) (got []leased, err error) {
	if from.take == 0 && len(from.due) > 0 {
		return nil, nil
	}
	keys := make([]string, from.take)
	for i, place := range from.due[:from.take] {
		keys[i] = from.slot.entryKey(place.eventID())
	}
	err = untilSaved(ctx, func() (bool, error) {
		got = nil
		entries, err := s.getAll(ctx, keys...)
		if err != nil {
			return false, err
		}
		var c change
		for i, read := range entries {
			place := from.due[i]
			if !read.exists || placeOf(read, place.eventID()) != place {
				continue
			}
			entry, err := decodeEntry(read)
			if err != nil {
				return false, err
			}
			if err := c.schedule(from.slot, read, entry, leaseEnds); err != nil {
				return false, err
			}
			got = append(got, leased{place, entry})
		}
		c.endEpoch(from.slot)
		return s.commit(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	return got, s.relist(ctx, from.listing)
}
