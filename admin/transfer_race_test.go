package admin_test

import (
	"errors"
	"testing"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// What happens to a key that changes hands just before its change is saved happens to the key all the same: that the owner until then does
// not have it any more is not taken for a key that is gone.
func TestAKeyThatChangesHandsIsFollowed(t *testing.T) {
	soon := start.Add(policy.Day)
	overlapping := func(a attempt) error {
		_, _, err := a.RefreshKey(a, a.actor, a.in, a.client, admin.RefreshRequest{Overlap: time.Hour})
		return err
	}
	stands := func(key policy.AccessKey, err error) bool { return err == nil && !key.IsSuspended() }
	tests := map[string]struct {
		before, do func(attempt) error
		done       func(policy.AccessKey, error) bool
	}{
		"revoke": {
			do:   func(a attempt) error { return a.RevokeKey(a, a.actor, a.in, a.client, admin.IfMatch{}) },
			done: func(_ policy.AccessKey, err error) bool { return errors.Is(err, store.ErrNotFound) },
		},
		"refresh": {
			do: func(a attempt) error {
				a.actor.At = start.Add(time.Hour)
				_, _, err := a.RefreshKey(a, a.actor, a.in, a.client, admin.RefreshRequest{RevokeTokens: true})
				return err
			},
			done: func(key policy.AccessKey, err error) bool {
				return stands(key, err) && key.CreatedAt.Before(key.SecretIssuedAt())
			},
		},
		"suspend": {
			do: func(a attempt) error {
				_, err := a.SuspendKey(a, a.actor, a.in, a.client, "")
				return err
			},
			done: func(key policy.AccessKey, err error) bool { return err == nil && key.IsSuspended() },
		},
		"limit": {
			do: func(a attempt) error {
				_, err := a.PatchKey(a, a.actor, a.in, a.client, policy.KeyPatch{ExpiresAt: &soon}, admin.IfMatch{})
				return err
			},
			done: func(key policy.AccessKey, err error) bool { return stands(key, err) && key.ExpiresAt.Equal(soon) },
		},
		"end the overlap": {
			before: overlapping,
			do:     func(a attempt) error { return a.EndOverlap(a, a.actor, a.in, a.client, false) },
			done:   func(key policy.AccessKey, err error) bool { return stands(key, err) && len(key.Secrets) == 1 },
		},
	}
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		for name, test := range tests {
			a := w.attempt(policy.AuthorityOperator, policy.AuthorityMember)
			next := w.admit(policy.AuthorityMember)
			if test.before != nil {
				must(t, test.before(a))
			}
			direct := a.Store
			a.interrupt(func() {
				_, err := w.services[1].TransferKey(a, a.actor, a.in, a.client, next.ID)
				must(t, err)
			})
			if err := test.do(a); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			a.Store = direct
			var key policy.AccessKey
			subject, err := w.store.SubjectByClientID(t.Context(), a.client)
			if err == nil {
				key, err = subject.Membership.Key(a.client)
			}
			if !test.done(key, err) {
				t.Errorf("%s: not done to the key of %q, %v", name, subject.User.ID, err)
			}
		}
	})
}
