package console_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
)

// BenchmarkKeyTable measures the list of API access in a tenant with 100,000 access keys of 50,000 users.
func BenchmarkKeyTable(b *testing.B) {
	s, err := boltstore.Open(filepath.Join(b.TempDir(), "mintkey.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ctx := b.Context()
	account := policy.Account{ID: "acme", Name: "Acme", CreatedAt: start, Expiration: policy.DefaultExpirationPolicy(start.Add(-policy.Day))}
	release, _ := policy.ParseRelease("24.3")
	tenant := policy.Tenant{ID: "berlin", AccountID: "acme", Name: "Berlin", Release: release, CreatedAt: start}
	if err := s.CreateAccount(ctx, account); err != nil {
		b.Fatal(err)
	}
	if err := s.CreateTenant(ctx, tenant); err != nil {
		b.Fatal(err)
	}
	var group errgroup.Group
	group.SetLimit(500)
	for i := range 50_000 {
		group.Go(func() error { return keyHolder(ctx, s, i) })
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	used := map[store.KeyRef]store.KeyAccess{}
	for i := range 50_000 {
		key := store.KeyRef{TenantID: "berlin", ClientID: fmt.Sprintf("mk_%05d0", i)}
		used[key] = store.KeyAccess{At: start.Add(time.Duration(i*7919%50_000) * time.Second)}
	}
	if err := s.RecordAccess(ctx, used); err != nil {
		b.Fatal(err)
	}
	actor, place := admin.Actor{At: start.Add(10 * policy.Day)}, admin.TenantContext{Account: account, Tenant: tenant}
	table := func(b *testing.B, service *admin.Service, q admin.KeyTableQuery) {
		b.Helper()
		found, err := service.KeyTable(ctx, actor, place, q)
		if err != nil || len(found.Keys) == 0 {
			b.Fatalf("%d keys, %v", len(found.Keys), err)
		}
	}
	newest := admin.KeyTableQuery{Sort: admin.ByCreated, Descending: true, Limit: 50}
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			table(b, &admin.Service{Store: s}, newest)
		}
	})
	before := heap()
	service := &admin.Service{Store: s}
	table(b, service, newest)
	b.Logf("the copy of the tenant is %d MB", (heap()-before)>>20)
	for _, by := range []admin.KeyColumn{admin.ByClientID, admin.ByUser, admin.ByEmail, admin.ByCreated, admin.ByLastAccess, admin.ByExpiry} {
		for page, offset := range map[string]int{"first": 0, "middle": 50_000, "last": 99_950} {
			b.Run(string(by)+"/"+page, func(b *testing.B) {
				for b.Loop() {
					table(b, service, admin.KeyTableQuery{Sort: by, Descending: true, Offset: offset, Limit: 50})
				}
			})
		}
	}
	b.Run("search", func(b *testing.B) {
		for b.Loop() {
			table(b, service, admin.KeyTableQuery{Sort: admin.ByUser, Filter: admin.KeyFilter{Text: "user 4999"}, Limit: 50})
		}
	})
	b.Run("after a change", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			id := fmt.Sprintf("user-%05d", i%50_000)
			err := s.UpdateMembership(ctx, "berlin", id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
				m.Keys[0].Label = fmt.Sprint(i)
				return m, nil, nil
			})
			b.StartTimer()
			if err != nil {
				b.Fatal(err)
			}
			table(b, service, newest)
		}
	})
	runtime.KeepAlive(service)
}

// heap returns the number of bytes in use.
func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func keyHolder(ctx context.Context, s *boltstore.Store, i int) error {
	id := fmt.Sprintf("user-%05d", i)
	err := s.CreateUser(ctx, policy.User{
		ID: id, AccountID: "acme", Name: fmt.Sprintf("User %d", i), Email: id + "@acme.example", CreatedAt: start,
	})
	if err != nil {
		return err
	}
	return s.UpdateMembership(ctx, "berlin", id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithRole(policy.RoleMember, start)
		for n := range 2 {
			at := start.Add(time.Duration(i) * time.Second)
			m.Keys = append(m.Keys, policy.AccessKey{
				ClientID: fmt.Sprintf("mk_%05d%d", i, n), Label: "job", Scopes: []string{"api"}, CreatedAt: at,
				Secrets: []policy.Secret{{IssuedAt: at}},
			})
		}
		return m, nil, err
	})
}
