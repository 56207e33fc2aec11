package admin_test

import (
	"errors"
	"sync"
	"testing"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// suspendTenant suspends or resumes a tenant of acme.
func (a attempt) suspendTenant(tenantID string, suspended bool) error {
	in, err := a.Resolve(a, a.actor, "acme", tenantID)
	if err != nil {
		return err
	}
	_, err = a.PatchTenant(a, a.actor, in, admin.TenantPatch{Suspended: &suspended})
	return err
}

// secondTenant makes a tenant of acme, and the users members of it.
func (w *town) secondTenant(id string, users ...policy.User) {
	w.Helper()
	release, err := policy.ParseRelease("24.3")
	must(w, err)
	must(w, w.store.CreateTenant(w.Context(), policy.Tenant{ID: id, AccountID: "acme", Name: id, Release: release, CreatedAt: start}))
	for _, user := range users {
		change := func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m, err := m.WithRole(policy.RoleMember, start)
			m.UserGeneration = user.Generation
			return m, nil, err
		}
		must(w, w.store.UpdateMembership(w.Context(), id, user.ID, change))
	}
}

// Nobody suspends a tenant with a member of higher authority, nor resumes what higher authority has suspended (R32).
func TestSuspendingTenants(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		below := w.attempt(policy.AuthorityAccountAdmin, policy.AuthorityOperator)
		above := w.attempt(policy.AuthorityOperator, policy.AuthorityMember)
		w.secondTenant("with-operator", below.user)
		w.secondTenant("without", above.user)
		if err := below.suspendTenant("with-operator", true); !errors.Is(err, policy.ErrHigherAuthority) {
			t.Errorf("a tenant of an operator: %v", err)
		}
		must(t, below.suspendTenant("without", true))
		must(t, below.suspendTenant("without", false))
		must(t, above.suspendTenant("without", true))
		if err := below.suspendTenant("without", false); !errors.Is(err, policy.ErrHigherAuthority) {
			t.Errorf("resuming what an operator has suspended: %v", err)
		}
		must(t, above.suspendTenant("without", false))
	})
}

// The last admin keeps a tenant to act in, also when both of theirs are suspended at the same time, on two servers (R32).
func TestTheLastAdminKeepsATenant(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		a := w.attempt(policy.AuthorityOperator, policy.AuthorityOperator)
		must(t, w.store.DeleteUser(t.Context(), "acme", a.actor.User.ID)) // the target is the only one
		a.actor.User = a.user
		if err := a.suspendTenant("berlin", true); !errors.Is(err, policy.ErrLastAdmin) {
			t.Errorf("the only tenant of the last admin: %v", err)
		}
		w.secondTenant("porto", a.user)
		b := a
		b.Service = w.services[1]
		errs := make([]error, 2)
		var both sync.WaitGroup
		both.Go(func() { errs[0] = a.suspendTenant("berlin", true) })
		both.Go(func() { errs[1] = b.suspendTenant("porto", true) })
		both.Wait()
		for _, err := range errs {
			if err != nil && !errors.Is(err, policy.ErrLastAdmin) && !errors.Is(err, store.ErrConflict) {
				t.Errorf("suspending both: %v", errs)
			}
		}
		suspended := 0
		for _, id := range []string{"berlin", "porto"} {
			tenant, err := w.store.Tenant(t.Context(), id)
			must(t, err)
			if tenant.IsSuspended() {
				suspended++
			}
		}
		if suspended > 1 {
			t.Errorf("both are suspended: %v", errs)
		}
		_ = a.suspendTenant("berlin", false)
		_ = a.suspendTenant("porto", false)
		must(t, a.suspendTenant("berlin", true))
		if err := a.suspendTenant("porto", true); !errors.Is(err, policy.ErrLastAdmin) {
			t.Errorf("the last tenant that works: %v", err)
		}
		if err := a.RemoveMember(t.Context(), a.actor, admin.TenantContext{
			Account: w.place(0).Account, Tenant: policy.Tenant{ID: "porto", AccountID: "acme"},
		}, a.user.ID, admin.IfMatch{}); !errors.Is(err, policy.ErrLastAdmin) {
			t.Errorf("leaving the last tenant that works: %v", err)
		}
	})
}
