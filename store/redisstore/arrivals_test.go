package redisstore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/redistest"
)

// arrived reads all that arrived in the account acme.
func arrived(t *testing.T, s store.Store) (ids []string) {
	t.Helper()
	for after := ""; ; {
		arrivals, next, err := s.Arrivals(t.Context(), "acme", after, 300)
		if err != nil {
			t.Fatal(err)
		}
		for _, arrival := range arrivals {
			ids = append(ids, arrival.Event.ID)
		}
		if next == after {
			return ids
		}
		after = next
	}
}

func numbered(n int) policy.Event {
	e := event("mk_one", policy.ActionKeyRevoked)
	e.ID = fmt.Sprintf("%012x-%020x", n, n)
	return e
}

func commitEvents(t *testing.T, s store.Store, events ...policy.Event) {
	t.Helper()
	err := update(t.Context(), s, func(m policy.Membership) (policy.Membership, []policy.Event, error) { return m, events, nil })
	if err != nil {
		t.Fatal(err)
	}
}

// Trails from before there was an order of arrivals have no queues. What is in them comes first, by ID, while new events come already.
func TestOldEventsArriveFirst(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	var want []string
	for n := range 500 { // more than are moved at once
		e := numbered(2 * (499 - n))
		if n%2 == 0 {
			commitEvents(t, s, e)
		} else if err := s.RecordEvents(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	events, err := s.Events(t.Context(), "acme", store.EventsQuery{Limit: 1000, OldestFirst: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		want = append(want, e.ID)
	}
	for _, slot := range []string{"{a:acme}", "{t:build}"} {
		server.Do("DEL", "mintkey:"+slot+":arriving")
	}
	for n := range 10 { // between the old ones
		commitEvents(t, s, numbered(2*n+1))
		want = append(want, numbered(2*n+1).ID)
	}
	if got := arrived(t, s); !slices.Equal(got, want) {
		t.Errorf("arrived %d, want %d in the order of IDs, then the new ones", len(got), len(want))
	}
}

// A writer that crashes after its commit has told nobody that its tenant has something queued.
func TestEventOfCrashedWriterArrives(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	before := arrived(t, s)
	commitEvents(t, s, numbered(1))
	server.Do("DEL", "mintkey:{a:acme}:arriving-slots")
	if got := arrived(t, s); len(got) != len(before) {
		t.Fatalf("the slot was found without being named: %v", got)
	}
	server.Do("DEL", "mintkey:{a:acme}:arriving-swept") // as after a minute
	if got := arrived(t, s); !slices.Equal(got, append(before, numbered(1).ID)) {
		t.Errorf("arrived %v, want %v and the new one", got, before)
	}
}

// What is in order leaves the queue, so that it is in memory once. A reader that crashes in between leaves it there, and it arrives
// once all the same.
func TestQueueOfArrivalsIsShort(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	const n = 450
	for i := range n {
		commitEvents(t, s, numbered(i))
	}
	all := arrived(t, s)
	if got := server.Do("LLEN", "mintkey:{t:build}:arriving"); got != "1" {
		t.Errorf("%s events are queued after they have arrived, want the last", got)
	}
	server.Do("LPUSH", "mintkey:{t:build}:arriving", numbered(n-2).ID) // not removed yet
	commitEvents(t, s, numbered(n))
	if got := arrived(t, s); !slices.Equal(got, append(all, numbered(n).ID)) {
		t.Errorf("%d arrived, want %d", len(got), len(all)+1)
	}
}

// A quiet account is cheap to follow, however many tenants it has.
func TestFollowingQuietTenantsReadsNone(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	for i := range 50 {
		if err := s.CreateTenant(t.Context(), tenant(t, fmt.Sprint("quiet", i))); err != nil {
			t.Fatal(err)
		}
	}
	arrived(t, s)
	before := commands(server)
	arrived(t, s)
	if n := commands(server) - before; n > 25 { // none of them for a tenant
		t.Errorf("%d commands to hear that nothing has happened in 51 tenants", n)
	}
}

// commands counts what Redis has been asked.
func commands(server *redistest.Server) (n int) {
	_, stats, _ := strings.Cut(server.Do("INFO", "stats"), "total_commands_processed:")
	_, _ = fmt.Sscan(stats, &n)
	return n
}
