package storetest

import (
	"context"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// read is one way to read what Populate has written.
type read struct {
	name string
	run  func(ctx context.Context, s store.Store) (any, error)
}

// reading hides the type of what a read returns.
func reading[T any](name string, run func(ctx context.Context, s store.Store) (T, error)) read {
	return read{name, func(ctx context.Context, s store.Store) (any, error) {
		got, err := run(ctx, s)
		return &got, err
	}}
}

func reads() []read {
	all := store.Page{Limit: 100}
	return []read{
		reading("Account", func(ctx context.Context, s store.Store) (policy.Account, error) { return s.Account(ctx, acme) }),
		reading("Accounts", func(ctx context.Context, s store.Store) ([]policy.Account, error) { return s.Accounts(ctx, all) }),
		reading("Tenant", func(ctx context.Context, s store.Store) (policy.Tenant, error) { return s.Tenant(ctx, load) }),
		reading("Tenants", func(ctx context.Context, s store.Store) ([]policy.Tenant, error) { return s.Tenants(ctx, acme, all) }),
		reading("User", func(ctx context.Context, s store.Store) (policy.User, error) { return s.User(ctx, acme, ada) }),
		reading("UserByEmail", func(ctx context.Context, s store.Store) (policy.User, error) {
			return s.UserByEmail(ctx, acme, "ada@example.com")
		}),
		reading("UsersByEmail", func(ctx context.Context, s store.Store) ([]policy.User, error) {
			return s.UsersByEmail(ctx, "ada@example.com")
		}),
		reading("EachUsedID", usedIDs),
		reading("UsersByID", func(ctx context.Context, s store.Store) (map[string]policy.User, error) {
			return s.UsersByID(ctx, acme, []string{ada})
		}),
		reading("Users", func(ctx context.Context, s store.Store) ([]policy.User, error) { return s.Users(ctx, acme, all) }),
		reading("Membership", func(ctx context.Context, s store.Store) (policy.Membership, error) {
			return s.Membership(ctx, load, ada)
		}),
		reading("MembershipsOf", func(ctx context.Context, s store.Store) (policy.Membership, error) {
			ref := store.MemberRef{TenantID: load, UserID: ada}
			found, err := s.MembershipsOf(ctx, []store.MemberRef{ref})
			return found[ref], err
		}),
		reading("MembershipsByID", func(ctx context.Context, s store.Store) (map[string]policy.Membership, error) {
			return s.MembershipsByID(ctx, load, []string{ada})
		}),
		reading("Memberships", func(ctx context.Context, s store.Store) ([]policy.Membership, error) {
			return s.Memberships(ctx, load, all)
		}),
		reading("TenantsOf", func(ctx context.Context, s store.Store) ([]string, error) { return s.TenantsOf(ctx, acme, ada) }),
		reading("SubjectByClientID", func(ctx context.Context, s store.Store) (policy.Subject, error) {
			return s.SubjectByClientID(ctx, "mk_1")
		}),
		reading("Subject", func(ctx context.Context, s store.Store) (policy.Subject, error) { return s.Subject(ctx, load, ada) }),
		reading("AccessTimes", func(ctx context.Context, s store.Store) (map[string]time.Time, error) {
			return s.AccessTimes(ctx, load, []string{"mk_1"})
		}),
		reading("Accesses", func(ctx context.Context, s store.Store) (map[string]store.KeyAccess, error) {
			return s.Accesses(ctx, load, []string{"mk_1"})
		}),
		reading("Events", func(ctx context.Context, s store.Store) ([]policy.Event, error) {
			return s.Events(ctx, acme, store.EventsQuery{Limit: 100})
		}),
		reading("Document", func(ctx context.Context, s store.Store) ([]byte, error) { return s.Document(ctx, "signing-keys") }),
		reading("KeysByIssue", func(ctx context.Context, s store.Store) ([]store.DatedKey, error) {
			return s.KeysByIssue(ctx, acme, store.DatedKey{}, day(100), 100)
		}),
		reading("EachKeyByIssue", func(ctx context.Context, s store.Store) ([]store.DatedKey, error) {
			var keys []store.DatedKey
			err := s.EachKeyByIssue(ctx, acme, time.Time{}, day(100), func(key store.DatedKey) error {
				keys = append(keys, key)
				return nil
			})
			return keys, err
		}),
		reading("KeysByEnd", func(ctx context.Context, s store.Store) ([]store.DatedKey, error) {
			return s.KeysByEnd(ctx, acme, store.DatedKey{}, day(100), 100)
		}),
		reading("MembershipChanges", func(ctx context.Context, s store.Store) (bool, error) {
			changes, err := s.MembershipChanges(ctx, load, "")
			return changes.Complete, err
		}),
		reading("UserChanges", func(ctx context.Context, s store.Store) (bool, error) {
			changes, err := s.UserChanges(ctx, acme, "")
			return changes.Complete, err
		}),
		reading("Revocations", func(ctx context.Context, s store.Store) ([]store.Revocation, error) {
			return s.Revocations(ctx, "", 100)
		}),
		reading("Ephemeral", func(ctx context.Context, s store.Store) ([]byte, error) {
			return s.Ephemeral(ctx, "session/1")
		}),
		reading("Traffic", func(ctx context.Context, s store.Store) ([]store.TrafficCounts, error) {
			return s.Traffic(ctx, ofAcme(), store.TrafficSpan{Step: store.TrafficDays, From: day(0), Steps: 10})
		}),
		reading("TrafficRefused", func(ctx context.Context, s store.Store) ([]store.TrafficPart, error) {
			return s.TrafficRefused(ctx, ofAcme(), store.TrafficSpan{Step: store.TrafficDays, From: day(0), Steps: 10}, 10)
		}),
		reading("TrafficParts", func(ctx context.Context, s store.Store) ([]store.TrafficPart, error) {
			return s.TrafficParts(ctx, ofAcme(), store.TrafficSpan{Step: store.TrafficDays, From: day(0), Steps: 10}, 10)
		}),
		reading("DocumentNames", func(ctx context.Context, s store.Store) ([]string, error) { return s.DocumentNames(ctx) }),
		reading("EachOutboxEntry", eachOutboxEntry),
		reading("EachEphemeral", eachEphemeral),
		reading("EachTrafficRecord", eachTrafficRecord),
	}
}

// Populate writes something of every kind into an empty store, for Everything to find.
func Populate(t testing.TB, s store.Store) {
	t.Helper()
	settle(t, s)
	check(t, s.CreateUser(t.Context(), user(acme, "gone")))
	check(t, s.DeleteUser(t.Context(), acme, "gone"))
	put(t, s, membership(load, ada, "mk_1", "mk_2"), event(acme, load, 1))
	check(t, s.RecordEvents(t.Context(), announced(event(acme, "", 2))))
	check(t, s.RecordRevocations(t.Context(), revocation(1), revocation(2)))
	check(t, s.PutEphemeral(t.Context(), "session/1", []byte("value"), farOff()))
	check(t, s.RecordAccess(t.Context(), map[store.KeyRef]store.KeyAccess{
		{TenantID: load, ClientID: "mk_1"}: store.NewKeyAccess(second(2), second(3), "192.0.2.1"),
	}))
	check(t, s.RecordTraffic(t.Context(), asked(load, "mk_1", day(3), given(2))))
	setDocument(t, s, "signing-keys", "document")
}
