package boltstore

import (
	"context"
	"strings"

	"go.etcd.io/bbolt"

	"mintkey/policy"
	"mintkey/store"
)

// SubjectByClientID implements store.Subjects.
func (s *Store) SubjectByClientID(ctx context.Context, clientID string) (subject policy.Subject, err error) {
	cache := s.subjects.now() // before the file is read
	if known, ok := cache.get(clientID); ok {
		return known.Clone(), ctx.Err()
	}
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		tenantID, userID, found := strings.Cut(string(bucketClientIDs.get(tx, clientID)), separator)
		if !found {
			return store.ErrNotFound
		}
		subject, err = s.subject(tx, tenantID, userID)
		return err
	})
	if err == nil {
		cache.put(clientID, subject)
		subject = subject.Clone()
	}
	return subject, err
}

// Subject implements store.Subjects.
func (s *Store) Subject(ctx context.Context, tenantID, userID string) (subject policy.Subject, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		subject, err = s.subject(tx, tenantID, userID)
		return err
	})
	return subject.Clone(), err
}

// subject reads all four records in one transaction, so that they are consistent. They are shared: see Clone.
func (s *Store) subject(tx *bbolt.Tx, tenantID, userID string) (policy.Subject, error) {
	tenant, err := s.tenants.load(tx, bucketTenants, tenantID)
	if err != nil {
		return policy.Subject{}, err
	}
	account, err := s.accounts.load(tx, bucketAccounts, tenant.AccountID)
	if err != nil {
		return policy.Subject{}, err
	}
	user, err := s.users.load(tx, bucketUsers, userKey(tenant.AccountID, userID))
	if err != nil {
		return policy.Subject{}, err
	}
	membership, err := s.memberships.load(tx, bucketMemberships, membershipKey(tenantID, userID))
	if err != nil {
		return policy.Subject{}, err
	}
	if !membership.BelongsTo(user) {
		return policy.Subject{}, store.ErrNotFound
	}
	return policy.Subject{Account: account, Tenant: tenant, User: user, Membership: membership}, nil
}
