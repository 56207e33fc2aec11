package admin_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// town is an account with two tenants, and two services that change and show it, as on two replicas.
type town struct {
	testing.TB
	random   *rand.Rand
	store    store.Store // as one more replica sees it
	services [2]*admin.Service
	tenants  []policy.Tenant
	at       time.Time
	made     int
}

func newTown(t testing.TB, seed uint64, open func() store.Store) *town {
	t.Helper()
	w := &town{TB: t, random: rand.New(rand.NewPCG(seed, 1)), store: open(), at: start}
	for i := range w.services {
		w.services[i] = &admin.Service{
			Store: open(), Catalogue: policy.Catalogue{"api"}, ClientIDPrefix: "mk_", Log: slog.New(slog.DiscardHandler),
			NextStatusIndex: func(context.Context) (uint64, error) { return 0, nil },
			Revoked:         func(context.Context, policy.Event) error { return nil },
		}
	}
	release, err := policy.ParseRelease("24.3")
	must(t, err)
	must(t, w.store.CreateAccount(t.Context(), policy.Account{ID: "acme", Name: "Acme", Expiration: policy.DefaultExpirationPolicy(start)}))
	for _, id := range []string{"berlin", "lisbon"} {
		tenant := policy.Tenant{ID: id, AccountID: "acme", Name: id, Release: release}
		must(t, w.store.CreateTenant(t.Context(), tenant))
		w.tenants = append(w.tenants, tenant)
	}
	return w
}

func (w *town) place(tenant int) admin.TenantContext {
	w.Helper()
	account, err := w.store.Account(w.Context(), "acme")
	must(w, err)
	return admin.TenantContext{Account: account, Tenant: w.tenants[tenant]}
}

func (w *town) actor() admin.Actor {
	root := policy.User{ID: "root", Roles: []policy.Role{policy.RoleOperator}}
	subject := policy.Subject{User: root, Membership: policy.Membership{Role: policy.RoleMember}}
	return admin.Actor{At: w.at, Scopes: []string{"api"}, Subject: subject}
}

// some draws one of the things, or the zero value when there are none.
func some[T any](w *town, things []T) (one T) {
	if len(things) > 0 {
		one = things[w.random.IntN(len(things))]
	}
	return one
}

