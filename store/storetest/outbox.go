package storetest

import (
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

func outboxCases() []testCase {
	return []testCase{
		{"outbox holds what is announced", outboxHoldsAnnounced},
		{"outbox holds nothing of a refused change", outboxWithoutRefused},
		{"outbox is claimed oldest first", outboxOldestFirst},
		{"outbox entry is leased", outboxLease},
		{"outbox entry is completed once for all", outboxComplete},
		{"outbox entry is postponed as it is", outboxPostpone},
		{"inventory of the outbox follows its entries", outboxBacklog},
		{"backlog of the outbox is told", outboxBacklogTold},
		{"race for outbox entries gives each to one", racingClaims},
	}
}

func announced(e policy.Event) policy.Event {
	e.Announce = true
	return e
}

// entries are the events in the outbox before anybody has tried to tell of them.
func entries(events ...policy.Event) []store.OutboxEntry {
	var list []store.OutboxEntry
	for _, e := range events {
		e.Announce = false // says where to store it, and is not stored
		list = append(list, store.OutboxEntry{Event: e})
	}
	return list
}

func wantClaimed(t testing.TB, s store.Outbox, now, leaseEnds time.Time, want ...store.OutboxEntry) {
	t.Helper()
	got, err := s.ClaimOutbox(t.Context(), now, leaseEnds, 100)
	check(t, err)
	equal(t, "claimed at "+now.String(), got, want)
}

// wantBacklog counts the entries, leased or not. oldest is when the first of them is due, or zero if there is none.
func wantBacklog(t testing.TB, s store.Store, count int, oldest time.Time) {
	t.Helper()
	found, err := eachOutboxEntry(t.Context(), s)
	check(t, err)
	equal(t, "entries in the backlog", len(found), count)
	if len(found) > 0 {
		equal(t, "when the oldest is due", found[0].Due, oldest)
	}
}

// outboxHoldsAnnounced writes in every way there is, each time with an event to announce and one only to record.
func outboxHoldsAnnounced(t testing.TB, at place) {
	s, ctx := at.connect(t), t.Context()
	var want []policy.Event
	next := func(tenantID string) []policy.Event {
		n := 2 * len(want)
		e := []policy.Event{announced(event(acme, tenantID, n)), event(acme, "", n+1)}
		want = append(want, e[0])
		return e
	}
	check(t, s.CreateAccount(ctx, account(acme), next("")...))
	check(t, s.CreateTenant(ctx, tenant(t, acme, load), next(load)...))
	check(t, s.CreateUser(ctx, user(acme, ada), next("")...))
	for _, c := range changes() {
		check(t, c.run(ctx, s, next(load), nil))
	}
	check(t, s.DeleteUser(ctx, acme, ada, next("")...))
	check(t, s.RecordEvents(ctx, next("")...))

	recorded, err := s.Events(ctx, acme, store.EventsQuery{Limit: 100})
	check(t, err)
	equal(t, "events in the audit trail", len(recorded), 2*len(want))
	wantClaimed(t, s, day(100), day(101), entries(want...)...)
}

func outboxBacklogTold(t testing.TB, at place) {
	s, ctx := at.connect(t), t.Context()
	settle(t, s)
	want := func(what string, entries int, oldest time.Time) {
		t.Helper()
		got, err := s.Backlog(ctx)
		check(t, err)
		equal(t, what, got, store.Backlog{Entries: entries, Oldest: oldest.Truncate(time.Millisecond)})
	}
	want("without an entry", 0, time.Time{})
	check(t, s.RecordEvents(ctx, announced(event(acme, load, 3)), announced(event(acme, "", 2)), announced(event(acme, load, 1))))
	want("with three", 3, day(1))
	wantClaimed(t, s, day(2), day(50), entries(event(acme, load, 1), event(acme, "", 2))...)
	want("with two leased", 3, day(1))
	check(t, s.PostponeOutbox(ctx, entries(event(acme, load, 1))[0], day(90)))
	want("with one postponed", 3, day(1))
	check(t, s.CompleteOutbox(ctx, entries(event(acme, load, 1))[0]))
	want("after the oldest is done", 2, day(2))
}

func outboxWithoutRefused(t testing.TB, at place) {
	s := at.connect(t)
	writeInVain(t, s, announced(event(acme, load, 1)), announced(event(acme, "", 2)))
	wantBacklog(t, s, 0, time.Time{})
	wantClaimed(t, s, day(100), day(101))
}

// inOrder records events in disorder, of several accounts and tenants and some at one instant, and returns them in the order
// in which they are due.
func inOrder(t testing.TB, s store.Store) []policy.Event {
	t.Helper()
	settle(t, s)
	check(t, s.CreateAccount(t.Context(), account(other)))
	var events []policy.Event
	for _, e := range []struct {
		accountID, tenantID string
		at                  time.Time
		random              byte
	}{
		{acme, "", time.Time{}, 7},
		{other, "", time.Unix(-1, 5), 6},
		{acme, load, time.Unix(-1, 6), 5},
		{acme, load, day(1), 9},
		{acme, "", day(1).Add(time.Nanosecond), 1},
		{acme, load, day(2), 1},
		{other, "", day(2), 2},
		{acme, load, day(2), 3},
	} {
		due := announced(event(e.accountID, e.tenantID, 0))
		due.At, due.ID = e.at.UTC(), policy.NewEventID(e.at, [10]byte{e.random})
		events = append(events, due)
	}
	for _, i := range []int{5, 0, 7, 3, 1, 6, 2, 4} {
		check(t, s.RecordEvents(t.Context(), events[i]))
	}
	return events
}

func outboxOldestFirst(t testing.TB, at place) {
	s := at.connect(t)
	want := entries(inOrder(t, s)...)
	check(t, s.RecordEvents(t.Context(), announced(event(acme, load, 3))))
	for i := 0; i < len(want); i += 3 { // what is claimed is not due again, so the next claim goes on
		got, err := s.ClaimOutbox(t.Context(), day(2), day(50), 3)
		check(t, err)
		equal(t, "claimed three by three", got, want[i:min(i+3, len(want))])
	}
	wantClaimed(t, s, day(3).Add(-time.Nanosecond), day(50))
	wantClaimed(t, s, day(3), day(50), entries(event(acme, load, 3))...)
	wantClaimed(t, s, day(3), day(50))
}

func outboxLease(t testing.TB, at place) {
	both := at.connectTwice(t)
	s, elsewhere := both[0], both[1]
	settle(t, s)
	want := entries(event(acme, load, 1), event(acme, "", 2))
	check(t, s.RecordEvents(t.Context(), announced(event(acme, load, 1)), announced(event(acme, "", 2))))
	got, err := s.ClaimOutbox(t.Context(), day(2), day(5), 100)
	check(t, err)
	equal(t, "claimed", got, want)
	scribble(&got)

	check(t, s.RecordEvents(t.Context(), announced(event(acme, load, 3))))
	wantClaimed(t, elsewhere, day(5).Add(-time.Nanosecond), day(20), entries(event(acme, load, 3))...)
	wantClaimed(t, elsewhere, day(5), day(20), want...)
	wantClaimed(t, s, day(20).Add(-time.Nanosecond), day(30))
}

func outboxComplete(t testing.TB, at place) {
	s, ctx := at.connect(t), t.Context()
	settle(t, s)
	check(t, s.RecordEvents(ctx, announced(event(acme, load, 1)), announced(event(acme, load, 2)), announced(event(acme, load, 3))))
	all := entries(event(acme, load, 1), event(acme, load, 2), event(acme, load, 3))
	check(t, s.CreateAccount(ctx, account(other)))
	check(t, s.RecordEvents(ctx, announced(event(other, "", 3)))) // has the ID of one in acme
	wantClaimed(t, s, day(2), day(5), all[:2]...)
	check(t, s.CompleteOutbox(ctx, all[0]))
	check(t, s.CompleteOutbox(ctx, all[0]))
	check(t, s.CompleteOutbox(ctx, all[2])) // leased or not
	check(t, s.CompleteOutbox(ctx, entries(event(acme, load, 9))[0]))
	wantClaimed(t, s, day(4), day(200), entries(event(other, "", 3))...)
	wantClaimed(t, s, day(100), day(200), all[1])
	events, err := s.Events(ctx, acme, store.EventsQuery{Limit: 100})
	check(t, err)
	equal(t, "events that stay in the audit trail", len(events), 3)
}

func outboxPostpone(t testing.TB, at place) {
	s, ctx := at.connect(t), t.Context()
	settle(t, s)
	check(t, s.RecordEvents(ctx, announced(event(acme, load, 1)), announced(event(acme, load, 2))))
	gone := entries(event(acme, load, 2))[0]
	tried := func(attempts int, channels ...string) store.OutboxEntry {
		return store.OutboxEntry{Event: event(acme, load, 1), Attempts: attempts, Delivered: channels}
	}
	wantClaimed(t, s, day(2), day(5), tried(0), gone)
	check(t, s.CompleteOutbox(ctx, gone))
	check(t, s.PostponeOutbox(ctx, gone, day(3)))

	entry := tried(1, "mail", "webhook")
	check(t, s.PostponeOutbox(ctx, entry, day(20)))
	scribble(&entry)
	wantClaimed(t, s, day(20).Add(-time.Nanosecond), day(30))
	wantClaimed(t, s, day(20), day(30), tried(1, "mail", "webhook"))
	check(t, s.PostponeOutbox(ctx, tried(2, "mail"), day(25))) // before the lease would have ended
	wantClaimed(t, s, day(25), day(40), tried(2, "mail"))
	wantClaimed(t, s, day(40).Add(-time.Nanosecond), day(50)) // nothing is left under the old times
}

func outboxBacklog(t testing.TB, at place) {
	s, ctx := at.connect(t), t.Context()
	wantBacklog(t, s, 0, time.Time{})
	events := inOrder(t, s)
	wantBacklog(t, s, len(events), events[0].At)
	check(t, s.CompleteOutbox(ctx, entries(events...)[0]))
	wantBacklog(t, s, len(events)-1, events[1].At)

	claimed, err := s.ClaimOutbox(ctx, day(2), day(5), 100)
	check(t, err)
	wantBacklog(t, s, len(events)-1, day(5)) // while everything is leased
	for i, entry := range claimed {
		check(t, s.PostponeOutbox(ctx, entry, day(20+i)))
	}
	wantBacklog(t, s, len(events)-1, day(20))
	for _, entry := range claimed {
		check(t, s.CompleteOutbox(ctx, entry))
	}
	wantBacklog(t, s, 0, time.Time{})
}

func racingClaims(t testing.TB, at place) {
	both := at.connectTwice(t)
	s := both[0]
	settle(t, s)
	const n, claimers = 60, 20
	for i := range n {
		check(t, s.RecordEvents(t.Context(), announced(event(acme, []string{"", load}[i%2], i))))
	}
	claims := make([][]store.OutboxEntry, claimers)
	results := race(both, claimers, func(s store.Store, i int) error {
		for {
			got, err := s.ClaimOutbox(t.Context(), day(n), day(2*n), 3)
			if err != nil || len(got) == 0 {
				return err
			}
			claims[i] = append(claims[i], got...)
		}
	})
	equal(t, "claimers without an error", count(t, results, nil), claimers)
	times := map[string]int{}
	for _, claimed := range claims {
		for _, entry := range claimed {
			times[entry.Event.ID]++
		}
	}
	for i := range n {
		equal(t, "times that an entry was claimed", times[event(acme, "", i).ID], 1)
	}
}
