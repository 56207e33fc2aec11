package redisstore_test

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/redistest"
)

// A page of the audit trail of an account of many tenants reads about what it shows, and not a page of each tenant.
func TestAPageOfManyTrailsReadsWhatItShows(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	must(t, s.CreateAccount(t.Context(), policy.Account{ID: "acme", Name: "Acme"}))
	const tenants, each, limit = 50, 60, 50
	at, number := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), 0
	release, err := policy.ParseRelease("24.3")
	must(t, err)
	for i := range tenants {
		id := fmt.Sprint("t", i)
		var events []policy.Event
		for range each {
			happened := at.Add(time.Duration(number) * time.Second)
			number++
			events = append(events, policy.Event{
				ID: policy.NewEventID(happened, [10]byte{}), At: happened, Action: policy.ActionTenantCreated, AccountID: "acme", TenantID: id,
			})
		}
		must(t, s.CreateTenant(t.Context(), policy.Tenant{ID: id, AccountID: "acme", Name: id, Release: release}, events...))
	}
	sent := func() int {
		found := regexp.MustCompile(`total_net_output_bytes:(\d+)`).FindStringSubmatch(server.Do("INFO", "stats"))
		bytes, err := strconv.Atoi(found[1])
		must(t, err)
		return bytes
	}
	for _, oldestFirst := range []bool{false, true} {
		before := sent()
		events, err := s.Events(t.Context(), "acme", store.EventsQuery{Limit: limit, OldestFirst: oldestFirst})
		must(t, err)
		if read := sent() - before; read > 100_000 {
			t.Errorf("oldest first %v: %d bytes are read for %d events", oldestFirst, read, len(events))
		}
		for i, event := range events {
			want := number - 1 - i
			if oldestFirst {
				want = i
			}
			if !event.At.Equal(at.Add(time.Duration(want) * time.Second)) {
				t.Fatalf("oldest first %v: event %d is of %s", oldestFirst, i, event.At)
			}
		}
		if len(events) != limit {
			t.Errorf("oldest first %v: %d events", oldestFirst, len(events))
		}
	}
}
