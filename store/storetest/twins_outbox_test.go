package storetest_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

func outboxTwins() []twin {
	m := make(meeting)
	return []twin{
		{"outbox holds what is announced", "does not announce a deletion", func(s store.Store) store.Store { return deletesInSilence{whole(s)} }},
		{"outbox holds what is announced", "announces everything", func(s store.Store) store.Store { return announcesAll{whole(s)} }},
		{"outbox holds nothing of a refused change", "announces before it changes", func(s store.Store) store.Store { return announcesFirst{whole(s)} }},
		{"outbox is claimed oldest first", "gives the newest first", func(s store.Store) store.Store { return newestFirst{whole(s)} }},
		{"outbox is claimed oldest first", "gives what is not yet due", func(s store.Store) store.Store { return claimsEarly{whole(s)} }},
		{"outbox entry is leased", "leases nothing", func(s store.Store) store.Store { return leasesNothing{whole(s)} }},
		{"outbox entry is leased", "never ends a lease", func(s store.Store) store.Store { return leasesForEver{whole(s)} }},
		{"outbox entry is completed once for all", "keeps what is completed", func(s store.Store) store.Store { return completesNothing{whole(s)} }},
		{"outbox entry is completed once for all", "completes what is leased only", func(s store.Store) store.Store { return &completesLeased{fullStore: whole(s)} }},
		{"outbox entry is postponed as it is", "forgets what was delivered", func(s store.Store) store.Store { return forgetsDelivered{whole(s)} }},
		{"outbox entry is postponed as it is", "brings back what is gone", func(s store.Store) store.Store { return bringsBack{whole(s)} }},
		{"outbox backlog", "leaves out what is leased", func(s store.Store) store.Store { return &countsUnleased{fullStore: whole(s)} }},
		{"outbox backlog", "does not tell the oldest", func(s store.Store) store.Store { return tellsNoOldest{whole(s)} }},
		{"race for outbox entries gives each to one", "looks before it leases", func(s store.Store) store.Store { return looksThenLeases{whole(s), m} }},
	}
}

type deletesInSilence struct{ fullStore }

func (b deletesInSilence) DeleteUser(ctx context.Context, accountID, id string, events ...policy.Event) error {
	for i := range events {
		events[i].Announce = false
	}
	return b.fullStore.DeleteUser(ctx, accountID, id, events...)
}

type announcesAll struct{ fullStore }

func (b announcesAll) RecordEvents(ctx context.Context, events ...policy.Event) error {
	for i := range events {
		events[i].Announce = true
	}
	return b.fullStore.RecordEvents(ctx, events...)
}

type announcesFirst struct{ fullStore }

func (b announcesFirst) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	_, events, _ := change(policy.Membership{})
	if err := b.RecordEvents(ctx, events...); err != nil {
		return err
	}
	return b.fullStore.UpdateMembership(ctx, tenantID, userID, change)
}

type newestFirst struct{ fullStore }

func (b newestFirst) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]store.OutboxEntry, error) {
	entries, err := b.fullStore.ClaimOutbox(ctx, now, leaseEnds, limit)
	slices.Reverse(entries)
	return entries, err
}

type claimsEarly struct{ fullStore }

func (b claimsEarly) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]store.OutboxEntry, error) {
	return b.fullStore.ClaimOutbox(ctx, now.Add(time.Microsecond), leaseEnds, limit)
}

type leasesNothing struct{ fullStore }

func (b leasesNothing) ClaimOutbox(ctx context.Context, now, _ time.Time, limit int) ([]store.OutboxEntry, error) {
	return b.fullStore.ClaimOutbox(ctx, now, now, limit)
}

type leasesForEver struct{ fullStore }

func (b leasesForEver) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]store.OutboxEntry, error) {
	return b.fullStore.ClaimOutbox(ctx, now, leaseEnds.AddDate(100, 0, 0), limit)
}

type completesNothing struct{ fullStore }

func (completesNothing) CompleteOutbox(context.Context, store.OutboxEntry) error { return nil }

type completesLeased struct {
	fullStore
	leased []string
}

func (b *completesLeased) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]store.OutboxEntry, error) {
	entries, err := b.fullStore.ClaimOutbox(ctx, now, leaseEnds, limit)
	for _, e := range entries {
		b.leased = append(b.leased, e.Event.ID)
	}
	return entries, err
}

func (b *completesLeased) CompleteOutbox(ctx context.Context, entry store.OutboxEntry) error {
	if !slices.Contains(b.leased, entry.Event.ID) {
		return nil
	}
	return b.fullStore.CompleteOutbox(ctx, entry)
}

type forgetsDelivered struct{ fullStore }

func (b forgetsDelivered) PostponeOutbox(ctx context.Context, entry store.OutboxEntry, due time.Time) error {
	entry.Delivered = nil
	return b.fullStore.PostponeOutbox(ctx, entry, due)
}

type bringsBack struct{ fullStore }

func (b bringsBack) PostponeOutbox(ctx context.Context, entry store.OutboxEntry, due time.Time) error {
	entry.Event.Announce = true
	return errors.Join(b.RecordEvents(ctx, entry.Event), b.fullStore.PostponeOutbox(ctx, entry, due))
}

type countsUnleased struct {
	fullStore
	leased int
}

func (b *countsUnleased) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]store.OutboxEntry, error) {
	entries, err := b.fullStore.ClaimOutbox(ctx, now, leaseEnds, limit)
	b.leased += len(entries)
	return entries, err
}

func (b *countsUnleased) OutboxBacklog(ctx context.Context) (int, time.Time, error) {
	count, oldest, err := b.fullStore.OutboxBacklog(ctx)
	return count - b.leased, oldest, err
}

type tellsNoOldest struct{ fullStore }

func (b tellsNoOldest) OutboxBacklog(ctx context.Context) (int, time.Time, error) {
	count, _, err := b.fullStore.OutboxBacklog(ctx)
	return count, time.Time{}, err
}

type looksThenLeases struct {
	fullStore
	meeting
}

func (b looksThenLeases) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]store.OutboxEntry, error) {
	entries, err := b.fullStore.ClaimOutbox(ctx, now, time.Time{}, limit) // no lease at all
	b.wait()
	for _, entry := range entries {
		err = errors.Join(err, b.PostponeOutbox(ctx, entry, leaseEnds))
	}
	return entries, err
}
