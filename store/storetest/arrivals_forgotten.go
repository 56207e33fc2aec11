package storetest

import (
	"errors"
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

// Who has not read what was forgotten is told so; who has, or begins at the start, reads on.
func arrivalsForgotten(t testing.TB, at place) {
	s := at.connect(t)
	_, empty := follow(t, s, "", 10)
	happen(t, s)
	arrivals, end, err := s.Arrivals(t.Context(), acme, "", 10)
	check(t, err)
	forget := func(from, to int) {
		t.Helper()
		var events []policy.Event
		for _, arrival := range arrivals[from:to] {
			events = append(events, arrival.Event)
		}
		check(t, s.ForgetEvents(t.Context(), acme, events...))
	}
	forget(0, 3)
	wantForgotten(t, s, empty, arrivals[0].Position, arrivals[1].Position)
	wantArrivals(t, s, arrivals[3:], "", arrivals[2].Position)
	wantArrivals(t, s, arrivals[4:], arrivals[3].Position)

	forget(4, 5) // behind one that is kept: nobody who begins at the start is refused for that
	wantArrivals(t, s, []store.Arrival{arrivals[3], arrivals[5], arrivals[6]}, "", arrivals[2].Position)

	forget(3, 7)
	wantForgotten(t, s, arrivals[2].Position, arrivals[5].Position)
	wantArrivals(t, s, nil, "", end)
	late := event(acme, "perf", 9)
	check(t, s.RecordEvents(t.Context(), late))
	for _, after := range []string{"", end} {
		ids, _ := follow(t, s, after, 1)
		equal(t, "what came later", ids, []string{late.ID})
	}
	others, _, err := s.Arrivals(t.Context(), other, "", 10)
	check(t, err)
	equal(t, "events of the other account", len(others), 2)
	rest, _, err := s.Arrivals(t.Context(), other, others[0].Position, 10)
	check(t, err)
	equal(t, "events of the other account after the first", len(rest), 1)
}

func wantForgotten(t testing.TB, s store.Store, positions ...string) {
	t.Helper()
	for _, position := range positions {
		got, _, err := s.Arrivals(t.Context(), acme, position, 10)
		if !errors.Is(err, store.ErrPositionForgotten) || !errors.Is(err, store.ErrPositionLost) {
			t.Errorf("after %q: %d events and the error %v, want %v", position, len(got), err, store.ErrPositionForgotten)
		}
	}
}

// wantArrivals goes on after each event, as a follower does.
func wantArrivals(t testing.TB, s store.Store, arrivals []store.Arrival, positions ...string) {
	t.Helper()
	var want []string
	for _, arrival := range arrivals {
		want = append(want, arrival.Event.ID)
	}
	for _, position := range positions {
		got, _ := follow(t, s, position, 1)
		equal(t, "events after "+position, got, want)
	}
}
