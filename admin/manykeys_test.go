package admin_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// crowd is a town whose first tenant has 5,200 keys, many of which are equal in all columns but the client ID.
func crowd(t *testing.T, open func() store.Store) *town {
	w := newTown(t, 9, open)
	var group errgroup.Group
	group.SetLimit(64)
	for i := range 2600 {
		group.Go(func() error {
			id := fmt.Sprintf("u%04d", i)
			user := policy.User{ID: id, AccountID: "acme", Name: fmt.Sprint("User ", i%40), Email: id + "@acme.example"}
			if err := w.store.CreateUser(t.Context(), user); err != nil {
				return err
			}
			return w.store.UpdateMembership(t.Context(), "berlin", id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
				m, err := m.WithRole(policy.RoleMember, start)
				for n := range 2 {
					at := start.Add(time.Duration(i*7919%50) * time.Hour)
					m.Keys = append(m.Keys, policy.AccessKey{
						ClientID: fmt.Sprintf("mk_%d%04d", n, i*7%2600), CreatedAt: at, Secrets: []policy.Secret{{IssuedAt: at}},
					})
				}
				return m, nil, err
			})
		})
	}
	must(t, group.Wait())
	w.at = start.Add(80 * policy.Day)
	return w
}

func TestManyKeys(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := crowd(t, open)
		w.compareTables()
		w.compareReadings(open())
		w.compareLastAccess()
	})
}

func (w *town) compareTables() {
	in := w.place(0)
	keys := everyKey(w, w.store, in, w.at)
	for range 40 {
		q := admin.KeyTableQuery{Sort: some(w, columns()), Descending: w.random.IntN(2) == 0, Offset: w.random.IntN(len(keys)), Limit: 50}
		q.Filter.Text = some(w, []string{"", "user 7", "mk_1"})
		q.State = some(w, []admin.KeyState{"", admin.KeysExpiring})
		table, err := w.services[0].KeyTable(w.Context(), w.actor(), in, q)
		must(w, err)
		w.same(fmt.Sprintf("table of %+v", q), table, tableOf(keys, q, in.Account.Expiration, w.at))
	}
}

// compareLastAccess is about the order by last access, which may lag in a large tenant, by less than a minute. What is shown of a key may
// not.
func (w *town) compareLastAccess() {
	in := w.place(0)
	first := func() admin.Key {
		w.Helper()
		query := admin.KeyTableQuery{Sort: admin.ByLastAccess, Descending: true, Limit: 1}
		table, err := w.services[0].KeyTable(w.Context(), w.actor(), in, query)
		must(w, err)
		return table.Keys[0]
	}
	before := first()
	used := w.at
	must(w, w.store.RecordAccess(w.Context(), map[store.KeyRef]store.KeyAccess{
		{TenantID: "berlin", ClientID: before.ClientID}: {At: used}, {TenantID: "berlin", ClientID: "mk_10000"}: {At: used.Add(time.Second)},
	}))
	w.at = used.Add(2 * time.Second)
	if got := first(); got.ClientID == before.ClientID && !got.LastAccess.At.Equal(used) {
		w.Errorf("the last access of %s is shown as %s", got.ClientID, got.LastAccess.At)
	}
	w.at = used.Add(time.Minute)
	if got := first(); got.ClientID != "mk_10000" {
		w.Errorf("a minute later %s comes first, used at %s", got.ClientID, got.LastAccess.At)
	}
}

// readings counts what a table reads.
type readings struct {
	store.Store
	pages, records int
	fault          error
}

func (r *readings) Memberships(ctx context.Context, tenantID string, page store.Page) ([]policy.Membership, error) {
	r.pages++
	return r.Store.Memberships(ctx, tenantID, page)
}

func (r *readings) MembershipsByID(ctx context.Context, tenantID string, userIDs []string) (map[string]policy.Membership, error) {
	r.records += len(userIDs)
	if r.fault != nil {
		return nil, r.fault
	}
	return r.Store.MembershipsByID(ctx, tenantID, userIDs)
}

// compareReadings holds that only the first table reads the tenant. The others read what has changed, and the rows that they show.
func (w *town) compareReadings(s store.Store) {
	in, counted := w.place(0), &readings{Store: s}
	service := &admin.Service{Store: counted}
	show := func(pages, records int) {
		w.Helper()
		counted.pages, counted.records = 0, 0
		_, err := service.KeyTable(w.Context(), w.actor(), in, admin.KeyTableQuery{Sort: admin.ByEmail, Limit: 20})
		must(w, err)
		if counted.pages != pages || counted.records != records {
			w.Errorf("read %d pages and %d records, want %d and %d", counted.pages, counted.records, pages, records)
		}
	}
	show(7, 10)
	show(0, 10)
	for range 2 {
		w.purge(in, "u0100")
		w.purge(in, "u2500")
		show(0, 12)
	}
	must(w, w.store.UpdateUser(w.Context(), "acme", "u0200", func(u policy.User) (policy.User, []policy.Event, error) {
		u.Name = "Zoë"
		return u, nil, nil
	}))
	show(0, 11)
	show(0, 10)

	w.purge(in, "u0300")
	counted.fault = store.ErrUnavailable
	if _, err := service.KeyTable(w.Context(), w.actor(), in, admin.KeyTableQuery{}); !errors.Is(err, store.ErrUnavailable) {
		w.Errorf("the table of a store that is away: %v", err)
	}
	counted.fault = nil
	show(0, 11) // the change is not forgotten
}
