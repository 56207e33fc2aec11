package notify_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"mintkey/notify"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// noon is when the tests begin.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fullStore is what both stores offer.
type fullStore interface {
	store.Store
	store.Outbox
	store.KeyOrders
}

func openBolt(t testing.TB) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// openThrice opens one Redis for each of three servers.
func openThrice(t testing.TB) (stores []fullStore) {
	t.Helper()
	server := redistest.Start(t)
	for range 3 {
		s, err := redisstore.Open(t.Context(), server.URL())
		must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		stores = append(stores, s)
	}
	return stores
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func addAccount(t testing.TB, s store.Store, id string, at time.Time) {
	t.Helper()
	account := policy.Account{ID: id, Name: "Account " + id, CreatedAt: at, Expiration: policy.DefaultExpirationPolicy(at)}
	must(t, s.CreateAccount(t.Context(), account))
}

func addTenant(t testing.TB, s store.Store, account, id string) {
	t.Helper()
	release, err := policy.ParseRelease("24.3")
	must(t, err)
	must(t, s.CreateTenant(t.Context(), policy.Tenant{ID: id, AccountID: account, Name: "Tenant " + id, Release: release}))
}

func addUser(t testing.TB, s store.Store, account, id, name string) {
	t.Helper()
	must(t, s.CreateUser(t.Context(), policy.User{ID: id, AccountID: account, Name: name, Email: id + "@example.com"}))
}

func join(t testing.TB, s store.Store, tenant, user string, at time.Time) {
	t.Helper()
	must(t, s.UpdateMembership(t.Context(), tenant, user, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithRole(policy.RoleMember, at)
		return m, nil, err
	}))
}

// small is a store with one account, two tenants, and Ada and Grace, who are members of the first.
func small(t testing.TB, s store.Store) {
	t.Helper()
	addAccount(t, s, "acme", noon)
	addTenant(t, s, "acme", "load")
	addTenant(t, s, "acme", "idle")
	addUser(t, s, "acme", "ada", "Ada Lovelace")
	addUser(t, s, "acme", "grace", "Grace Hopper")
	join(t, s, "load", "ada", noon)
	join(t, s, "load", "grace", noon)
}

// changeMembership changes that of a member of tenant load.
func changeMembership(t testing.TB, s store.Memberships, user string, change func(policy.Membership) (policy.Membership, error)) {
	t.Helper()
	must(t, s.UpdateMembership(context.Background(), "load", user, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := change(m)
		return m, nil, err
	}))
}

func newKey(clientID, label string, at time.Time) policy.AccessKey {
	return policy.AccessKey{ClientID: clientID, Label: label, Scopes: []string{"api"}, CreatedAt: at, Secrets: []policy.Secret{{
		Digest: policy.ClientSecretFromRequest(clientID).Digest(), IssuedAt: at,
	}}}
}

// addKey gives a member of tenant load one more key.
func addKey(t testing.TB, s store.Store, user string, key policy.AccessKey) {
	t.Helper()
	changeMembership(t, s, user, func(m policy.Membership) (policy.Membership, error) {
		return m.WithKey(key, expiration(t, s), key.CreatedAt)
	})
}

// deliver hands an event to a channel as a worker does.
func deliver(ctx context.Context, records notify.Records, channel notify.Channel, event policy.Event, now time.Time) error {
	event = event.FromVersion1()
	return channel.Deliver(ctx, event, notify.SubjectOf(records, event), now)
}

// expiration is the policy of account acme.
func expiration(t testing.TB, s store.Accounts) policy.ExpirationPolicy {
	t.Helper()
	a, err := s.Account(context.Background(), "acme")
	must(t, err)
	return a.Expiration
}

func after(days int) time.Time { return noon.AddDate(0, 0, days) }
