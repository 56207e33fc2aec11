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
	"mintkey/store"
	"mintkey/store/boltstore"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// BenchmarkHundredThousandKeys is what an account admin waits for in an account of 100,000 access keys in one tenant.
func BenchmarkHundredThousandKeys(b *testing.B) {
	service, actor, place := fill(b, 50_000)
	b.Run("cold preview", func(b *testing.B) {
		for b.Loop() {
			fresh := &admin.Service{Store: service.Store}
			change := policy.PolicyChange{Enabled: true, PeriodDays: 120}
			affected, err := fresh.PreviewPolicy(b.Context(), actor, place, change, admin.IfMatch{})
			if err != nil || len(affected) != 100_000 {
				b.Fatal(len(affected), err)
			}
		}
	})
	b.Run("expiries", func(b *testing.B) {
		for b.Loop() {
			times, first, err := service.Outlook(b.Context(), actor, place, start.AddDate(1, 0, 0), 5)
			if err != nil || len(times) != 100_000 || len(first) != 5 {
				b.Fatal(len(times), len(first), err)
			}
		}
	})
	b.Run("preview", func(b *testing.B) {
		for b.Loop() {
			change := policy.PolicyChange{Enabled: true, PeriodDays: 120}
			affected, err := service.PreviewPolicy(b.Context(), actor, place, change, admin.IfMatch{})
			if err != nil || len(affected) != 100_000 {
				b.Fatal(len(affected), err)
			}
		}
	})
	b.Run("first page", func(b *testing.B) {
		for b.Loop() {
			keys, _, err := service.Keys(b.Context(), actor, place, admin.KeyFilter{}, admin.KeyPage{Limit: 100})
			if err != nil || len(keys) != 100 {
				b.Fatal(len(keys), err)
			}
		}
	})
	b.Run("find a member", func(b *testing.B) {
		for b.Loop() {
			members, _, err := service.FindMembers(b.Context(), place, "u049999", store.Page{Limit: 8})
			if err != nil || len(members) != 1 {
				b.Fatal(len(members), err)
			}
		}
	})
	b.Run("find a user", func(b *testing.B) {
		for b.Loop() {
			users, _, err := service.FindUsers(b.Context(), place, "u049999", store.Page{Limit: 50})
			if err != nil || len(users) != 1 {
				b.Fatal(len(users), err)
			}
		}
	})
	b.Run("search without a match", func(b *testing.B) {
		for b.Loop() {
			keys, _, err := service.Keys(b.Context(), actor, place, admin.KeyFilter{Text: "no such text"}, admin.KeyPage{Limit: 100})
			if err != nil || len(keys) != 0 {
				b.Fatal(len(keys), err)
			}
		}
	})
}

// fill makes members of one tenant with two keys each.
func fill(b *testing.B, members int) (*admin.Service, admin.Actor, admin.TenantContext) {
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
	service := &admin.Service{Store: s, Catalogue: policy.Catalogue{"api"}, Log: slog.New(slog.DiscardHandler)}
	return service, admin.Actor{At: start}, admin.TenantContext{Account: account, Tenant: tenant}
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
