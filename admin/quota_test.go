package admin_test

import (
	"errors"
	"testing"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

func (a attempt) setQuota(clientID string, quota int) error {
	_, err := a.PatchKey(a, a.actor, a.in, clientID, policy.KeyPatch{TokensPerMinute: &quota}, admin.IfMatch{})
	return err
}

// A program may tighten the key it acts with, and not loosen it; another key of the same authority may (R33).
func TestNobodyLoosensTheKeyTheyActWith(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		a := w.attempt(policy.AuthorityTenantAdmin, policy.AuthorityTenantAdmin)
		own := a.actor.ClientID
		must(t, a.setQuota(own, 10))
		must(t, a.setQuota(own, 9))
		for _, looser := range []int{10, 0} {
			if err := a.setQuota(own, looser); !errors.Is(err, policy.ErrOwnFence) {
				t.Errorf("from 9 to %d: %v", looser, err)
			}
		}
		must(t, a.setQuota(a.client, 10))
		must(t, a.setQuota(a.client, 0))
		a.actor.ClientID, a.actor.Via = "", admin.ViaConsole // in person
		must(t, a.setQuota(own, 0))
	})
}

// The quota is in the record from creation on, each change leaves one event, and a patch that changes nothing leaves none.
func TestQuotasAreKeptAndRecorded(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		a := w.attempt(policy.AuthorityTenantAdmin, policy.AuthorityMember)
		made, _, err := a.CreateKey(t.Context(), a.actor, a.in,
			admin.NewKey{UserID: a.user.ID, Scopes: []string{policy.ScopeSelf}, TokensPerMinute: 5})
		must(t, err)
		must(t, a.setQuota(made.ClientID, 5))
		must(t, a.setQuota(made.ClientID, 6))
		tenant, quota := a.in.Tenant, 100
		for range 2 {
			tenant, err = a.PatchTenant(t.Context(), a.actor, a.in, admin.TenantPatch{TokensPerMinute: &quota})
			must(t, err)
		}
		subject := w.recordOf(a.user)
		key, err := subject.Membership.Key(made.ClientID)
		must(t, err)
		if made.TokensPerMinute != 5 || key.TokensPerMinute != 6 || tenant.TokensPerMinute != 100 || subject.Tenant.TokensPerMinute != 100 {
			t.Errorf("the quotas are %d, %d, %d and %d", made.TokensPerMinute, key.TokensPerMinute, tenant.TokensPerMinute,
				subject.Tenant.TokensPerMinute)
		}
		events, _, err := a.Events(t.Context(), a.in, admin.EventFilter{}, "", 100)
		must(t, err)
		recorded := map[policy.Action]string{}
		for _, event := range events {
			recorded[event.Action] += event.Details[policy.DetailTokensPerMinute]
		}
		for action, want := range map[policy.Action]string{
			policy.ActionKeyCreated: "5", policy.ActionKeyUpdated: "6", policy.ActionTenantUpdated: "100",
		} {
			if recorded[action] != want {
				t.Errorf("%s has the quotas %q, want %q", action, recorded[action], want)
			}
		}
	})
}

func TestQuotasOutOfRangeAreRefused(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		a := w.attempt(policy.AuthorityTenantAdmin, policy.AuthorityMember)
		for _, quota := range []int{-1, policy.MaxTokensPerMinute + 1} {
			_, tenantErr := a.PatchTenant(t.Context(), a.actor, a.in, admin.TenantPatch{TokensPerMinute: &quota})
			_, _, newErr := a.CreateKey(t.Context(), a.actor, a.in,
				admin.NewKey{UserID: a.user.ID, Scopes: []string{policy.ScopeSelf}, TokensPerMinute: quota})
			for _, err := range []error{a.setQuota(a.client, quota), tenantErr, newErr} {
				if !errors.Is(err, policy.ErrInvalidQuota) {
					t.Errorf("a quota of %d: %v", quota, err)
				}
			}
		}
	})
}
