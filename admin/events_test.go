package admin_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
)

// readingTrail counts the events that are read.
type readingTrail struct {
	store.Store

	events int
}

func (s *readingTrail) Events(ctx context.Context, accountID string, query store.EventsQuery) ([]policy.Event, error) {
	events, err := s.Store.Events(ctx, accountID, query)
	s.events += len(events)
	return events, err
}

// trailOf has n events, one a second, of which the first was done by somebody whom no other event names.
func trailOf(t *testing.T, n int) (*readingTrail, *admin.Service, admin.TenantContext) {
	t.Helper()
	opened, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	var events []policy.Event
	for i := range n {
		at := start.Add(time.Duration(i) * time.Second)
		event := policy.Event{ID: policy.NewEventID(at, [10]byte{}), At: at, Action: policy.ActionKeyCreated, AccountID: "a"}
		if event.Actor.UserID = "tom"; i == 0 {
			event.Actor.UserID = "ada"
		}
		events = append(events, event)
	}
	for some := range slices.Chunk(events, 5000) {
		if err := opened.RecordEvents(t.Context(), some...); err != nil {
			t.Fatal(err)
		}
	}
	reading := &readingTrail{Store: opened}
	return reading, &admin.Service{Store: reading}, admin.TenantContext{Account: policy.Account{ID: "a"}}
}

// A page of the audit trail reads what it shows, however long the trail is, and one that begins long ago begins there.
func TestAPageOfTheTrailReadsWhatItShows(t *testing.T) {
	reading, service, in := trailOf(t, 3000)
	for _, row := range []struct {
		name   string
		filter admin.EventFilter
		newest int
	}{
		{"newest", admin.EventFilter{}, 2999},
		{"until long ago", admin.EventFilter{Until: start.Add(100 * time.Second)}, 99},
		{"until a part of a millisecond", admin.EventFilter{Until: start.Add(100*time.Second + 1)}, 100},
		{"since just now", admin.EventFilter{Since: start.Add(2900 * time.Second)}, 2999},
	} {
		reading.events = 0
		events, next, err := service.Events(t.Context(), in, row.filter, "", 50)
		if err != nil || len(events) != 50 || next == "" || !events[0].At.Equal(start.Add(time.Duration(row.newest)*time.Second)) {
			t.Fatalf("%s: %d events, next %q, %v", row.name, len(events), next, err)
		}
		if reading.events > 52 {
			t.Errorf("%s: %d events are read for 50", row.name, reading.events)
		}
		following, _, err := service.Events(t.Context(), in, row.filter, next, 50)
		if err != nil || !following[0].At.Equal(events[49].At.Add(-time.Second)) {
			t.Errorf("%s: the next page begins with %v after %v, %v", row.name, following[0].At, events[49].At, err)
		}
	}
}

// A search for what is rare ends after a bounded part of the trail, and goes on where it ended until everything is found.
func TestASearchOfTheTrailIsBounded(t *testing.T) {
	const all, bound = 25_000, 10_000
	reading, service, in := trailOf(t, all)
	var found []string
	answers, after := 0, ""
	for {
		reading.events = 0
		events, next, err := service.Events(t.Context(), in, admin.EventFilter{Actor: "ada"}, after, 50)
		if err != nil {
			t.Fatal(err)
		}
		if reading.events > bound {
			t.Errorf("one answer reads %d events", reading.events)
		}
		answers++
		for _, event := range events {
			found = append(found, event.ID)
		}
		if after = next; next == "" {
			break
		}
	}
	if want := []string{policy.NewEventID(start, [10]byte{})}; !slices.Equal(found, want) || answers != 3 {
		t.Errorf("%d answers found %v, want %v in 3", answers, found, want)
	}
}
