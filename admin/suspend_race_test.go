package admin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// interrupted is a store in which something happens once, just before a record is changed.
type interrupted struct {
	store.Store
	once func()
}

func (i *interrupted) interrupt() {
	if once := i.once; once != nil {
		i.once = nil
		once()
	}
}

func (i *interrupted) UpdateTenant(
	ctx context.Context, id string, change func(policy.Tenant) (policy.Tenant, []policy.Event, error),
) error {
	i.interrupt()
	return i.Store.UpdateTenant(ctx, id, change)
}

func (i *interrupted) UpdateUser(
	ctx context.Context, accountID, id string, change func(policy.User) (policy.User, []policy.Event, error),
) error {
	i.interrupt()
	return i.Store.UpdateUser(ctx, accountID, id, change)
}

func (i *interrupted) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	i.interrupt()
	return i.Store.UpdateMembership(ctx, tenantID, userID, change)
}

// interrupt has something happen between the look of the attempt's next change at the records and its write.
func (a attempt) interrupt(once func()) {
	a.Store = &interrupted{Store: a.Store, once: once}
}

// disable disables or enables the target.
func (a attempt) disable(on bool) error {
	_, err := a.PatchUser(a, a.actor, a.in, a.user.ID, admin.UserPatch{Disabled: &on})
	return err
}

// join makes the user a member of the tenant, whose key got its status index at the given instant.
func (w *town) join(tenantID string, user policy.User, at time.Time) {
	w.Helper()
	must(w, w.store.UpdateMembership(w.Context(), tenantID, user.ID,
		func(m policy.Membership) (_ policy.Membership, _ []policy.Event, err error) {
			if m, err = m.WithRole(policy.RoleMember, at); err != nil {
				return m, nil, err
			}
			m.UserGeneration, m.Keys = user.Generation, nil
			key := policy.AccessKey{
				ClientID: "mk_" + tenantID + user.ID, CreatedAt: at, Scopes: []string{"api"},
				Secrets: []policy.Secret{{IssuedAt: at, StatusIndex: 7, StatusSince: at}},
			}
			m, err = m.WithKey(key, policy.DefaultExpirationPolicy(at), at)
			return m, nil, err
		}))
}

// Somebody of higher authority who joins while a tenant is being suspended is seen: the tenant goes on, for the actor could not have
// suspended it a moment later (R32).
func TestSuspendingATenantThatSomebodyHigherJoins(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		a := w.attempt(policy.AuthorityAccountAdmin, policy.AuthorityOperator)
		w.secondTenant("porto")
		a.interrupt(func() { w.join("porto", a.user, start) })
		if err := a.suspendTenant("porto", true); !errors.Is(err, policy.ErrHigherAuthority) {
			t.Errorf("suspended: %v", err)
		}
		tenant, err := w.store.Tenant(t.Context(), "porto")
		must(t, err)
		if tenant.IsSuspended() {
			t.Error("the tenant of an operator stays suspended by an account admin")
		}
	})
}

// An admin whose only tenant it becomes while it is being suspended keeps it: the last admin has a tenant to act in (R32).
func TestSuspendingATenantThatTheLastAdminMovesTo(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		a := w.attempt(policy.AuthorityOperator, policy.AuthorityOperator)
		must(t, w.store.DeleteUser(t.Context(), "acme", a.actor.User.ID)) // the target is the only one
		a.actor.User = a.user
		w.secondTenant("porto")
		other := a
		other.Service = w.services[1]
		a.interrupt(func() {
			w.join("porto", a.user, start)
			must(t, other.RemoveMember(t.Context(), a.actor, w.place(0), a.user.ID, admin.IfMatch{}))
		})
		if err := a.suspendTenant("porto", true); !errors.Is(err, policy.ErrLastAdmin) && !errors.Is(err, store.ErrConflict) {
			t.Errorf("suspended: %v", err)
		}
		tenant, err := w.store.Tenant(t.Context(), "porto")
		must(t, err)
		if tenant.IsSuspended() {
			t.Error("the last admin has no tenant that works")
		}
	})
}

// Somebody who becomes the last admin while being removed from their only tenant stays a member (R32).
func TestRemovingAMemberWhoBecomesTheLastAdmin(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		a := w.attempt(policy.AuthorityOperator, policy.AuthorityMember)
		other := a
		other.Service = w.services[1]
		a.interrupt(func() {
			roles, none := []policy.Role{policy.RoleOperator}, []policy.Role{}
			_, err := other.PatchUser(t.Context(), a.actor, a.in, a.user.ID, admin.UserPatch{Roles: &roles})
			must(t, err)
			_, err = other.PatchUser(t.Context(), a.actor, a.in, a.actor.User.ID, admin.UserPatch{Roles: &none})
			must(t, err)
		})
		if err := a.RemoveMember(t.Context(), a.actor, a.in, a.user.ID, admin.IfMatch{}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("removed: %v", err)
		}
		if role := w.recordOf(a.user).Membership.Role; role != policy.RoleMember {
			t.Errorf("the last operator is %q in the only tenant", role)
		}
	})
}

// A status index that is given while a tenant is being suspended, or a user disabled, ends as the others do: tokens that bear it stay dead
// once that is undone (R8).
func TestWhatIsGivenDuringASuspensionEnds(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		a := w.attempt(policy.AuthorityOperator, policy.AuthorityMember)
		w.secondTenant("porto")
		given := a.actor.At.Add(3 * time.Second)
		for what, change := range map[string]func(on bool) error{
			"tenant": func(on bool) error { return a.suspendTenant("porto", on) },
			"user":   func(on bool) error { return a.disable(on) },
		} {
			a.interrupt(func() { w.join("porto", a.user, given) })
			var told []policy.Event
			a.Revoked = func(_ context.Context, event policy.Event) error { told = append(told, event); return nil }
			must(t, change(true))
			if len(told) == 0 || told[len(told)-1].Payload.Ended.Until.Before(given) {
				t.Errorf("%s: gateways do not hear of the token: %+v", what, told)
			}
			must(t, change(false))
			subject, err := w.store.Subject(t.Context(), "porto", a.user.ID)
			must(t, err)
			facts := policy.TokenFacts{ClientID: "mk_porto" + a.user.ID, StatusIndex: 7, IssuedAt: given}
			if subject.TokenLives(facts, given) {
				t.Errorf("%s: a token from before lives again", what)
			}
			must(t, w.store.UpdateMembership(t.Context(), "porto", a.user.ID,
				func(m policy.Membership) (policy.Membership, []policy.Event, error) {
					m, _ = m.Removed()
					return m, nil, nil
				}))
			given = given.Add(time.Hour)
		}
	})
}
