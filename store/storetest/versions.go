package storetest

import (
	"slices"
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

func versionCases() []testCase {
	return []testCase{
		{"unknown members of records survive a change", unknownSurvive},
		{"tenant is changed", tenantIsChanged},
		{"keys are found by digest prefix", keysByDigestPrefix},
		{"schema version is kept", schemaVersionIsKept},
	}
}

const newer = `{"of_a_later_version":{"n":[1,"two"]}}`

// unknownSurvive has a later server write members that this one does not know, and this one change something else.
func unknownSurvive(t testing.TB, at place) {
	s := at.connect(t)
	ctx := t.Context()
	a, te, u := account(acme), tenant(t, acme, load), user(acme, ada)
	a.Unknown, te.Unknown, u.Unknown = newer, newer, newer
	u.Passkeys = []policy.Passkey{{ID: "key", Name: "Phone", Transports: []string{"usb"}, Unknown: newer}}
	u.RecoveryCodes = []string{"digest"}
	m := membership(load, ada, "mk_1", "mk_2")
	m.Unknown, m.Keys[0].Unknown, m.Keys[1].Secrets[1].Unknown = newer, newer, newer
	check(t, s.CreateAccount(ctx, a))
	check(t, s.CreateTenant(ctx, te))
	check(t, s.CreateUser(ctx, u))
	put(t, s, m)

	check(t, s.UpdateAccount(ctx, acme, func(a policy.Account) (policy.Account, []policy.Event, error) {
		a.Name = "renamed"
		return a, nil, nil
	}))
	check(t, s.UpdateTenant(ctx, load, func(te policy.Tenant) (policy.Tenant, []policy.Event, error) {
		te.Name = "renamed"
		return te, nil, nil
	}))
	check(t, s.UpdateUser(ctx, acme, ada, func(u policy.User) (policy.User, []policy.Event, error) {
		u.Name = "renamed"
		return u, nil, nil
	}))
	check(t, s.UpdateMembership(ctx, load, ada, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.Role = policy.RoleTenantAdmin
		return m, nil, nil
	}))
	a.Name, te.Name, u.Name, m.Role = "renamed", "renamed", "renamed", policy.RoleTenantAdmin
	got, err := s.Subject(ctx, load, ada)
	check(t, err)
	equal(t, "subject", got, policy.Subject{Account: a, Tenant: te, User: u, Membership: m})
}

func tenantIsChanged(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	put(t, s, membership(load, ada))
	_, err := s.Subject(t.Context(), load, ada) // what a store remembers of the tenant must not hide the change
	check(t, err)
	check(t, s.UpdateTenant(t.Context(), load, func(te policy.Tenant) (policy.Tenant, []policy.Event, error) {
		te.AccountID, te.ID, te.SuspendedAt, te.NoticeAddresses = other, "other", day(3), []string{"ops@example.com"}
		return te, []policy.Event{event(acme, load, 1)}, nil
	}))
	want := tenant(t, acme, load)
	want.SuspendedAt, want.NoticeAddresses = day(3), []string{"ops@example.com"}
	got, err := s.Tenant(t.Context(), load)
	check(t, err)
	equal(t, "tenant", got, want)
	subject, err := s.Subject(t.Context(), load, ada)
	check(t, err)
	equal(t, "tenant of the subject", subject.Tenant, want)
	events, err := s.Events(t.Context(), acme, store.EventsQuery{Limit: 10})
	check(t, err)
	equal(t, "events", events, []policy.Event{event(acme, load, 1)})
	wantRefused(t, s.UpdateTenant(t.Context(), load, func(te policy.Tenant) (policy.Tenant, []policy.Event, error) {
		return te, nil, errRefused
	}))
	wantError(t, s.UpdateTenant(t.Context(), "missing", func(te policy.Tenant) (policy.Tenant, []policy.Event, error) {
		return te, nil, nil
	}), store.ErrNotFound)
}

func digestOf(m policy.Membership, key, secret int) string {
	return m.Keys[key].Secrets[secret].Digest.Prefix()
}

func wantFound(t testing.TB, s store.Store, prefix string, want ...string) {
	t.Helper()
	found, err := s.KeysByDigestPrefix(t.Context(), prefix)
	check(t, err)
	slices.Sort(found)
	equal(t, "keys with the prefix "+prefix, found, want)
}

func keysByDigestPrefix(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	m := membership(load, ada, "mk_1", "mk_2")
	check(t, s.UpdateUser(t.Context(), acme, ada, func(u policy.User) (policy.User, []policy.Event, error) {
		u.Generation = "first"
		return u, nil, nil
	}))
	m.UserGeneration = "first"
	m.Keys[1].Secrets[0].Digest = m.Keys[0].Secrets[0].Digest // two keys may share a prefix
	put(t, s, m)
	both, old, gone := digestOf(m, 0, 0), digestOf(m, 0, 1), digestOf(m, 1, 1)
	wantFound(t, s, both, "mk_1", "mk_2")
	wantFound(t, s, old, "mk_1")
	wantFound(t, s, gone, "mk_2")
	wantFound(t, s, "0000000000000000")

	m.Keys = m.Keys[:1]
	put(t, s, m)
	wantFound(t, s, both, "mk_1")
	wantFound(t, s, gone)
	m.Keys[0].Secrets = m.Keys[0].Secrets[:1]
	put(t, s, m)
	wantFound(t, s, old)
	remove(t, s, load, ada)
	wantFound(t, s, both)
}

func schemaVersionIsKept(t testing.TB, at place) {
	s := at.connect(t)
	version, err := s.SchemaVersion(t.Context())
	check(t, err)
	equal(t, "version of a new store", version, store.SchemaVersion)
	check(t, s.SetSchemaVersion(t.Context(), store.SchemaVersion-1))
	version, err = s.SchemaVersion(t.Context())
	check(t, err)
	equal(t, "version", version, store.SchemaVersion-1)
}
