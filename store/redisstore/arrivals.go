package redisstore

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/policy"
	"mintkey/store"
)

// The order of arrivals of an account is a stream in the slot of the account, of slots and event IDs. No script can write it together with
// a change in the slot of a tenant. So the script of the change puts the event's ID into a queue in its own slot, and whoever reads the
// stream first moves what is queued: it adds to the stream and notes what it has come to, in one script, on condition that nobody else
// has. Only then it removes from the queue, all but the last, which the note is compared with. So each event is moved once, and whatever is
// committed later comes later, by whichever clock.
//
// A set names the slots that have something queued, so that a reader need not look into every tenant. A writer enters its slot there when
// it has committed; a reader takes the slot out before it looks. A writer that crashes in between is found by a look into every slot, which
// one reader at a time does once a minute.

// noArrival is the position before the first entry.
const noArrival = "0-0"

const (
	slotField  = "slot"
	eventField = "event"
	// sweepEvery goes by the clock of Redis.
	sweepEvery = time.Minute
	// movedAtOnce limits how long a script runs.
	movedAtOnce = 200
)

func (s slot) queueKey() string { return s.key("arriving") } // list of event IDs

func arrivedKey(accountID string) string    { return ofAccount(accountID).key("arrived") }     // stream
func arrivedOldKey(accountID string) string { return ofAccount(accountID).key("arrived-old") } // see putOldInOrder
func arrivedOfKey(accountID string, of slot) string {
	return ofAccount(accountID).key("arrived-of:" + string(of))
}
func arrivingSlotsKey(accountID string) string { return ofAccount(accountID).key("arriving-slots") } // set
func sweptKey(accountID string) string         { return ofAccount(accountID).key("arriving-swept") } // has a time-to-live

// arrive makes the change queue the event.
func (c *change) arrive(at slot, event policy.Event) {
	c.do("RPUSH", at.queueKey(), event.ID)
	if at != ofAccount(event.AccountID) {
		c.queued = append(c.queued, queuedAt{event.AccountID, at})
	}
}

type queuedAt struct {
	accountID string
	at        slot
}

// tellQueued enters the slots of a change that is committed. A failure only delays the event: see above.
func (s *Store) tellQueued(ctx context.Context, c change) {
	for _, q := range slices.Compact(c.queued) {
		s.client.SAdd(ctx, arrivingSlotsKey(q.accountID), string(q.at))
	}
}

// Arrivals implements store.AuditTrail.
func (s *Store) Arrivals(ctx context.Context, accountID, after string, limit int) ([]store.Arrival, string, error) {
	if after == "" {
		var err error
		if after, err = s.forgottenUpTo(ctx, accountID); err != nil {
			return nil, "", err
		}
	}
	if !isEntryID(after) {
		return nil, "", store.ErrPositionLost
	}
	if err := s.putInOrder(ctx, accountID); err != nil {
		return nil, "", err
	}
	pipe := s.client.Pipeline()
	last := pipe.XRevRangeN(ctx, arrivedKey(accountID), "+", "-", 1) // the last entry is never removed
	entries := pipe.XRangeN(ctx, arrivedKey(accountID), "("+after, "+", int64(limit))
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, "", unavailable(ctx, err)
	}
	if after != noArrival && (len(last.Val()) == 0 || laterEntry(after, last.Val()[0].ID)) {
		return nil, "", store.ErrPositionLost
	}
	texts, err := s.eventsAt(ctx, entries.Val())
	if err != nil {
		return nil, "", err
	}
	// Events are deleted after this is noted, so it is asked after they are read.
	if forgotten, err := s.forgottenUpTo(ctx, accountID); err != nil {
		return nil, "", err
	} else if laterEntry(forgotten, after) {
		return nil, "", store.ErrPositionForgotten
	}
	next := after
	var arrivals []store.Arrival
	for i, entry := range entries.Val() {
		next = entry.ID
		if texts[i] == "" {
			continue
		}
		event, err := decodeEvent(texts[i])
		if err != nil {
			return nil, "", err
		}
		arrivals = append(arrivals, store.Arrival{Position: entry.ID, Event: event})
	}
	return arrivals, next, nil
}

