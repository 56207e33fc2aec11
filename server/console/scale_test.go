package console_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
)

// counted counts the records that pages read.
type counted struct {
	store.Store

	records atomic.Int64
}

func (c *counted) Memberships(ctx context.Context, tenantID string, page store.Page) ([]policy.Membership, error) {
	found, err := c.Store.Memberships(ctx, tenantID, page)
	c.records.Add(int64(len(found)))
	return found, err
}

func (c *counted) MembershipsByID(ctx context.Context, tenantID string, ids []string) (map[string]policy.Membership, error) {
	c.records.Add(int64(len(ids)))
	return c.Store.MembershipsByID(ctx, tenantID, ids)
}

func (c *counted) Membership(ctx context.Context, tenantID, userID string) (policy.Membership, error) {
	c.records.Add(1)
	return c.Store.Membership(ctx, tenantID, userID)
}

func (c *counted) Users(ctx context.Context, accountID string, page store.Page) ([]policy.User, error) {
	found, err := c.Store.Users(ctx, accountID, page)
	c.records.Add(int64(len(found)))
	return found, err
}

func (c *counted) UsersByID(ctx context.Context, accountID string, ids []string) (map[string]policy.User, error) {
	c.records.Add(int64(len(ids)))
	return c.Store.UsersByID(ctx, accountID, ids)
}

func (c *counted) Subject(ctx context.Context, tenantID, userID string) (policy.Subject, error) {
	c.records.Add(1)
	return c.Store.Subject(ctx, tenantID, userID)
}

func (c *counted) Tenants(ctx context.Context, accountID string, page store.Page) ([]policy.Tenant, error) {
	found, err := c.Store.Tenants(ctx, accountID, page)
	c.records.Add(int64(len(found)))
	return found, err
}

// grow adds tenants, and users with two keys each in berlin, which were made in the course of four months.
func (h *harness) grow(tenants, users int) {
	h.Helper()
	var group errgroup.Group
	group.SetLimit(100)
	for i := range tenants {
		group.Go(func() error {
			release, err := policy.ParseRelease("24.3")
			if err != nil {
				return err
			}
			id := fmt.Sprintf("site-%04d", i)
			return h.persist(func() error {
				return h.store.CreateTenant(h.Context(), policy.Tenant{
					ID: id, AccountID: "acme", Name: "Site " + id, Release: release, CreatedAt: start,
				})
			})
		})
	}
	for i := range users {
		group.Go(func() error {
			id := fmt.Sprintf("w-%05d", i)
			err := h.persist(func() error {
				return h.store.CreateUser(h.Context(), policy.User{
					ID: id, AccountID: "acme", Name: "Worker " + id, Email: id + "@acme.example", CreatedAt: start,
				})
			})
			if err != nil {
				return err
			}
			return h.persist(func() error {
				return h.store.UpdateMembership(h.Context(), "berlin", id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
					m, err := m.WithRole(policy.RoleMember, start)
					m.Keys = nil
					at := start.Add(-time.Duration(i%120) * policy.Day) // some have expired, some expire soon
					for n := range 2 {
						m.Keys = append(m.Keys, policy.AccessKey{
							ClientID: fmt.Sprintf("mk_%05d%d", i, n), Label: "job", Scopes: []string{"api"}, CreatedAt: at,
							Secrets: []policy.Secret{{IssuedAt: at}},
						})
					}
					return m, nil, err
				})
			})
		})
	}
	h.must(group.Wait())
}

// persist repeats a write that a busy store did not answer, after a while. It may have been made.
func (h *harness) persist(write func() error) (err error) {
	for range 300 {
		if err = write(); !errors.Is(err, store.ErrUnavailable) {
			break
		}
		select {
		case <-h.Context().Done():
			return err
		case <-time.After(200 * time.Millisecond):
		}
	}
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	return err
}

// biggestPage is what a page of a list weighs at most, before it is packed.
const biggestPage = 100_000

// A list reads what it shows, once a server has its copies, however much there is. Tenants are read in full, by hundreds.
func TestListsReadWhatTheyShow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mintkey.db")
	opened, err := boltstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	reads := &counted{Store: opened}
	h := newHarnessOn(t, reads, path)
	h.grow(1000, 3000)
	tom, ada := h.as("tom"), h.as("ada")
	for _, look := range []struct {
		who  *visitor
		path string
		most int64
	}{
		{tom, berlinKeys, 200},
		{tom, berlinKeys + "?page=70&sort=user", 200},
		{tom, berlinKeys + "?q=worker+0299", 200},
		{tom, berlinKeys + "?state=unused&sort=-last_access", 200},
		{tom, berlinKeys + "/stop?do=revoke&selected=mk_000010&selected=mk_000020", 200},
		{ada, "/console/users?sort=-keys", 200},
		{ada, "/console/users?tenant=berlin&q=worker&page=30", 200},
		{ada, "/console/tenants?q=site&page=9", 1400},
		{ada, "/console/switch?q=0999", 1400},
		{ada, "/console/users/w-00001", 2600},
		{tom, "/console/switch", 1400},
	} {
		look.who.get(look.path).want(200) // the copies are made
		before := reads.records.Load()
		p := look.who.get(look.path).want(200)
		if n := reads.records.Load() - before; n > look.most || len(p.body) > biggestPage {
			t.Errorf("%s reads %d records, and has %d bytes", look.path, n, len(p.body))
		}
	}
}