// step does something at random. That it is refused, because it makes no sense, is as good.
func (w *town) step() {
	service, actor, in := some(w, w.services[:]), w.actor(), w.place(w.random.IntN(2))
	ctx := w.Context()
	keys := everyKey(w, w.store, in, w.at)
	users, err := w.store.Users(ctx, "acme", store.Page{Limit: 1000})
	must(w, err)
	user, key := some(w, users), some(w, keys)
	w.made++
	switch w.random.IntN(20) {
	case 0, 1:
		name := some(w, []string{"Ada", "ada", "Bob", "Zoë", "ÅSA"})
		_, err = service.CreateUser(ctx, actor, in, admin.NewUser{
			ID: fmt.Sprintf("u%d", w.random.IntN(1000)), Name: name, Email: fmt.Sprintf("User%d@acme.example", w.made),
		})
	case 2, 3, 4:
		_, _, err = service.SetMember(ctx, actor, in, user.ID, policy.RoleMember, admin.IfMatch{})
	case 5, 6, 7, 8:
		made := admin.NewKey{UserID: user.ID, Label: some(w, []string{"", "Nightly", "ci"})}
		if w.random.IntN(3) == 0 {
			made.ExpiresAt = w.at.Add(time.Duration(1+w.random.IntN(200)) * policy.Day)
		}
		_, _, err = service.CreateKey(ctx, actor, in, made)
	case 9:
		if w.random.IntN(2) == 0 {
			_, err = service.SuspendKey(ctx, actor, in, key.ClientID, "")
		} else {
			_, err = service.ResumeKey(ctx, actor, in, key.ClientID, "")
		}
	case 10:
		_, _, err = service.RefreshKey(ctx, actor, in, key.ClientID, admin.RefreshRequest{Overlap: time.Hour})
	case 11:
		err = service.RevokeKey(ctx, actor, in, key.ClientID, admin.IfMatch{})
	case 12:
		name := fmt.Sprint("Renamed ", w.random.IntN(5))
		_, err = service.PatchUser(ctx, actor, in, user.ID, admin.UserPatch{Name: &name})
	case 13:
		email := fmt.Sprintf("moved%d@acme.example", w.made)
		_, err = service.PatchUser(ctx, actor, in, user.ID, admin.UserPatch{Email: &email})
	case 14:
		disabled := w.random.IntN(2) == 0
		_, err = service.PatchUser(ctx, actor, in, user.ID, admin.UserPatch{Disabled: &disabled})
	case 15:
		err = service.RemoveMember(ctx, actor, in, user.ID, admin.IfMatch{})
	case 16:
		if w.random.IntN(3) == 0 {
			err = service.DeleteUser(ctx, actor, in, user.ID, admin.IfMatch{})
		}
	case 17:
		change := policy.PolicyChange{Enabled: w.random.IntN(3) > 0, PeriodDays: some(w, policy.Periods()), AcknowledgeRisk: true}
		_, err = service.SetPolicy(ctx, actor, in, change, admin.IfMatch{})
	case 18:
		err = w.store.RecordAccess(ctx, map[store.KeyRef]store.KeyAccess{
			{TenantID: in.Tenant.ID, ClientID: key.ClientID}: {At: w.at},
		})
	case 19:
		w.purge(in, user.ID)
	}
	for _, refusal := range []error{
		store.ErrNotFound, store.ErrExists, policy.ErrNotMember, policy.ErrUserDisabled, policy.ErrKeyLimit, policy.ErrKeyExpired,
	} {
		if errors.Is(err, refusal) {
			err = nil
		}
	}
	must(w, err)
	w.at = w.at.Add(time.Duration(w.random.Int64N(int64(10 * policy.Day))))
}

// purge is what the keeper does to keys that expired long ago.
func (w *town) purge(in admin.TenantContext, userID string) {
	must(w, w.store.UpdateMembership(w.Context(), in.Tenant.ID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.Keys = slices.DeleteFunc(m.Keys, func(k policy.AccessKey) bool { return k.Purgeable(in.Account.Expiration, w.at) })
		return m, nil, nil
	}))
}

// compare asks one service questions at random, and holds the answers against the reference.
func (w *town) compare() {
	w.Helper()
	ctx, service, in := w.Context(), some(w, w.services[:]), w.place(w.random.IntN(2))
	keys, p := everyKey(w, w.store, in, w.at), in.Account.Expiration
	filter := admin.KeyFilter{Text: some(w, []string{"", "", "a", "ADA", "moved", "åsa", "asa", " night  mk_", "mk_", some(w, keys).ClientID})}
	if w.random.IntN(4) == 0 {
		filter.UserID = some(w, keys).Membership.UserID
	}
	filter.Status = some(w, []policy.Status{"", "", policy.StatusActive, policy.StatusSuspended, policy.StatusExpired})
	q := admin.KeyTableQuery{
		Filter: filter, State: some(w, states()), Sort: some(w, columns()), Descending: w.random.IntN(2) == 0,
		Offset: w.random.IntN(len(keys) + 2), Limit: 1 + w.random.IntN(len(keys)+2),
	}
	table, err := service.KeyTable(ctx, w.actor(), in, q)
	must(w, err)
	w.same(fmt.Sprintf("table of %+v", q), table, tableOf(keys, q, p, w.at))

	var listed []admin.Key
	for page := (admin.KeyPage{Limit: 1 + w.random.IntN(5)}); ; {
		some, next, err := service.Keys(ctx, w.actor(), in, filter, page)
		must(w, err)
		listed = append(listed, some...)
		if page.After = next; next == "" {
			break
		}
	}
	w.same(fmt.Sprintf("list of %+v", filter), listed, matching(keys, filter, p, w.at))
	w.compareFinds(service, in, filter.Text)
	w.compareOutlook(service, in)
}

