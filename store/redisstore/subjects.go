package redisstore

import (
	"context"
	"errors"

	"mintkey/policy"
	"mintkey/store"
)

// SubjectByClientID implements store.Subjects. It usually costs one round trip, shared with other requests (see
// gatherer), because it caches which membership a client ID points to.
// That cache can't make a revoked key work: the membership itself is always read.
func (s *Store) SubjectByClientID(ctx context.Context, clientID string) (policy.Subject, error) {
	if to, ok := s.pointers.get(clientID); ok {
		subject, err := s.owner(ctx, to, clientID)
		if !errors.Is(err, store.ErrNotFound) {
			return subject, err
		}
		s.pointers.drop(clientID)
	}
	read, err := s.getTogether(ctx, clientKey(clientID))
	if err == nil && !read[0].exists {
		err = store.ErrNotFound
	}
	if err != nil {
		return policy.Subject{}, err
	}
	to := parsePointer(read[0].value)
	subject, err := s.owner(ctx, to, clientID)
	if errors.Is(err, store.ErrNotFound) {
		to, subject, err = s.follow(ctx, to.tenantID, clientID)
	}
	if err == nil {
		s.pointers.put(clientID, to)
	}
	return subject, err
}

// owner reads the subject that the pointer names, if it has the access key.
func (s *Store) owner(ctx context.Context, to pointer, clientID string) (policy.Subject, error) {
	subject, err := s.Subject(ctx, to.tenantID, to.userID)
	if err != nil {
		return policy.Subject{}, err
	}
	if _, err := subject.Membership.Key(clientID); err != nil {
		return policy.Subject{}, store.ErrNotFound
	}
	return subject, nil
}

// Subject implements store.Subjects.
func (s *Store) Subject(ctx context.Context, tenantID, userID string) (policy.Subject, error) {
	accountID, err := s.accountOf(ctx, tenantID)
	if err != nil {
		return policy.Subject{}, err
	}
	records, err := s.getTogether(ctx, memberKey(tenantID, userID), tenantKey(tenantID), userKey(accountID, userID), accountKey(accountID))
	if err != nil {
		return policy.Subject{}, err
	}
	for _, record := range records {
		if !record.exists {
			return policy.Subject{}, store.ErrNotFound
		}
	}
	var subject policy.Subject
	if subject.Membership, err = decodeCached(s.memberships, records[0], policy.Membership.Clone); err != nil {
		return policy.Subject{}, err
	}
	if subject.User, err = decodeCached(s.users, records[2], policy.User.Clone); err != nil {
		return policy.Subject{}, err
	}
	if !subject.Membership.BelongsTo(subject.User) {
		return policy.Subject{}, store.ErrNotFound
	}
	if subject.Account, err = decodeCached(s.accounts, records[3], policy.Account.Clone); err != nil {
		return policy.Subject{}, err
	}
	if subject.Tenant, err = decodeCached(s.tenants, records[1], policy.Tenant.Clone); err != nil {
		return policy.Subject{}, err
	}
	return subject, nil
}
