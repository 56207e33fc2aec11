package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
	"mintkey/store/storetest"
)

func newBolt(t *testing.T) store.Store {
	t.Helper()
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	return opened(t, s, err)
}

func openRedis(t *testing.T, url string) store.Store {
	t.Helper()
	s, err := redisstore.Open(t.Context(), url)
	return opened(t, s, err)
}

func opened(t *testing.T, s store.Store, err error) store.Store {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// A copy of a copy of a copy, over every kind of store, has everything.
func TestCopyHasEverything(t *testing.T) {
	stores := []store.Store{
		newBolt(t), openRedis(t, redistest.Start(t).URL()), newBolt(t), openRedis(t, redistest.StartCluster(t, 3).URL()), newBolt(t),
	}
	storetest.Populate(t, stores[0])
	want := storetest.Everything(t, stores[0])
	for i := range stores[1:] {
		must(t, store.Copy(t.Context(), stores[i+1], stores[i]))
		if diff := cmp.Diff(want, storetest.Everything(t, stores[i+1])); diff != "" {
			t.Errorf("copy %d (-want +got):\n%s", i+1, diff)
		}
	}
}

// A follower finds the events of a copy in the order in which they were written, also those of the same moment, whose IDs are random.
func TestCopyKeepsTheOrderOfEvents(t *testing.T) {
	redis := redistest.Start(t)
	stores := []store.Store{newBolt(t), openRedis(t, redis.URL()), newBolt(t)}
	must(t, stores[0].CreateAccount(t.Context(), policy.Account{ID: "acme", Name: "Acme"}))
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	const events = 600 // more than a page
	var want []string
	for i := range events {
		id := policy.NewEventID(at, [10]byte{byte(i * 37), byte(i >> 8), byte(i)})
		want = append(want, id)
		must(t, stores[0].RecordEvents(t.Context(), policy.Event{ID: id, At: at, Action: policy.ActionKeyCreated, AccountID: "acme"}))
	}
	for i := range stores[1:] {
		must(t, store.Copy(t.Context(), stores[i+1], stores[i]))
		if diff := cmp.Diff(want, arrived(t, stores[i+1])); diff != "" {
			t.Errorf("copy %d (-want +got):\n%s", i+1, diff)
		}
	}
	slices.Sort(want)
	redis.Do("CONFIG", "SET", "maxmemory", "1")
	redis.Do("DEL", "mintkey:{a:acme}:arriving-swept") // so that following it would be a change
	copied := newBolt(t)
	must(t, store.Copy(t.Context(), copied, stores[1]))
	if got := arrived(t, copied); !slices.Equal(got, want) {
		t.Errorf("of a full Redis: %d events, want %d by ID", len(got), len(want))
	}
}

func arrived(t *testing.T, s store.Store) (ids []string) {
	t.Helper()
	for after := ""; ; {
		arrivals, next, err := s.Arrivals(t.Context(), "acme", after, 400)
		must(t, err)
		for _, arrival := range arrivals {
			ids = append(ids, arrival.Event.ID)
		}
		if next == after {
			return ids
		}
		after = next
	}
}

// There is more than one page of everything.
func TestCopyOfManyRecords(t *testing.T) {
	from, to := newBolt(t), newBolt(t)
	account := policy.Account{ID: "acme", Name: "Acme"}
	must(t, from.CreateAccount(t.Context(), account))
	release, err := policy.ParseRelease("24.3")
	must(t, err)
	const tenants, users = 3, 1100
	for i := range tenants {
		must(t, from.CreateTenant(t.Context(), policy.Tenant{ID: fmt.Sprint("t", i), AccountID: "acme", Name: "T", Release: release}))
	}
	for i := range users {
		id := fmt.Sprintf("u%04d", i)
		must(t, from.CreateUser(t.Context(), policy.User{ID: id, AccountID: "acme", Name: id, Email: id + "@example.com"}))
		must(t, from.UpdateMembership(t.Context(), "t1", id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m.Role, m.Keys = policy.RoleMember, []policy.AccessKey{{ClientID: "mk_" + id}}
			return m, []policy.Event{{ID: fmt.Sprintf("%012x-%020d", i, i), Action: policy.ActionKeyCreated, AccountID: "acme", TenantID: "t1"}}, nil
		}))
	}
	must(t, store.Copy(t.Context(), to, from))
	found, err := store.Count(t.Context(), to)
	must(t, err)
	if diff := cmp.Diff(store.Tally{Accounts: 1, Tenants: tenants, Users: users, AccessKeys: users}, found); diff != "" {
		t.Errorf("the copy has (-want +got):\n%s", diff)
	}
	events, err := to.Events(t.Context(), "acme", store.EventsQuery{Limit: 2 * users})
	must(t, err)
	if len(events) != users {
		t.Errorf("the copy has %d events, want %d", len(events), users)
	}
	for _, id := range []string{"mk_u0000", "mk_u0500", "mk_u1099"} {
		if _, err := to.SubjectByClientID(t.Context(), id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestCopyRefusesAStoreInUse(t *testing.T) {
	from, to := newBolt(t), newBolt(t)
	storetest.Populate(t, from)
	must(t, to.CreateAccount(t.Context(), policy.Account{ID: "here", Name: "Here first"}))
	if err := store.Copy(t.Context(), to, from); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("error is %v, want ErrNotEmpty", err)
	}
	if found, err := to.Accounts(t.Context(), store.Page{Limit: 9}); err != nil || len(found) != 1 {
		t.Errorf("the store has %d accounts after the refusal, %v", len(found), err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
