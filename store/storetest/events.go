package storetest

import (
	"slices"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

func eventCases() []testCase {
	return []testCase{
		{"events newest first, by account", eventsNewestFirst},
		{"events in pages", eventsInPages},
		{"events since", eventsSince},
	}
}

// happen records events of the account and of two tenants of it, out of order, and of another account. It returns those
// of the first account, newest first.
func happen(t testing.TB, s store.Store) []policy.Event {
	t.Helper()
	settle(t, s)
	check(t, s.CreateTenant(t.Context(), tenant(t, acme, "perf")))
	check(t, s.CreateAccount(t.Context(), account(other)))
	check(t, s.CreateTenant(t.Context(), tenant(t, other, "elsewhere")))
	var events []policy.Event
	for n, tenantID := range []string{"", load, "perf", load, "", "", "perf"} {
		events = append(events, event(acme, tenantID, n+1))
	}
	check(t, s.RecordEvents(t.Context(), events[6], events[2], events[0]))
	check(t, s.RecordEvents(t.Context(), events[5]))
	check(t, s.RecordEvents(t.Context(), event(other, "", 2), event(other, "elsewhere", 3)))
	check(t, s.RecordEvents(t.Context(), events[1], events[3], events[4]))
	check(t, s.RecordEvents(t.Context()))
	slices.Reverse(events)
	return events
}

func eventsNewestFirst(t testing.TB, at place) {
	s := at.connect(t)
	want := happen(t, s)
	got, err := s.Events(t.Context(), acme, store.EventsQuery{Limit: 100})
	check(t, err)
	equal(t, "events", got, want)
	got, err = s.Events(t.Context(), other, store.EventsQuery{Limit: 100})
	check(t, err)
	equal(t, "events of the other account", got, []policy.Event{event(other, "elsewhere", 3), event(other, "", 2)})
	got, err = s.Events(t.Context(), "nobody", store.EventsQuery{Limit: 100})
	check(t, err)
	equal(t, "events of no account", got, nil)
}

func eventsInPages(t testing.TB, at place) {
	s := at.connect(t)
	want := happen(t, s)
	for limit := 1; limit <= len(want)+1; limit++ {
		var got []policy.Event
		for query := (store.EventsQuery{Limit: limit}); ; query.Before = got[len(got)-1].ID {
			page, err := s.Events(t.Context(), acme, query)
			check(t, err)
			if len(page) > limit || len(got) > len(want) {
				t.Fatalf("pages of %d give too much: %d after %d", limit, len(page), len(got))
			}
			got = append(got, page...)
			if len(page) < limit {
				break
			}
		}
		equal(t, "events in pages", got, want)
	}
	// Before need not name an event that exists.
	got, err := s.Events(t.Context(), acme, store.EventsQuery{Before: policy.NewEventID(day(3), [10]byte{}), Limit: 1})
	check(t, err)
	equal(t, "event before day 3", got, []policy.Event{event(acme, load, 2)})
}

func eventsSince(t testing.TB, at place) {
	s := at.connect(t)
	all := happen(t, s)
	for _, row := range []struct {
		name  string
		query store.EventsQuery
		want  []policy.Event
	}{
		{"the very instant", store.EventsQuery{Since: day(5), Limit: 100}, all[:3]},
		{"a nanosecond later", store.EventsQuery{Since: day(5).Add(time.Nanosecond), Limit: 100}, all[:2]},
		{"before a time, since another", store.EventsQuery{Before: all[1].ID, Since: day(3), Limit: 100}, all[2:5]},
		{"the newest of them", store.EventsQuery{Since: day(3), Limit: 2}, all[:2]},
		{"the future", store.EventsQuery{Since: day(100), Limit: 100}, nil},
	} {
		got, err := s.Events(t.Context(), acme, row.query)
		check(t, err)
		equal(t, row.name, got, row.want)
	}
}
