package admin_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// BenchmarkOutlook measures what looks at all access keys of an account, in one tenant and in many.
func BenchmarkOutlook(b *testing.B) {
	const users = 10_000
	for _, tenants := range []int{1, 2000} {
		for name, open := range map[string]func() (store.Store, error){
			"bolt":  func() (store.Store, error) { return boltstore.Open(filepath.Join(b.TempDir(), "mintkey.db")) },
			"redis": func() (store.Store, error) { return redisstore.Open(b.Context(), redistest.Start(b).URL()) },
		} {
			opened, err := open()
			must(b, err)
			b.Cleanup(func() { _ = opened.Close() })
			in := admin.TenantContext{Account: manyKeys(b, opened, tenants, users)}
			service, actor := &admin.Service{Store: opened}, admin.Actor{At: start.Add(60 * policy.Day)}
			run := func(what string, do func() error) {
				b.Run(fmt.Sprintf("%s/%d tenants/%s", name, tenants, what), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						must(b, do())
					}
				})
			}
			year := actor.At.AddDate(1, 0, 0)
			run("security", func() error { _, _, err := service.Outlook(b.Context(), actor, in, year, 5); return err })
			run("file", func() error { _, _, err := service.Outlook(b.Context(), actor, in, year, 1000); return err })
			run("preview", func() error {
				_, err := service.PreviewPolicy(b.Context(), actor, in, policy.PolicyChange{Enabled: true, PeriodDays: 120}, admin.IfMatch{})
				return err
			})
			run("calendar", func() error {
				_, err := service.Calendar(b.Context(), actor, in, actor.At.Add(32*policy.Day))
				return err
			})
		}
	}
}

func manyKeys(b *testing.B, opened store.Store, tenants, users int) policy.Account {
	b.Helper()
	release, err := policy.ParseRelease("24.3")
	must(b, err)
	account := policy.Account{ID: "a", Name: "A", Expiration: policy.DefaultExpirationPolicy(start)}
	must(b, opened.CreateAccount(b.Context(), account))
	var group errgroup.Group
	group.SetLimit(128)
	for i := range tenants {
		group.Go(func() error {
			id := fmt.Sprint("t", i)
			return opened.CreateTenant(b.Context(), policy.Tenant{ID: id, AccountID: "a", Name: id, Release: release})
		})
	}
	must(b, group.Wait())
	for i := range users {
		group.Go(func() error {
			id, at := fmt.Sprint("u", i), start.Add(time.Duration(i)*time.Minute*12)
			if err := opened.CreateUser(b.Context(), policy.User{ID: id, AccountID: "a", Name: id, Email: id + "@example.com"}); err != nil {
				return err
			}
			return opened.UpdateMembership(b.Context(), fmt.Sprint("t", i%tenants), id,
				func(m policy.Membership) (policy.Membership, []policy.Event, error) {
					m, err := m.WithRole(policy.RoleMember, start)
					for n := range 2 {
						m.Keys = append(m.Keys, policy.AccessKey{
							ClientID: fmt.Sprint("mk_", id, "_", n), CreatedAt: at, Secrets: []policy.Secret{{IssuedAt: at}},
						})
					}
					return m, nil, err
				})
		})
	}
	must(b, group.Wait())
	return account
}
