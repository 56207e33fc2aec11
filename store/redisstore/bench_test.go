package redisstore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

func opening(b *testing.B) *redisstore.Store {
	b.Helper()
	s, err := redisstore.Open(b.Context(), redistest.StartUnix(b).URL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	seed(b, s)
	return s
}

func BenchmarkUpdateMembership(b *testing.B) {
	for _, announce := range []bool{false, true} {
		b.Run(map[bool]string{false: "recorded", true: "announced"}[announce], func(b *testing.B) {
			s := opening(b)
			mustUpdate(b, s, addKey("mk_one"))
			at := epoch
			for b.Loop() {
				at = at.Add(time.Second)
				mustUpdate(b, s, refresh("mk_one", at, announce))
			}
		})
	}
}

// manyTenants are tenants whose outbox has one entry each, leased until later, and whose only access key is not due.
func manyTenants(b *testing.B, s *redisstore.Store) (later time.Time) {
	b.Helper()
	const tenants = 1000
	later = epoch.Add(time.Hour)
	for i := range tenants {
		id := fmt.Sprint("tenant-", i)
		e := event(id, policy.ActionKeyCreated)
		e.TenantID, e.Announce = id, true
		err := errors.Join(
			s.CreateTenant(b.Context(), tenant(b, id)),
			s.UpdateMembership(b.Context(), id, "ada", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
				m.Role, m.JoinedAt = policy.RoleMember, epoch
				m.Keys = []policy.AccessKey{{ClientID: "mk_" + id, CreatedAt: epoch, Secrets: []policy.Secret{{IssuedAt: epoch}}}}
				return m, []policy.Event{e}, nil
			}),
		)
		if err != nil {
			b.Fatal(err)
		}
	}
	claimed := 0
	for claimed < tenants {
		entries, err := s.ClaimOutbox(b.Context(), epoch, later, 100)
		if err != nil || len(entries) == 0 {
			b.Fatalf("claimed %d, %v", len(entries), err)
		}
		claimed += len(entries)
	}
	return later
}

func BenchmarkThousandTenants(b *testing.B) {
	s := opening(b)
	later := manyTenants(b, s)
	b.Run("ClaimOutbox when nothing is due", func(b *testing.B) {
		for b.Loop() {
			if got, err := s.ClaimOutbox(b.Context(), epoch.Add(time.Minute), later, 100); err != nil || len(got) != 0 {
				b.Fatalf("claimed %d, %v", len(got), err)
			}
		}
	})
	b.Run("ClaimOutbox of 100", func(b *testing.B) {
		now := later
		for b.Loop() {
			if got, err := s.ClaimOutbox(b.Context(), now, now.Add(time.Second), 100); err != nil || len(got) != 100 {
				b.Fatalf("claimed %d, %v", len(got), err)
			}
			now = now.Add(100 * time.Millisecond)
		}
	})
	b.Run("KeysByIssue when nothing is due", func(b *testing.B) {
		for b.Loop() {
			if got, err := s.KeysByIssue(b.Context(), "acme", store.DatedKey{}, epoch.Add(-1), 1); err != nil || len(got) != 0 {
				b.Fatalf("%d keys, %v", len(got), err)
			}
		}
	})
	b.Run("KeysByIssue of 500", func(b *testing.B) {
		for b.Loop() {
			if got, err := s.KeysByIssue(b.Context(), "acme", store.DatedKey{}, epoch, 500); err != nil || len(got) != 500 {
				b.Fatalf("%d keys, %v", len(got), err)
			}
		}
	})
}

func refresh(clientID string, at time.Time, announce bool) store.MembershipChange {
	return func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithRefreshedKey(clientID, policy.Secret{}, policy.Refresh{}, nil, at)
		e := event(clientID, policy.ActionKeyRefreshed)
		e.ID, e.At, e.Announce = policy.NewEventID(at, [10]byte{}), at, announce
		return m, []policy.Event{e}, err
	}
}