// compareOutlook is about what lies ahead of all keys of the account.
func (w *town) compareOutlook(service *admin.Service, in admin.TenantContext) {
	w.Helper()
	until := w.at.Add(60 * policy.Day)
	change := policy.PolicyChange{Enabled: true, PeriodDays: some(w, policy.Periods())}
	after, err := in.Account.Expiration.Revise(change, w.at)
	must(w, err)
	wantAffected, wantUpcoming := map[string]bool{}, map[string]time.Time{}
	for i := range w.tenants {
		// A time at which no key is listed as expired too long ago: these are affected as well.
		for _, key := range everyKey(w, w.store, w.place(i), time.Time{}) {
			if was := key.Expiry(in.Account.Expiration); !was.Equal(key.Expiry(after)) {
				wantAffected[key.ClientID] = true
			}
			if was := key.Expiry(in.Account.Expiration); !was.Before(w.at) && was.Before(until) {
				wantUpcoming[key.ClientID+key.Label+key.User.Name+key.User.Email] = was
			}
		}
	}
	affected, err := service.PreviewPolicy(w.Context(), w.actor(), in, change, admin.IfMatch{})
	must(w, err)
	gotAffected := map[string]bool{}
	for _, a := range affected {
		gotAffected[a.ClientID] = true
	}
	w.same("affected keys", gotAffected, wantAffected)
	times, expiries, err := service.Outlook(w.Context(), w.actor(), in, until, 1000)
	must(w, err)
	gotUpcoming := map[string]time.Time{}
	for _, u := range expiries {
		gotUpcoming[u.ClientID+u.Label+u.UserName+u.Email] = u.At
	}
	w.same("expiries", gotUpcoming, wantUpcoming)
	if !slices.IsSortedFunc(expiries, func(a, b admin.Upcoming) int { return a.At.Compare(b.At) }) {
		w.Error("expiries are not sorted")
	}
	full := w.random.IntN(4)
	_, first, err := service.Outlook(w.Context(), w.actor(), in, until, full)
	must(w, err)
	w.same("first expiries", first, expiries[:min(full, len(expiries))])
	w.same("times", times, slices.Collect(func(yield func(time.Time) bool) {
		for _, u := range expiries {
			_ = yield(u.At)
		}
	}))
	w.compareCalendar(service, in, until)
}

func (w *town) compareCalendar(service *admin.Service, in admin.TenantContext, until time.Time) {
	w.Helper()
	want, got := map[string]bool{}, map[string]bool{}
	for i := range w.tenants {
		for _, key := range everyKey(w, w.store, w.place(i), w.at) {
			for _, days := range append(policy.NoticeDays(), 0) {
				expiry := key.Expiry(in.Account.Expiration)
				if at := policy.NoticeTime(expiry, days); !expiry.IsZero() && !at.Before(w.at) && at.Before(until) {
					want[fmt.Sprint(at, days, key.ClientID, key.Label, key.User.Email)] = true
				}
			}
		}
	}
	calendar, err := service.Calendar(w.Context(), w.actor(), in, until)
	must(w, err)
	for _, u := range calendar {
		got[fmt.Sprint(u.At, u.DaysBefore, u.ClientID, u.Label, u.Email)] = true
	}
	w.same("calendar", got, want)
}

