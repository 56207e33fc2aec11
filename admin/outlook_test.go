package admin_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
)

// readingKeys counts the memberships and the places in the orders of keys that are read.
type readingKeys struct {
	store.Store

	memberships, places, batches int
}

func (s *readingKeys) Memberships(ctx context.Context, tenantID string, page store.Page) ([]policy.Membership, error) {
	found, err := s.Store.Memberships(ctx, tenantID, page)
	s.memberships += len(found)
	return found, err
}

func (s *readingKeys) MembershipsByID(ctx context.Context, tenantID string, ids []string) (map[string]policy.Membership, error) {
	found, err := s.Store.MembershipsByID(ctx, tenantID, ids)
	s.memberships += len(found)
	return found, err
}

func (s *readingKeys) MembershipsOf(ctx context.Context, refs []store.MemberRef) (map[store.MemberRef]policy.Membership, error) {
	found, err := s.Store.MembershipsOf(ctx, refs)
	s.memberships, s.batches = s.memberships+len(found), s.batches+1
	return found, err
}

func (s *readingKeys) EachKeyByIssue(
	ctx context.Context, accountID string, from, until time.Time, visit func(store.DatedKey) error,
) error {
	return s.Store.EachKeyByIssue(ctx, accountID, from, until, func(key store.DatedKey) error {
		s.places++
		return visit(key)
	})
}

// villages are 100 tenants of ten users, who got one access key each, one an hour.
func villages(t *testing.T) (*readingKeys, *admin.Service, admin.TenantContext) {
	t.Helper()
	opened, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	must(t, err)
	t.Cleanup(func() { _ = opened.Close() })
	release, err := policy.ParseRelease("24.3")
	must(t, err)
	account := policy.Account{ID: "a", Name: "A", Expiration: policy.DefaultExpirationPolicy(start)}
	must(t, opened.CreateAccount(t.Context(), account))
	for i := range 1000 {
		tenantID, userID, at := fmt.Sprint("t", i/10), fmt.Sprint("u", i), start.Add(time.Duration(i)*time.Hour)
		if i%10 == 0 {
			must(t, opened.CreateTenant(t.Context(), policy.Tenant{ID: tenantID, AccountID: "a", Name: tenantID, Release: release}))
		}
		must(t, opened.CreateUser(t.Context(), policy.User{ID: userID, AccountID: "a", Name: userID, Email: userID + "@example.com"}))
		must(t, opened.UpdateMembership(t.Context(), tenantID, userID,
			func(m policy.Membership) (policy.Membership, []policy.Event, error) {
				m, err := m.WithRole(policy.RoleMember, start)
				m.Keys = []policy.AccessKey{{ClientID: "mk_" + userID, CreatedAt: at, Secrets: []policy.Secret{{IssuedAt: at}}}}
				return m, nil, err
			}))
	}
	reading := &readingKeys{Store: opened}
	return reading, &admin.Service{Store: reading}, admin.TenantContext{Account: account}
}

// The Security page reads the five keys that it names, a dry run none, and a calendar of a day what happens on it, in an account of many
// tenants as in one of few.
func TestAnOutlookReadsWhatItShows(t *testing.T) {
	reading, service, in := villages(t)
	actor := admin.Actor{At: start.Add(60 * policy.Day)}
	times, first, err := service.Outlook(t.Context(), actor, in, actor.At.AddDate(1, 0, 0), 5)
	if must(t, err); len(times) != 1000 || len(first) != 5 || first[0].UserName != "u0" || reading.memberships > 5 {
		t.Errorf("%d times, %d keys in full; %d memberships were read", len(times), len(first), reading.memberships)
	}
	reading.memberships, reading.places = 0, 0
	calendar, err := service.Calendar(t.Context(), actor, in, actor.At.Add(policy.Day))
	// The first notices of those who got their keys on the first day. The next day's are read to find that there are no more.
	if must(t, err); len(calendar) != 24 || reading.memberships > 24 || reading.places > 750 {
		t.Errorf("%d entries; %d memberships and %d places were read", len(calendar), reading.memberships, reading.places)
	}
	reading.batches, reading.places = 0, 0
	year, err := service.Calendar(t.Context(), actor, in, actor.At.AddDate(1, 0, 0))
	if must(t, err); len(year) < 2000 || reading.batches > len(year)/400+1 {
		t.Errorf("%d entries of 100 tenants were looked up in %d batches", len(year), reading.batches)
	}
	reading.memberships, reading.places = 0, 0
	change := policy.PolicyChange{Enabled: true, PeriodDays: 120}
	affected, err := service.PreviewPolicy(t.Context(), actor, in, change, admin.IfMatch{})
	if must(t, err); len(affected) != 1000 || reading.memberships > 0 {
		t.Errorf("%d keys are affected; %d memberships were read", len(affected), reading.memberships)
	}
	reading.places = 0
	again, next, would, err := service.OutlookBeside(t.Context(), actor, in, change, actor.At.AddDate(1, 0, 0), 5, 20)
	must(t, err)
	if !slices.EqualFunc(again, times, time.Time.Equal) || !cmp.Equal(next, first) || reading.places != 1000 || reading.memberships > 5 {
		t.Errorf("beside a preview the outlook has %d times and %v; %d places and %d memberships were read",
			len(again), next, reading.places, reading.memberships)
	}
	if want := (admin.Preview{First: affected[:20], Total: 1000, Gains: 1000}); !cmp.Equal(would, want) {
		t.Error(cmp.Diff(want, would))
	}
}

