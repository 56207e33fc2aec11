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
		"report a leak": {
			do: func(a attempt) error {
				subject, err := a.Store.SubjectByClientID(a, a.client)
				if err != nil {
					return err
				}
				key, err := subject.Membership.Key(a.client)
				if err != nil {
					return err
				}
				leaked := admin.LeakedSecret{Digest: key.Secrets[0].Digest}
				return a.ReportLeak(a, admin.LeakReport{Secrets: []admin.LeakedSecret{leaked}, At: a.actor.At})
			},
			done: func(key policy.AccessKey, err error) bool { return err == nil && key.Leaked && key.IsSuspended() },
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

// Whoever asks for a token with a right secret, just as the key changes hands, is told to try again, and not that the secret is wrong.
func TestATokenOfAKeyThatChangesHands(t *testing.T) {
	secretOf := func(secret policy.ClientSecret) policy.Secret {
		return policy.Secret{Digest: secret.Digest(), IssuedAt: start}
	}
	tests := map[string]func(t *testing.T, a attempt, moves func()) error{
		"the first use of a secret": func(t *testing.T, a attempt, moves func()) error {
			how := admin.RefreshRequest{Request: admin.Request{IdempotencyKey: "once"}}
			_, secret, err := a.RefreshKey(a, a.actor, a.in, a.client, how)
			must(t, err)
			subject, err := a.Store.SubjectByClientID(a, a.client)
			must(t, err)
			a.interrupt(moves)
			return a.ClaimSecret(a, subject, a.client, secretOf(secret), start)
		},
		"a secret whose index has ended": func(t *testing.T, a attempt, moves func()) error {
			must(t, a.disable(true))
			must(t, a.disable(false))
			subject, err := a.Store.SubjectByClientID(a, a.client)
			must(t, err)
			a.interrupt(moves)
			_, err = a.SecretIndex(a, subject, a.client, secretOf(policy.ClientSecretFromRequest(a.user.ID)), start)
			return err
		},
	}
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		direct := w.services[0].Store
		for name, ask := range tests {
			a := w.attempt(policy.AuthorityOperator, policy.AuthorityMember)
			next := w.admit(policy.AuthorityMember)
			err := ask(t, a, func() {
				_, err := w.services[1].TransferKey(a, a.actor, a.in, a.client, next.ID)
				must(t, err)
			})
			if !errors.Is(err, store.ErrConflict) {
				t.Errorf("%s: %v", name, err)
			}
			a.Store = direct
		}
	})
}
