package admin_test

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store/boltstore"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// BenchmarkHundredThousandKeys is what an account admin waits for in an account of 100,000 access keys in one tenant.
func BenchmarkHundredThousandKeys(b *testing.B) {
	office, actor, place := fill(b, 50_000)
	b.Run("preview", func(b *testing.B) {
		for b.Loop() {
			affected, err := office.PreviewPolicy(b.Context(), actor, place, policy.PolicyChange{Enabled: true, PeriodDays: 120})
			if err != nil || len(affected) != 100_000 {
				b.Fatal(len(affected), err)
			}
		}
	})
	b.Run("first page", func(b *testing.B) {
		for b.Loop() {
			keys, _, err := office.Keys(b.Context(), actor, place, admin.KeyFilter{}, admin.KeyPage{Limit: 100})
			if err != nil || len(keys) != 100 {
				b.Fatal(len(keys), err)
			}
		}
	})
	b.Run("search without a match", func(b *testing.B) {
		for b.Loop() {
			keys, _, err := office.Keys(b.Context(), actor, place, admin.KeyFilter{Text: "no such text"}, admin.KeyPage{Limit: 100})
			if err != nil || len(keys) != 0 {
				b.Fatal(len(keys), err)
			}
		}
	})
}

// fill makes members of one tenant with two keys each.
func fill(b *testing.B, members int) (*admin.Office, admin.Actor, admin.Place) {
	b.Helper()
	s, err := boltstore.Open(filepath.Join(b.TempDir(), "mintkey.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	release, err := policy.ParseRelease("24.3")
	if err != nil {
		b.Fatal(err)
	}
	account := policy.Account{ID: "a", Name: "A", Expiration: policy.DefaultExpirationPolicy(start)}
	tenant := policy.Tenant{ID: "t", AccountID: "a", Name: "T", Release: release}
	if err := s.CreateAccount(b.Context(), account); err != nil {
		b.Fatal(err)
	}
	if err := s.CreateTenant(b.Context(), tenant); err != nil {
		b.Fatal(err)
	}
	var all sync.WaitGroup
	const writers = 64
	for w := range writers {
		all.Go(func() {
			for i := w; i < members; i += writers {
				admit(b, s, fmt.Sprintf("u%06d", i))
			}
		})
	}
	all.Wait()
	office := &admin.Office{Store: s, Catalogue: policy.Catalogue{"api"}, Log: slog.New(slog.DiscardHandler)}
	return office, admin.Actor{At: start}, admin.Place{Account: account, Tenant: tenant}
}

func admit(b *testing.B, s *boltstore.Store, id string) {
	if err := s.CreateUser(b.Context(), policy.User{ID: id, AccountID: "a", Name: id, Email: id + "@example.com"}); err != nil {
		b.Error(err)
	}
	err := s.UpdateMembership(b.Context(), "t", id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithRole(policy.RoleMember, start)
		for n := range 2 {
			m.Keys = append(m.Keys, policy.AccessKey{
				ClientID: fmt.Sprintf("mk_%s_%d", id, n), Scopes: []string{"api"}, CreatedAt: start, Secrets: []policy.Secret{{IssuedAt: start}},
			})
		}
		return m, nil, err
	})
	if err != nil {
		b.Error(err)
	}
}
