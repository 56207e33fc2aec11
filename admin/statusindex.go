package admin

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// SecretIndex returns the status index for a token of the key's secret that is issued now. Where the one that the secret has ended with a
// disabling (R8), it gives the secret a new one, so that tokens from before stay dead. 0 is none. It is store.ErrConflict if the key has
// changed hands since the subject was read.
func (s *Service) SecretIndex(
	ctx context.Context, of policy.Subject, clientID string, secret policy.Secret, now time.Time,
) (uint64, error) {
	if index, lives := secretIndex(&of, clientID, secret.Digest); lives { // as nearly always
		return index, nil
	}
	return s.renewedSecretIndex(ctx, of, clientID, secret.Digest, now)
}

func secretIndex(of *policy.Subject, clientID string, secret policy.Digest) (index uint64, lives bool) {
	key, _ := of.Membership.Key(clientID) // one that is gone has no secrets
	if key.IsSuspended() {
		return 0, false
	}
	for _, present := range key.Secrets {
		if present.Digest.Equal(secret) {
			return present.StatusIndex, of.SecretIndexLives(present)
		}
	}
	return 0, false
}

// renewedSecretIndex is a function of its own so that SecretIndex, which every token calls, allocates nothing.
func (s *Service) renewedSecretIndex(
	ctx context.Context, of policy.Subject, clientID string, secret policy.Digest, now time.Time,
) (uint64, error) {
	current := func(of policy.Subject) (uint64, bool) { return secretIndex(&of, clientID, secret) }
	index, err := s.liveIndex(ctx, of, now, current, func(m policy.Membership, fresh policy.IndexRenewal) (policy.Membership, error) {
		return m.WithKeyIndex(clientID, secret, fresh)
	})
	return index, s.unlessMoved(ctx, clientID, err)
}

// PasswordIndex returns the status index for a token that is issued now from the user's password (R27). The first such token, and the
// first after a new password or a disabling, gets a new one. While the store can't be written it is 0: the token is then judged
// by when it was issued, and gateways that ask nobody do not learn that it has ended.
func (s *Service) PasswordIndex(ctx context.Context, of policy.Subject, now time.Time) (uint64, error) {
	checked := of.User.PasswordHash
	current := func(of policy.Subject) (uint64, bool) {
		return of.Membership.StatusIndex, of.PasswordIndexLives() && of.User.PasswordHash == checked
	}
	index, err := s.liveIndex(ctx, of, now, current, func(m policy.Membership, fresh policy.IndexRenewal) (policy.Membership, error) {
		return m.WithPasswordIndex(fresh)
	})
	if errors.Is(err, store.ErrUnavailable) {
		s.Log.WarnContext(ctx, "status index unavailable", slog.String("user_id", of.User.ID), slog.Any("error", err))
		return 0, nil
	}
	return index, err
}

// liveIndex returns the current index of the subject if it is alive, and else renews it. Of many callers at once one renews it. It is
// policy.ErrNotMember, policy.ErrTenantSuspended or policy.ErrKeySuspended if what the token would come from has ended since the subject
// was read: what ended it could not see the new index, so gateways would never learn of the token's end.
func (s *Service) liveIndex(
	ctx context.Context, of policy.Subject, now time.Time,
	current func(policy.Subject) (index uint64, lives bool),
	renew func(policy.Membership, policy.IndexRenewal) (policy.Membership, error),
) (uint64, error) {
	if index, lives := current(of); lives {
		return index, nil
	}
	fresh, err := s.NextStatusIndex(ctx)
	if err != nil {
		return 0, err
	}
	longest, err := store.LongestTokenLifetime(ctx, s.Store, s.TokenLifetime, now)
	if err != nil {
		return 0, err
	}
	agreed := s.agreed(ctx)
	err = s.Store.UpdateMembership(ctx, of.Tenant.ID, of.User.ID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		of.Membership = m
		if _, lives := current(of); lives {
			return m, nil, nil
		}
		renewal := of.Renewal(fresh, longest, now)
		renewal.Agreed = agreed
		after, err := renew(m, renewal)
		of.Membership = after
		return after, nil, err
	})
	if err != nil {
		return 0, err
	}
	renewed, err := s.Store.Subject(ctx, of.Tenant.ID, of.User.ID)
	if errors.Is(err, store.ErrNotFound) {
		err = policy.ErrNotMember
	}
	if err != nil {
		return 0, err
	}
	index, lives := current(renewed)
	if !lives || renewed.Authority() == policy.AuthorityNone {
		return 0, cmp.Or(stoppedTenant(renewed), policy.ErrNotMember)
	}
	return index, nil
}

// stoppedTenant is policy.ErrTenantSuspended in a suspended tenant, and else nil.
func stoppedTenant(of policy.Subject) error {
	if of.Tenant.IsSuspended() {
		return policy.ErrTenantSuspended
	}
	return nil
}

// newIndexes returns status indexes that nothing has had.
func (s *Service) newIndexes(ctx context.Context, n int) ([]uint64, error) {
	fresh := make([]uint64, n)
	for i := range fresh {
		index, err := s.NextStatusIndex(ctx)
		if err != nil {
			return nil, err
		}
		fresh[i] = index
	}
	return fresh, nil
}

// replacing is what a change that takes secrets away must know of their tokens.
func (s *Service) replacing(ctx context.Context, now time.Time) (policy.Refresh, error) {
	lifetime, err := store.TokenLifetime(ctx, s.Store)
	return policy.Refresh{
		Longest: lifetime.At(now, s.TokenLifetime), FenceUnknown: lifetime.UnknownAt(now), Agreed: s.agreed(ctx),
	}, err
}

// agreed is up to when what has ended may be forgotten; zero for nothing.
func (s *Service) agreed(ctx context.Context) time.Time {
	if s.Agreed == nil {
		return time.Time{}
	}
	return s.Agreed(ctx)
}
