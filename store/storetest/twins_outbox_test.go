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
		{"outbox holds what is announced", "does not announce a deletion", func(s store.Store) store.Store { return deletesInSilence{s} }},
		{"outbox holds what is announced", "announces everything", func(s store.Store) store.Store { return announcesAll{s} }},
		{"outbox holds nothing of a refused change", "announces before it changes", func(s store.Store) store.Store { return announcesFirst{s} }},
		{"outbox is claimed oldest first", "gives the newest first", func(s store.Store) store.Store { return newestFirst{s} }},
		{"outbox is claimed oldest first", "gives what is not yet due", func(s store.Store) store.Store { return claimsEarly{s} }},
		{"outbox entry is leased", "leases nothing", func(s store.Store) store.Store { return leasesNothing{s} }},
		{"outbox entry is leased", "never ends a lease", func(s store.Store) store.Store { return leasesForEver{s} }},
		{"outbox entry is completed once for all", "keeps what is completed", func(s store.Store) store.Store { return completesNothing{s} }},
		{"outbox entry is completed once for all", "completes what is leased only", func(s store.Store) store.Store {
			return &completesLeased{Store: s}
		}},
		{"outbox entry is postponed as it is", "forgets what was delivered", func(s store.Store) store.Store { return forgetsDelivered{s} }},
		{"outbox entry is postponed as it is", "brings back what is gone", func(s store.Store) store.Store { return bringsBack{s} }},
		{"inventory of the outbox follows its entries", "leaves out what is leased", func(s store.Store) store.Store { return dueOnly{s} }},
		{"inventory of the outbox follows its entries", "reports the time of the event", func(s store.Store) store.Store {
			return tellsEventTime{s}
		}},
		{"backlog of the outbox is told", "leaves out what is leased", func(s store.Store) store.Store {
			return &countsUnleased{Store: s}
		}},
		{"backlog of the outbox is told", "goes by when entries are due", func(s store.Store) store.Store { return oldestDue{s} }},
		{"race for outbox entries gives each to one", "looks before it leases", func(s store.Store) store.Store { return looksThenLeases{s, m} }},
	}
}

type deletesInSilence struct{ store.Store }

func (b deletesInSilence) DeleteUser(ctx context.Context, accountID, id string, events ...policy.Event) error {
	for i := range events {
		events[i].Announce = false
	}
	return b.Store.DeleteUser(ctx, accountID, id, events...)
}

type announcesAll struct{ store.Store }

func (b announcesAll) RecordEvents(ctx context.Context, events ...policy.Event) error {
	for i := range events {
		events[i].Announce = true
	}
	return b.Store.RecordEvents(ctx, events...)
}

type announcesFirst struct{ store.Store }

func (b announcesFirst) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	_, events, _ := change(policy.Membership{})
	if err := b.RecordEvents(ctx, events...); err != nil {
		return err
	}
	return b.Store.UpdateMembership(ctx, tenantID, userID, change)
}

type newestFirst struct{ store.Store }

func (b newestFirst) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]store.OutboxEntry, error) {
	entries, err := b.Store.ClaimOutbox(ctx, now, leaseEnds, limit)
	slices.Reverse(entries)
	return entries, err
}

type claimsEarly struct{ store.Store }

func (b claimsEarly) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]store.OutboxEntry, error) {
	return b.Store.ClaimOutbox(ctx, now.Add(time.Microsecond), leaseEnds, limit)
}

type leasesNothing struct{ store.Store }

func (b leasesNothing) ClaimOutbox(ctx context.Context, now, _ time.Time, limit int) ([]store.OutboxEntry, error) {
	return b.Store.ClaimOutbox(ctx, now, now, limit)
}

type leasesForEver struct{ store.Store }

func (b leasesForEver) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]store.OutboxEntry, error) {
	return b.Store.ClaimOutbox(ctx, now, leaseEnds.AddDate(100, 0, 0), limit)
}

type completesNothing struct{ store.Store }

func (completesNothing) CompleteOutbox(context.Context, store.OutboxEntry) error { return nil }

type completesLeased struct {
	store.Store
	leased []string
}

func (b *completesLeased) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]store.OutboxEntry, error) {
	entries, err := b.Store.ClaimOutbox(ctx, now, leaseEnds, limit)
	for _, e := range entries {
		b.leased = append(b.leased, e.Event.ID)
	}
	return entries, err
}

func (b *completesLeased) CompleteOutbox(ctx context.Context, entry store.OutboxEntry) error {
	if !slices.Contains(b.leased, entry.Event.ID) {
		return nil
	}
	return b.Store.CompleteOutbox(ctx, entry)
}

type forgetsDelivered struct{ store.Store }

func (b forgetsDelivered) PostponeOutbox(ctx context.Context, entry store.OutboxEntry, due time.Time) error {
	entry.Delivered = nil
	return b.Store.PostponeOutbox(ctx, entry, due)
}

type bringsBack struct{ store.Store }

func (b bringsBack) PostponeOutbox(ctx context.Context, entry store.OutboxEntry, due time.Time) error {
	entry.Event.Announce = true
	return errors.Join(b.RecordEvents(ctx, entry.Event), b.Store.PostponeOutbox(ctx, entry, due))
}

type looksThenLeases struct {
	store.Store
	meeting
}

func (b looksThenLeases) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]store.OutboxEntry, error) {
	entries, err := b.Store.ClaimOutbox(ctx, now, time.Time{}, limit) // no lease at all
	b.wait()
	for _, entry := range entries {
		err = errors.Join(err, b.PostponeOutbox(ctx, entry, leaseEnds))
	}
	return entries, err
}

type countsUnleased struct {
	store.Store

	leased int
}

func (b *countsUnleased) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]store.OutboxEntry, error) {
	claimed, err := b.Store.ClaimOutbox(ctx, now, leaseEnds, limit)
	b.leased += len(claimed)
	return claimed, err
}

func (b *countsUnleased) Backlog(ctx context.Context) (store.Backlog, error) {
	found, err := b.Store.Backlog(ctx)
	found.Entries -= b.leased
	return found, err
}

type oldestDue struct{ store.Store }

func (b oldestDue) Backlog(ctx context.Context) (found store.Backlog, err error) {
	err = b.EachOutboxEntry(ctx, func(_ store.OutboxEntry, due time.Time) error {
		found.Entries++
		if found.Oldest.IsZero() || due.Before(found.Oldest) {
			found.Oldest = due
		}
		return nil
	})
	return found, err
}