func (w *town) compareFinds(service *admin.Service, in admin.TenantContext, text string) {
	w.Helper()
	users, err := w.store.Users(w.Context(), "acme", store.Page{Limit: 1000})
	must(w, err)
	users = slices.DeleteFunc(users, func(u policy.User) bool {
		return !hasWords(u.Name+"\n"+u.Email, text)
	})
	limit := 1 + w.random.IntN(4)
	var found []policy.User
	for page := (store.Page{Limit: limit}); ; page.After = found[len(found)-1].ID {
		some, more, err := service.FindUsers(w.Context(), in, text, page)
		must(w, err)
		found = append(found, some...)
		if !more {
			break
		}
	}
	w.same("users with "+text, found, users)

	var members []admin.Member
	for _, u := range users {
		if m, err := w.store.Membership(w.Context(), in.Tenant.ID, u.ID); err == nil {
			members = append(members, admin.Member{Membership: m, User: u})
		}
	}
	first, more, err := service.FindMembers(w.Context(), in, text, store.Page{Limit: limit})
	must(w, err)
	w.same("members with "+text, first, members[:min(limit, len(members))])
	w.same("more members with "+text, more, len(members) > limit)
}

func (w *town) same(what string, got, want any) {
	w.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		w.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// onEachStore runs the test on bolt, which has one connection, and on Redis, where each replica has its own.
func onEachStore(t *testing.T, run func(t *testing.T, open func() store.Store)) {
	t.Run("bolt", func(t *testing.T) {
		s, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
		must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		run(t, func() store.Store { return s })
	})
	t.Run("redis", func(t *testing.T) {
		server := redistest.Start(t)
		run(t, func() store.Store {
			s, err := redisstore.Open(t.Context(), server.URL())
			must(t, err)
			t.Cleanup(func() { _ = s.Close() })
			return s
		})
	})
}

// Whatever has happened, and on whichever replica, tables and searches show what a walk through the store finds.
func TestTablesFollowTheStore(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 7, open)
		for i := range 160 {
			w.step()
			w.compare()
			if i%150 == 149 {
				w.burst()
			}
		}
	})
}

// burst makes more changes than a feed remembers.
func (w *town) burst() {
	for i := range 2*store.ChangesKept + 1 {
		id := fmt.Sprintf("burst%04d", i)
		must(w, w.store.UpdateMembership(w.Context(), "berlin", id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			return m, nil, nil
		}))
	}
}

// Every replica shows a change from the moment that its call returned, while others write and read.
func TestTablesShowWhatWasJustDone(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 8, open)
		in := w.place(0)
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				writes, shows := w.services[n%2], w.services[(n+1)%2]
				w.come(writes, shows, in, fmt.Sprint("user", n))
			})
		}
		all.Wait()
		q := admin.KeyTableQuery{Limit: 100}
		for _, service := range w.services {
			table, err := service.KeyTable(t.Context(), w.actor(), in, q)
			must(t, err)
			w.same("table in the end", table, tableOf(everyKey(t, w.store, in, w.at), q, in.Account.Expiration, w.at))
		}
	})
}

// come makes a user, and ten times a key that goes again, and looks each time on the other replica.
func (w *town) come(writes, shows *admin.Service, in admin.TenantContext, id string) {
	ctx, actor := w.Context(), w.actor()
	_, err := writes.CreateUser(ctx, actor, in, admin.NewUser{ID: id, Email: id + "@acme.example"})
	if err == nil {
		_, _, err = writes.SetMember(ctx, actor, in, id, policy.RoleMember, admin.IfMatch{})
	}
	for i := 0; i < 10 && err == nil; i++ {
		var key admin.Key
		if key, _, err = writes.CreateKey(ctx, actor, in, admin.NewKey{UserID: id}); err != nil {
			break
		}
		w.wantFound(shows, in, key.ClientID, 1)
		if i < 9 {
			err = writes.RevokeKey(ctx, actor, in, key.ClientID, admin.IfMatch{})
			w.wantFound(shows, in, key.ClientID, 0)
		}
	}
	if err != nil {
		w.Error(err)
	}
}

func (w *town) wantFound(service *admin.Service, in admin.TenantContext, clientID string, want int) {
	table, err := service.KeyTable(w.Context(), w.actor(), in, admin.KeyTableQuery{Filter: admin.KeyFilter{Text: clientID}, Limit: 10})
	if err != nil || len(table.Keys) != want || table.Counts[""] != want {
		w.Errorf("the table shows %d keys %s, want %d; %v", len(table.Keys), clientID, want, err)
	}
}
