package redisstore

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// One sorted set lists the slots that have something in their outbox, by the time at which it is due. So one command shows
// that nothing is due anywhere. In a Cluster no script can change that set and an outbox together, because they are in different slots.
// The epoch, a number in the slot of the outbox, keeps an entry from being missed:
//
//   - A writer of an entry reads the epoch, lists the slot under it, at the time when the entry will be due, and then writes
//     on condition that the epoch is still the same.
//   - To remove a listing, its epoch is ended first. From then on nothing can be written under it. So what is read of the outbox
//     after that is everything that the listing stood for, and a listing under the new epoch replaces it.
//
// A crash between two of these steps leaves a listing with nothing due, which the next claim removes.

// listing is what the set has of one slot: mostly one member, the slot and its epoch.
type listing struct {
	slot    slot
	members []any
}

func listingMember(at slot, epoch snapshot) string { return string(at) + "/" + epoch.value }

// listingScore need not be exact, but must not change the order of two times.
func listingScore(t time.Time) float64 { return float64(t.UnixMicro()) }

// groupListings groups the members by slot, in the order of the first of each.
func groupListings(members []string) []listing {
	var grouped []listing
	indexes := map[slot]int{}
	for _, member := range members {
		name, _, _ := strings.Cut(member, "/")
		i, known := indexes[slot(name)]
		if !known {
			i = len(grouped)
			indexes[slot(name)] = i
			grouped = append(grouped, listing{slot: slot(name)})
		}
		grouped[i].members = append(grouped[i].members, member)
	}
	return grouped
}

// enlist lists the slot under an epoch that was read, for a change that then expects that epoch. Outside a Cluster this is part of the
// change: a revocation waits for nothing before it takes effect.
func (s *Store) enlist(ctx context.Context, c *change, at slot, epoch snapshot, due time.Time) error {
	c.expect(epoch)
	if !s.isCluster() {
		c.do("ZADD", outboxesKey, "LT", listingScore(due), listingMember(at, epoch))
		return nil
	}
	return untilSaved(ctx, func() (bool, error) {
		var first change
		first.evenIfFull("ZREM", outboxesKey, "")
		first.do("ZADD", outboxesKey, "LT", listingScore(due), listingMember(at, epoch))
		return s.commit(ctx, first)
	})
}

// listed reads which slots may have something due, oldest first. It reads a batch at most.
func (s *Store) listed(ctx context.Context, now time.Time) ([]listing, error) {
	members, err := s.client.ZRangeArgs(ctx, redis.ZRangeArgs{
		Key: outboxesKey, Start: "-inf", Stop: listingScore(now), ByScore: true, Count: batch,
	}).Result()
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	return groupListings(members), nil
}

// endEpoch makes the change end the epoch of the slot, so that a relist may follow.
func (c *change) endEpoch(at slot) { c.do("INCR", at.epochKey()) }

// relist replaces the listings of a slot, whose epoch has been ended since they were read, by one for what is left in the outbox.
func (s *Store) relist(ctx context.Context, old listing) error {
	return untilSaved(ctx, func() (bool, error) {
		pipe := s.client.Pipeline()
		epoch := pipe.Get(ctx, old.slot.epochKey())
		first := pipe.ZRange(ctx, old.slot.outboxKey(), 0, 0)
		if _, err := pipe.Exec(ctx); err != nil {
			return false, unavailable(ctx, err)
		}
		var c change
		c.evenIfFull("ZREM", outboxesKey, "")
		over := old.members
		for _, place := range first.Val() {
			due, err := parseInstant(place)
			if err != nil {
				return false, err
			}
			member := listingMember(old.slot, snapshot{value: epoch.Val()})
			c.do("ZADD", outboxesKey, "LT", listingScore(due), member)
			over = slices.DeleteFunc(slices.Clone(over), func(old any) bool { return old == member })
		}
		c.unindex(outboxesKey, over...)
		return s.commit(ctx, c)
	})
}