// laterEntry says whether the entry with the ID a comes after b.
func laterEntry(a, b string) bool {
	parse := func(id string) (numbers [2]uint64) {
		milliseconds, count, _ := strings.Cut(id, "-")
		numbers[0], _ = strconv.ParseUint(milliseconds, 10, 64)
		numbers[1], _ = strconv.ParseUint(count, 10, 64)
		return numbers
	}
	x, y := parse(a), parse(b)
	return slices.Compare(x[:], y[:]) > 0
}

// eventsAt reads the events that entries of the stream name, as they are in the trails; empty where an event is gone.
func (s *Store) eventsAt(ctx context.Context, entries []redis.XMessage) ([]string, error) {
	texts := make([]string, len(entries))
	if len(entries) == 0 {
		return texts, nil
	}
	pipe := s.client.Pipeline()
	replies := make([]*redis.StringSliceCmd, len(entries))
	for i, entry := range entries {
		at, _ := entry.Values[slotField].(string)
		id, _ := entry.Values[eventField].(string)
		from, to := rangeOfEvent(id)
		replies[i] = pipe.ZRangeArgs(ctx, redis.ZRangeArgs{Key: slot(at).trailKey(), ByLex: true, Start: from, Stop: to, Count: 1})
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, unavailable(ctx, err)
	}
	for i, reply := range replies {
		if found := reply.Val(); len(found) > 0 {
			texts[i] = found[0]
		}
	}
	return texts, nil
}

// rangeOfEvent has the one member of a trail that begins with the ID and a space.
func rangeOfEvent(id string) (from, to string) { return "[" + id + " ", "(" + id + "!" }

// putInOrder moves what is queued for the account.
func (s *Store) putInOrder(ctx context.Context, accountID string) error {
	if err := s.putOldInOrder(ctx, accountID); err != nil {
		return err
	}
	pipe := s.client.Pipeline()
	named := pipe.SMembers(ctx, arrivingSlotsKey(accountID))
	due := pipe.SetArgs(ctx, sweptKey(accountID), "", redis.SetArgs{Mode: "NX", TTL: sweepEvery})
	_, err := pipe.Exec(ctx)
	if err != nil && !errors.Is(err, redis.Nil) {
		return unavailable(ctx, err)
	}
	slots := []slot{ofAccount(accountID)}
	if due.Err() == nil {
		if slots, err = s.slotsOf(ctx, accountID); err != nil {
			return err
		}
	}
	if names := named.Val(); len(names) > 0 {
		members := make([]any, len(names))
		for i, name := range names {
			members[i] = name
			if !slices.Contains(slots, slot(name)) {
				slots = append(slots, slot(name))
			}
		}
		if err := s.client.SRem(ctx, arrivingSlotsKey(accountID), members...).Err(); err != nil {
			return unavailable(ctx, err)
		}
	}
	for some := range slices.Chunk(slots, batch) {
		if err := s.move(ctx, accountID, some); err != nil {
			return err
		}
	}
	return nil
}

// slotsOf lists the slots of an account and of its tenants. A tenant of another account can be in the index.
func (s *Store) slotsOf(ctx context.Context, accountID string) ([]slot, error) {
	slots := []slot{ofAccount(accountID)}
	tenants, err := s.Tenants(ctx, accountID, store.Page{Limit: math.MaxInt})
	for _, tenant := range tenants {
		slots = append(slots, ofTenant(tenant.ID))
	}
	return slots, err
}

// move moves what is in the queues of the slots. The notes are read before the queues: so when an entry that a note names is not in the
// queue, then either the note has changed, or the slot has lost it.
func (s *Store) move(ctx context.Context, accountID string, slots []slot) error {
	for len(slots) > 0 {
		keys := make([]string, len(slots))
		for i, at := range slots {
			keys[i] = arrivedOfKey(accountID, at)
		}
		notes, err := s.getAll(ctx, keys...)
		if err != nil {
			return err
		}
		queues, err := s.queues(ctx, slots)
		if err != nil {
			return err
		}
		var again []slot
		for i, at := range slots {
			more, err := s.moveQueue(ctx, accountID, at, notes[i], queues[i])
			if err != nil {
				return err
			}
			if more {
				again = append(again, at)
			}
		}
		slots = again
	}
	return nil
}

