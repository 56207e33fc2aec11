package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

func arrivalCases() []testCase {
	return []testCase{
		{"events oldest first", eventsOldestFirst},
		{"arrivals in the order of commits", arrivalsInOrder},
		{"arrivals miss none while others write", arrivalsWhileOthersWrite},
		{"arrivals go on at a position", arrivalsGoOn},
		{"arrivals at an unknown position", arrivalsUnknown},
		{"an event recorded again arrives once", arrivesOnce},
		{"forgotten events are gone", forgottenEvents},
		{"arrivals at a forgotten position", arrivalsForgotten},
	}
}

func eventsOldestFirst(t testing.TB, at place) {
	s := at.connect(t)
	want := happen(t, s)
	slices.Reverse(want)
	for limit := 1; limit <= len(want)+1; limit++ {
		var got []policy.Event
		for query := (store.EventsQuery{OldestFirst: true, Limit: limit}); ; query.After = got[len(got)-1].ID {
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
	got, err := s.Events(t.Context(), acme, store.EventsQuery{OldestFirst: true, After: want[0].ID, Since: day(3), Limit: 2})
	check(t, err)
	equal(t, "events after one and since another", got, want[2:4])
}

// follow reads arrivals until there is nothing more, and returns their events and where to go on.
func follow(t testing.TB, s store.Store, after string, limit int) (ids []string, next string) {
	t.Helper()
	for {
		arrivals, next, err := s.Arrivals(t.Context(), acme, after, limit)
		check(t, err)
		if len(arrivals) > limit {
			t.Fatalf("%d arrivals, asked for %d", len(arrivals), limit)
		}
		for _, arrival := range arrivals {
			ids = append(ids, arrival.Event.ID)
		}
		if next == "" || next == after && len(arrivals) > 0 {
			t.Fatalf("there is no way to go on after %d arrivals: %q", len(ids), next)
		}
		if next == after {
			return ids, next
		}
		after = next
	}
}

// happen records the last day's event first.
func arrivalsInOrder(t testing.TB, at place) {
	s := at.connect(t)
	happened := happen(t, s)
	var want []string
	for _, i := range []int{6, 2, 0, 5, 1, 3, 4} {
		want = append(want, happened[len(happened)-1-i].ID)
	}
	late := event(acme, load, 0) // with a change, by a server whose clock is behind
	put(t, s, membership(load, ada), late)
	got, _ := follow(t, s, "", 2)
	if len(got) == 0 || got[len(got)-1] != late.ID {
		t.Errorf("the event that was committed last is not the last one of %v", got)
	}
	equal(t, "events before it", got[:max(len(got)-1, 0)], want)
	arrivals, _, err := s.Arrivals(t.Context(), other, "", 10)
	check(t, err)
	equal(t, "events of the other account", len(arrivals), 2)
	arrivals, next, err := s.Arrivals(t.Context(), "nobody", "", 10)
	check(t, err)
	equal(t, "events of no account", len(arrivals), 0)
	if next == "" {
		t.Error("there is no way to go on in an account without events")
	}
}

// The writers' clocks differ, and each writes to several tenants. A reader that follows meanwhile must get everything, nothing twice, and
// what each wrote to a tenant in the order in which it wrote.
func arrivalsWhileOthersWrite(t testing.TB, at place) {
	both := at.connectTwice(t)
	settle(t, both[0])
	const writers, each = 6, 15
	for w := range writers {
		check(t, both[0].CreateTenant(t.Context(), tenant(t, acme, fmt.Sprint("w", w))))
		admit(t, both[0], acme, fmt.Sprint("writer", w))
	}
	var writing sync.WaitGroup
	failed := make([]error, writers)
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				tenantID := fmt.Sprint("w", (w+i)%writers)
				e := event(acme, tenantID, writers*each-i*writers-w) // later ones have earlier times
				e.ClientID = fmt.Sprintf("%d/%03d", w, i)
				err := both[w%2].UpdateMembership(t.Context(), tenantID, fmt.Sprint("writer", w),
					func(m policy.Membership) (policy.Membership, []policy.Event, error) {
						m.AccountID, m.Role = acme, policy.RoleMember
						return m, []policy.Event{e}, nil
					})
				if failed[w] = errors.Join(failed[w], err); err != nil {
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		writing.Wait()
		close(done)
	}()
	var got []string
	for after, over := "", false; ; {
		select {
		case <-done:
			over = true
		default:
		}
		arrivals, next, err := both[1].Arrivals(t.Context(), acme, after, 7)
		check(t, err)
		for _, arrival := range arrivals {
			got = append(got, arrival.Event.ClientID)
		}
		if over && next == after {
			break
		}
		after = next
	}
	check(t, errors.Join(failed...))
	equal(t, "number of events", len(got), writers*each)
	for w := range writers {
		for first := range writers { // the first event that the writer wrote to a tenant
			var want, own []string
			for i := first; i < each; i += writers {
				want = append(want, fmt.Sprintf("%d/%03d", w, i))
			}
			for _, name := range got {
				if slices.Contains(want, name) {
					own = append(own, name)
				}
			}
			equal(t, fmt.Sprintf("events of writer %d in one tenant", w), own, want)
		}
	}
}

func arrivalsGoOn(t testing.TB, at place) {
	s := at.open()
	happened := happen(t, s)
	got, next := follow(t, s, "", 3)
	equal(t, "events", len(got), len(happened))
	arrivals, _, err := s.Arrivals(t.Context(), acme, "", 3)
	check(t, err)
	check(t, s.Close())

	s = at.connect(t)
	again, _ := follow(t, s, arrivals[2].Position, 3)
	equal(t, "events after the third", again, got[3:])
	check(t, s.RecordEvents(t.Context(), event(acme, "", 0)))
	fresh, _ := follow(t, s, next, 3)
	equal(t, "events after the end", fresh, []string{event(acme, "", 0).ID})
}

// A position that the trail never came to is of a history that was lost, or of another store.
func arrivalsUnknown(t testing.TB, at place) {
	s := at.connect(t)
	happen(t, s)
	for _, position := range []string{"nonsense", "-", "ffffffffffffffff", "18446744073709551615-1"} {
		_, _, err := s.Arrivals(t.Context(), acme, position, 10)
		if !errors.Is(err, store.ErrPositionLost) {
			t.Errorf("position %q: %v, want %v", position, err, store.ErrPositionLost)
		}
	}
}

func arrivesOnce(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	e := event(acme, load, 1)
	e.Announce = true
	put(t, s, membership(load, ada), e)
	check(t, s.RecordEvents(t.Context(), e))
	follow(t, s, "", 10)
	check(t, s.RecordEvents(t.Context(), e))
	got, _ := follow(t, s, "", 10)
	equal(t, "arrivals", got, []string{e.ID})
	events, err := s.Events(t.Context(), acme, store.EventsQuery{Limit: 10})
	check(t, err)
	equal(t, "events", len(events), 1)
}

func forgottenEvents(t testing.TB, at place) {
	s := at.connect(t)
	want := happen(t, s)
	_, end := follow(t, s, "", 10)
	arrivals, _, err := s.Arrivals(t.Context(), acme, "", 10)
	check(t, err)
	check(t, s.ForgetEvents(t.Context(), acme, want[6], want[3], want[1])) // the first three days, in the order of arrivals from the end
	check(t, s.ForgetEvents(t.Context(), acme, want[6], event(acme, load, 50)))
	check(t, s.ForgetEvents(t.Context(), acme))
	left := []policy.Event{want[0], want[2], want[4], want[5]}
	got, err := s.Events(t.Context(), acme, store.EventsQuery{Limit: 10})
	check(t, err)
	equal(t, "events", got, left)
	for _, after := range []string{"", arrivals[0].Position} {
		ids, _ := follow(t, s, after, 2)
		slices.Sort(ids)
		var known []string
		for _, e := range left {
			known = append(known, e.ID)
		}
		if after != "" { // it was the newest
			known = known[1:]
		}
		slices.Sort(known)
		equal(t, "arrivals after "+after, ids, known)
	}
	check(t, s.ForgetEvents(t.Context(), acme, left...))
	check(t, s.RecordEvents(t.Context(), event(acme, "perf", 9)))
	for _, after := range []string{"", end} {
		ids, _ := follow(t, s, after, 2)
		equal(t, "arrivals after all was forgotten, from "+after, ids, []string{event(acme, "perf", 9).ID})
	}
	foreign, err := s.Events(t.Context(), other, store.EventsQuery{Limit: 10})
	check(t, err)
	equal(t, "events of the other account", len(foreign), 2)
}