// A page of a tenant's keys reads no more members than it may show.
func TestAPageOfKeysReadsWhatItShows(t *testing.T) {
	reading, service, in := villages(t)
	in.Tenant.ID = "t7"
	keys, next, err := service.Keys(t.Context(), admin.Actor{At: start}, in, admin.KeyFilter{}, admin.KeyPage{Limit: 3})
	if must(t, err); len(keys) != 3 || next == "" || reading.memberships > 4 {
		t.Errorf("%d keys, next %q; %d memberships were read", len(keys), next, reading.memberships)
	}
}

// In an account with many keys the Security page does not read their order each time; it soon does again, and names no key that was
// refreshed or revoked meanwhile.
func TestAnOutlookOfManyKeysIsHeld(t *testing.T) {
	reading, service, in := villages(t)
	must(t, reading.CreateUser(t.Context(), policy.User{ID: "crowd", AccountID: "a", Name: "Crowd", Email: "crowd@example.com"}))
	must(t, reading.UpdateMembership(t.Context(), "t0", "crowd", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithRole(policy.RoleMember, start)
		for i := range 5000 {
			at := start.Add(50 * policy.Day)
			m.Keys = append(m.Keys, policy.AccessKey{ClientID: fmt.Sprint("mk_c", i), CreatedAt: at, Secrets: []policy.Secret{{IssuedAt: at}}})
		}
		return m, nil, err
	}))
	at, change := start.Add(60*policy.Day), policy.PolicyChange{Enabled: true, PeriodDays: 120}
	look := func(after time.Duration) (times int, names string, total, places int) {
		reading.places = 0
		actor := admin.Actor{At: at.Add(after)}
		_, plain, err := service.Outlook(t.Context(), actor, in, at.AddDate(1, 0, 0), 3)
		must(t, err)
		all, beside, would, err := service.OutlookBeside(t.Context(), actor, in, change, at.AddDate(1, 0, 0), 3, 20)
		if must(t, err); !cmp.Equal(plain, beside) {
			t.Error(cmp.Diff(plain, beside))
		}
		for _, u := range beside {
			names += u.UserName + " "
		}
		return len(all), names, would.Total, reading.places
	}
	check := func(after time.Duration, wantTimes int, wantNames string, wantPlaces int) {
		t.Helper()
		times, names, total, places := look(after)
		if times != wantTimes || total != wantTimes || names != wantNames || places != wantPlaces {
			t.Errorf("%d times, of %s; %d would move; %d places were read", times, names, total, places)
		}
	}
	check(0, 6000, "u0 u1 u2 ", 6000)
	check(time.Second, 6000, "u0 u1 u2 ", 0)
	must(t, reading.UpdateMembership(t.Context(), "t0", "u0", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.Keys = nil
		return m, nil, nil
	}))
	must(t, reading.UpdateMembership(t.Context(), "t0", "u2", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.Keys[0].Secrets[0].IssuedAt = at
		return m, nil, nil
	}))
	check(2*time.Second, 6000, "u1 u3 u4 ", 0)
	check(time.Minute, 5999, "u1 u3 u4 ", 5999)
}