func (s *Store) queues(ctx context.Context, slots []slot) ([][]string, error) {
	pipe := s.client.Pipeline()
	replies := make([]*redis.StringSliceCmd, len(slots))
	for i, at := range slots {
		replies[i] = pipe.LRange(ctx, at.queueKey(), 0, -1)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, unavailable(ctx, err)
	}
	queues := make([][]string, len(slots))
	for i, reply := range replies {
		queues[i] = reply.Val()
	}
	return queues, nil
}

// moveQueue returns true when the queue has to be read again: another reader was quicker, or it is long.
func (s *Store) moveQueue(ctx context.Context, accountID string, at slot, note snapshot, queue []string) (more bool, err error) {
	moved := slices.Index(queue, note.value) + 1 // of a queue that has lost the entry, all is new
	fresh := queue[moved:]
	if len(fresh) == 0 {
		return false, nil
	}
	more = len(fresh) > movedAtOnce
	fresh = fresh[:min(len(fresh), movedAtOnce)]
	var c change
	for _, id := range fresh {
		c.do("XADD", arrivedKey(accountID), "*", slotField, string(at), eventField, id)
	}
	c.put(note, fresh[len(fresh)-1])
	saved, err := s.commit(ctx, c)
	if err != nil || !saved {
		return !saved, err
	}
	pipe := s.client.Pipeline()
	for _, id := range queue[:moved+len(fresh)-1] {
		pipe.LRem(ctx, at.queueKey(), 1, id)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return false, unavailable(ctx, err)
	}
	return more, nil
}

const (
	oldInOrder = "done"
	oldComeTo  = "to " // the ID of the last event that is in order
)

// putOldInOrder puts the events from before there were queues into the order, by ID. They are those in a trail that are not in its queue,
// because an event enters both at once. Nothing is moved from the queues before this is done.
func (s *Store) putOldInOrder(ctx context.Context, accountID string) error {
	return untilSaved(ctx, func() (bool, error) {
		state, err := s.get(ctx, arrivedOldKey(accountID))
		if err != nil || state.value == oldInOrder {
			return true, err
		}
		slots, err := s.slotsOf(ctx, accountID)
		if err != nil {
			return false, err
		}
		for {
			next, err := s.putSomeInOrder(ctx, accountID, slots, state)
			if err != nil || !next.exists || next.value == oldInOrder {
				return next.exists, err
			}
			state = next
		}
	})
}

// putSomeInOrder returns the state that it has saved; one that does not exist if another reader has changed it.
func (s *Store) putSomeInOrder(ctx context.Context, accountID string, slots []slot, state snapshot) (next snapshot, err error) {
	after := strings.TrimPrefix(state.value, oldComeTo)
	page, err := s.merged(ctx, slots, store.EventsQuery{OldestFirst: true, After: after, Limit: movedAtOnce})
	if err != nil {
		return snapshot{}, err
	}
	queues, err := s.queues(ctx, slots) // after the trails: what is in a trail now, and was queued at all, is in the queue
	if err != nil {
		return snapshot{}, err
	}
	queued := map[string]bool{}
	for _, queue := range queues {
		for _, id := range queue {
			queued[id] = true
		}
	}
	var c change
	next = snapshot{key: state.key, exists: true, value: oldInOrder}
	for _, e := range page {
		if !queued[e.ID] && e.AccountID == accountID {
			c.do("XADD", arrivedKey(accountID), "*", slotField, string(e.at), eventField, e.ID)
		}
	}
	if len(page) == movedAtOnce {
		next.value = oldComeTo + page[len(page)-1].ID
	}
	c.put(state, next.value)
	saved, err := s.commit(ctx, c)
	if err != nil || !saved {
		return snapshot{}, err
	}
	return next, nil
}

func isEntryID(text string) bool {
	milliseconds, count, _ := strings.Cut(text, "-")
	_, err := strconv.ParseUint(milliseconds, 10, 64)
	if err == nil {
		_, err = strconv.ParseUint(count, 10, 64)
	}
	return err == nil
}
