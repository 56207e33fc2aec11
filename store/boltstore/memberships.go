package boltstore

import (
	"context"
	"errors"
	"slices"

	"go.etcd.io/bbolt"

	"mintkey/policy"
	"mintkey/store"
)

func membershipKey(tenantID, userID string) string { return tenantID + separator + userID }

// Membership implements store.Memberships.
func (s *Store) Membership(ctx context.Context, tenantID, userID string) (membership policy.Membership, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		membership, err = load[policy.Membership](tx, bucketMemberships, membershipKey(tenantID, userID))
		return err
	})
	return membership, err
}

// MembershipsByID implements store.Memberships.
func (s *Store) MembershipsByID(ctx context.Context, tenantID string, userIDs []string) (map[string]policy.Membership, error) {
	var memberships map[string]policy.Membership
	err := s.read(ctx, func(tx *bbolt.Tx) (err error) {
		memberships, err = loadAll[policy.Membership](tx, bucketMemberships, tenantID+separator, userIDs)
		return err
	})
	return memberships, err
}

// MembershipsOf implements store.Memberships.
func (s *Store) MembershipsOf(ctx context.Context, refs []store.MemberRef) (map[store.MemberRef]policy.Membership, error) {
	found := make(map[store.MemberRef]policy.Membership, len(refs))
	err := s.read(ctx, func(tx *bbolt.Tx) error {
		for _, ref := range refs {
			m, err := load[policy.Membership](tx, bucketMemberships, ref.TenantID+separator+ref.UserID)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			found[ref] = m
		}
		return nil
	})
	return found, err
}

// Memberships implements store.Memberships.
func (s *Store) Memberships(ctx context.Context, tenantID string, page store.Page) (memberships []policy.Membership, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		memberships, err = list[policy.Membership](tx, bucketMemberships, tenantID+separator, page)
		return err
	})
	return memberships, err
}

// TenantsOf implements store.Memberships.
func (s *Store) TenantsOf(ctx context.Context, accountID, userID string) (tenantIDs []string, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		prefix := userKey(accountID, userID) + separator
		return bucketUserTenants.scan(tx, prefix, everything(), func(id string, _ []byte) error {
			tenantIDs = append(tenantIDs, id)
			return nil
		})
	})
	return tenantIDs, err
}

// UpdateMembership implements store.Memberships.
func (s *Store) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	return s.write(ctx, func(tx *bbolt.Tx) error {
		tenant, err := load[policy.Tenant](tx, bucketTenants, tenantID)
		if err != nil {
			return err
		}
		before, err := load[policy.Membership](tx, bucketMemberships, membershipKey(tenantID, userID))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		user, err := load[policy.User](tx, bucketUsers, userKey(tenant.AccountID, userID))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		before.AccountID, before.TenantID, before.UserID = tenant.AccountID, tenantID, userID
		// Taken now: the change owns what it is given.
		held, indexed, digests := placesOf(before), store.IndexedDigests(before), store.DigestEntries(before)
		after, events, err := change(store.MembershipFor(before, user))
		if err != nil {
			return err
		}
		after.AccountID, after.TenantID, after.UserID = tenant.AccountID, tenantID, userID
		if err := store.CheckBelongs(after, user); err != nil {
			return err
		}
		if err := errors.Join(putMembership(tx, after), putPlaces(tx, tenantID, held, placesOf(after))); err != nil {
			return err
		}
		if err := putDigests(tx, indexed, digests, store.DigestEntries(after)); err != nil {
			return err
		}
		s.membershipFeeds.record(tx, tenantID, userID)
		return appendEvents(tx, events)
	})
}

// putMembership saves or removes the membership, without the index entries of its keys.
func putMembership(tx *bbolt.Tx, m policy.Membership) error {
	key := membershipKey(m.TenantID, m.UserID)
	userTenant := userKey(m.AccountID, m.UserID) + separator + m.TenantID
	if m.Exists() {
		return errors.Join(bucketMemberships.putJSON(tx, key, m), bucketUserTenants.put(tx, userTenant, nil))
	}
	return errors.Join(bucketMemberships.delete(tx, key), bucketUserTenants.delete(tx, userTenant))
}

// putPlaces replaces index entries of keys of the tenant. The last access of a key that is gone goes too.
func putPlaces(tx *bbolt.Tx, tenantID string, before, after []place) (err error) {
	for _, old := range before {
		if !slices.ContainsFunc(after, old.sameKey) {
			err = errors.Join(err, bucketClientIDs.delete(tx, old.clientID), forgetAccess(tx, tenantID, old.clientID))
		}
		if !slices.Contains(after, old) {
			err = errors.Join(err, bucketIssueOrder.delete(tx, old.issue))
			if old.end != "" {
				err = errors.Join(err, bucketEndOrder.delete(tx, old.end))
			}
		}
	}
	for _, fresh := range after {
		if !slices.Contains(before, fresh) {
			err = errors.Join(err, bucketClientIDs.put(tx, fresh.clientID, []byte(fresh.owner)), bucketIssueOrder.put(tx, fresh.issue, nil))
			if fresh.end != "" {
				err = errors.Join(err, bucketEndOrder.put(tx, fresh.end, nil))
			}
		}
	}
	return err
}

// place is an access key's position in the indexes: its client ID, the key of its membership, and its places in the orders of issue and,
// if it has an end of its own, of ends.
type place struct{ clientID, owner, issue, end string }

func (p place) sameKey(other place) bool { return p.clientID == other.clientID }

// placesOf lists the places of the keys of a membership; one that does not exist has none.
func placesOf(m policy.Membership) []place {
	if !m.Exists() {
		return nil
	}
	places := make([]place, len(m.Keys))
	for i, key := range m.Keys {
		dated := store.DatedKey{TenantID: m.TenantID, UserID: m.UserID, ClientID: key.ClientID, At: key.SecretIssuedAt()}
		places[i] = place{clientID: key.ClientID, owner: membershipKey(m.TenantID, m.UserID), issue: datedKey(m.AccountID, dated)}
		if !key.ExpiresAt.IsZero() {
			dated.At = key.ExpiresAt
			places[i].end = datedKey(m.AccountID, dated)
		}
	}
	return places
}
