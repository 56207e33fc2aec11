package boltstore

import (
	"context"
	"errors"
	"slices"

	"go.etcd.io/bbolt"

	"mintkey/policy"
	"mintkey/store"
)

// MoveKey implements store.Memberships.
func (s *Store) MoveKey(ctx context.Context, tenantID, clientID, fromID, toID string, change store.KeyMove) error {
	return s.write(ctx, func(tx *bbolt.Tx) error {
		tenant, err := load[policy.Tenant](tx, bucketTenants, tenantID)
		if err != nil {
			return err
		}
		var stored, given [2]policy.Membership
		var users [2]policy.User
		for i, userID := range []string{fromID, toID} {
			stored[i], err = load[policy.Membership](tx, bucketMemberships, membershipKey(tenantID, userID))
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			users[i], err = load[policy.User](tx, bucketUsers, userKey(tenant.AccountID, userID))
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			stored[i].AccountID, stored[i].TenantID, stored[i].UserID = tenant.AccountID, tenantID, userID
			given[i] = store.MembershipFor(stored[i], users[i])
		}
		from, to, events, err := change(given[0].Clone(), given[1].Clone())
		after := [2]policy.Membership{from, to}
		if err == nil {
			err = store.CheckMove(clientID, given, after, users)
		}
		if err != nil {
			return err
		}
		return errors.Join(s.putMoved(tx, tenantID, stored, after), appendEvents(tx, events))
	})
}

func (s *Store) putMoved(tx *bbolt.Tx, tenantID string, before, after [2]policy.Membership) error {
	var indexed, digests, fresh []store.DigestEntry
	var held, places []place
	for i := range after {
		after[i].AccountID, after[i].TenantID, after[i].UserID = before[i].AccountID, tenantID, before[i].UserID
		indexed, digests = append(indexed, store.IndexedDigests(before[i])...), append(digests, store.DigestEntries(before[i])...)
		fresh = append(fresh, store.DigestEntries(after[i])...)
		held, places = slices.Concat(held, placesOf(before[i])), slices.Concat(places, placesOf(after[i]))
		if err := putMembership(tx, after[i]); err != nil {
			return err
		}
		s.membershipFeeds.record(tx, tenantID, after[i].UserID)
	}
	return errors.Join(putPlaces(tx, tenantID, held, places), putDigests(tx, indexed, digests, fresh))
}
