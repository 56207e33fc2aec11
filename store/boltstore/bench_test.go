package boltstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store/boltstore"
)

func BenchmarkSubjectByClientID(b *testing.B) {
	s, ctx := populated(b), b.Context()
	for b.Loop() {
		if _, err := s.SubjectByClientID(ctx, "mk_0"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSubjectByClientIDParallel(b *testing.B) {
	s, ctx := populated(b), b.Context()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.SubjectByClientID(ctx, "mk_0"); err != nil {
				b.Error(err)
			}
		}
	})
}

// One writer: the price of an fsync'ed commit.
func BenchmarkUpdateMembership(b *testing.B) {
	s, ctx := populated(b), b.Context()
	for b.Loop() {
		if err := s.UpdateMembership(ctx, "load", "ada", unchanged); err != nil {
			b.Fatal(err)
		}
	}
}

// Many writers: how far they share that price.
func BenchmarkUpdateMembershipParallel(b *testing.B) {
	s, ctx := populated(b), b.Context()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := s.UpdateMembership(ctx, "load", "ada", unchanged); err != nil {
				b.Error(err)
			}
		}
	})
}

func unchanged(m policy.Membership) (policy.Membership, []policy.Event, error) { return m, nil, nil }

// populated opens a store with one user who has two access keys.
func populated(b *testing.B) *boltstore.Store {
	b.Helper()
	s, err := boltstore.Open(b.TempDir() + "/mintkey.db")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	if err := populate(b.Context(), s); err != nil {
		b.Fatal(err)
	}
	return s
}

func populate(ctx context.Context, s *boltstore.Store) error {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	release, err := policy.ParseRelease("24.3")
	if err != nil {
		return err
	}
	expiration := policy.DefaultExpirationPolicy(now)
	err = s.CreateAccount(ctx, policy.Account{ID: "acme", Name: "Acme", CreatedAt: now, Expiration: expiration})
	if err != nil {
		return err
	}
	err = s.CreateTenant(ctx, policy.Tenant{ID: "load", AccountID: "acme", Name: "Load", Release: release, CreatedAt: now})
	if err != nil {
		return err
	}
	err = s.CreateUser(ctx, policy.User{ID: "ada", AccountID: "acme", Name: "Ada", Email: "ada@example.com", CreatedAt: now})
	if err != nil {
		return err
	}
	return s.UpdateMembership(ctx, "load", "ada", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithRole(policy.RoleMember, now)
		for i := range policy.MaxKeys {
			if err != nil {
				return m, nil, err
			}
			m, err = m.WithKey(policy.AccessKey{
				ClientID:  fmt.Sprintf("mk_%d", i),
				Scopes:    []string{"api", policy.ScopeSelf},
				CreatedAt: now,
				Secrets:   []policy.Secret{{Digest: policy.Digest{byte(i)}, IssuedAt: now}},
			}, expiration, now)
		}
		return m, nil, err
	})
}
