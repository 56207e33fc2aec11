package console_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store/boltstore"
)

// BenchmarkKeyTable is the list of API access in a tenant with 100,000 access keys of 50,000 users.
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
	office := &admin.Office{Store: s}
	actor := admin.Actor{At: start.Add(10 * policy.Day)}
	for _, q := range []admin.KeyTableQuery{
		{Sort: admin.ByCreated, Descending: true, Limit: 50},
		{Sort: admin.ByUser, Filter: admin.KeyFilter{Text: "user 4999"}, Limit: 50},
	} {
		b.Run(string(q.Sort)+q.Filter.Text, func(b *testing.B) {
			for b.Loop() {
				table, err := office.KeyTable(ctx, actor, admin.Place{Account: account, Tenant: tenant}, q)
				if err != nil || len(table.Keys) == 0 {
					b.Fatalf("%d keys, %v", len(table.Keys), err)
				}
			}
		})
	}
}

func keyHolder(ctx context.Context, s *boltstore.Store, i int) error {
	id := fmt.Sprintf("user-%05d", i)
	if err := s.CreateUser(ctx, policy.User{ID: id, AccountID: "acme", Name: fmt.Sprintf("User %d", i), Email: id + "@acme.example", CreatedAt: start}); err != nil {
		return err
	}
	return s.UpdateMembership(ctx, "berlin", id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithRole(policy.RoleMember, start)
		for n := range 2 {
			at := start.Add(time.Duration(i) * time.Second)
			m.Keys = append(m.Keys, policy.AccessKey{
				ClientID: fmt.Sprintf("mk_%05d%d", i, n), Label: "job", Scopes: []string{"api"}, CreatedAt: at, Secrets: []policy.Secret{{IssuedAt: at}},
			})
		}
		return m, nil, err
	})
}
