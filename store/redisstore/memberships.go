package redisstore

import (
	"context"
	"slices"

	"mintkey/policy"
	"mintkey/store"
)

// Membership implements store.Memberships.
func (s *Store) Membership(ctx context.Context, tenantID, userID string) (policy.Membership, error) {
	return find[policy.Membership](ctx, s, memberKey(tenantID, userID))
}

// MembershipsByID implements store.Memberships.
func (s *Store) MembershipsByID(ctx context.Context, tenantID string, userIDs []string) (map[string]policy.Membership, error) {
	return findAll[policy.Membership](ctx, s, userIDs, func(userID string) string { return memberKey(tenantID, userID) })
}

// MembershipsOf implements store.Memberships.
func (s *Store) MembershipsOf(ctx context.Context, refs []store.MemberRef) (map[store.MemberRef]policy.Membership, error) {
	return findAll[policy.Membership](ctx, s, refs, func(ref store.MemberRef) string { return memberKey(ref.TenantID, ref.UserID) })
}

// Memberships implements store.Memberships.
func (s *Store) Memberships(ctx context.Context, tenantID string, page store.Page) ([]policy.Membership, error) {
	key := func(userID string) string { return memberKey(tenantID, userID) }
	return list(ctx, s, membersKey(tenantID), page, key, every[policy.Membership])
}

// TenantsOf implements store.Memberships. The user's list of tenants only ever grows, because an ID can't be removed from it in one step
// with a membership in another slot; so each membership in it is looked up.
func (s *Store) TenantsOf(ctx context.Context, accountID, userID string) ([]string, error) {
	var tenants []string
	for after := ""; ; {
		ids, err := s.idsAfter(ctx, tenantsOfKey(accountID, userID), after, batch)
		if err != nil {
			return nil, err
		}
		keys := make([]string, len(ids))
		for i, id := range ids {
			keys[i] = memberKey(id, userID)
		}
		memberships, err := s.getAll(ctx, keys...)
		if err != nil {
			return nil, err
		}
		for i, membership := range memberships {
			if membership.exists {
				tenants = append(tenants, ids[i])
			}
		}
		if len(ids) < batch {
			return tenants, nil
		}
		after = ids[len(ids)-1]
	}
}

// UpdateMembership implements store.Memberships.
func (s *Store) UpdateMembership(ctx context.Context, tenantID, userID string, edit store.MembershipChange) error {
	return store.ConfirmOnce(ctx, func(ctx context.Context) error { return s.updateMembership(ctx, tenantID, userID, edit) })
}

func (s *Store) updateMembership(ctx context.Context, tenantID, userID string, edit store.MembershipChange) error {
	accountID, err := s.accountOf(ctx, tenantID)
	if err != nil {
		return err
	}
	var claimed []string
	var entered []store.DigestEntry
	var made policy.Membership // zero unless it is new
	err = untilSaved(ctx, func() (bool, error) {
		old, before, user, err := s.membershipAndUser(ctx, accountID, tenantID, userID)
		if err != nil {
			return false, err
		}
		indexed, digests := store.IndexedDigests(before), store.DigestEntries(before)
		given := store.MembershipFor(before.Clone(), user) // the edit owns what it is given
		isNew := !given.Exists()
		after, events, err := edit(given)
		if err == nil {
			err = store.CheckBelongs(after, user)
		}
		if err != nil {
			s.dropClientIDs(ctx, missing(claimed, clientIDs(before)))
			s.dropDigests(ctx, store.Without(entered, digests))
			return false, err
		}
		added := missing(clientIDs(after), clientIDs(before))
		claimed = append(claimed, added...)
		if err := s.prepareMembership(ctx, old, after, added); err != nil {
			return false, err
		}
		fresh := store.Without(store.DigestEntries(after), slices.Concat(indexed, entered))
		entered = append(entered, fresh...)
		if err := s.enterDigests(ctx, fresh); err != nil {
			return false, err
		}
		made = policy.Membership{}
		if isNew && after.Exists() {
			made = after
		}
		done, err := s.commitMembership(ctx, old, before, after, events)
		if done {
			s.dropClientIDs(ctx, missing(append(claimed, clientIDs(before)...), clientIDs(after)))
			s.dropDigests(ctx, store.Without(slices.Concat(entered, digests), store.DigestEntries(after)))
		}
		return done, err
	})
	if err != nil || !made.Exists() {
		return err
	}
	return s.keepIfOwned(ctx, made)
}

// membershipAndUser reads a membership and its user. A membership that does not exist has its IDs; the user is zero if there is none.
func (s *Store) membershipAndUser(
	ctx context.Context, accountID, tenantID, userID string,
) (old snapshot, m policy.Membership, user policy.User, err error) {
	records, err := s.getAll(ctx, memberKey(tenantID, userID), userKey(accountID, userID))
	if err != nil {
		return old, m, user, err
	}
	m = policy.Membership{AccountID: accountID, TenantID: tenantID, UserID: userID}
	if records[0].exists {
		if m, err = decode[policy.Membership](records[0].value); err != nil {
			return old, m, user, err
		}
	}
	if records[1].exists {
		user, err = decode[policy.User](records[1].value)
	}
	return records[0], m, user, err
}

// keepIfOwned removes a membership that was made while its user was being deleted, and returns store.ErrNotFound then. The user is in
// another slot, so the user is looked at once more afterwards: a deletion that comes later than that finds the membership. Where the
// look fails, the membership stays, because it opens nothing without its user.
func (s *Store) keepIfOwned(ctx context.Context, made policy.Membership) error {
	return untilSaved(ctx, func() (bool, error) {
		old, m, user, err := s.membershipAndUser(ctx, made.AccountID, made.TenantID, made.UserID)
		if err != nil {
			return true, nil //nolint:nilerr // see above
		}
		refusal := store.CheckBelongs(made, user)
		if refusal == nil || !old.exists || m.UserGeneration != made.UserGeneration {
			return true, refusal
		}
		ended, _ := m.Removed()
		done, err := s.commitMembership(ctx, old, m, ended, nil)
		if !done || err != nil {
			return done, err
		}
		s.dropClientIDs(ctx, clientIDs(m))
		s.dropDigests(ctx, store.DigestEntries(m))
		return true, refusal
	})
}

// prepareMembership writes what must exist in other slots before the membership does.
func (s *Store) prepareMembership(ctx context.Context, old snapshot, after policy.Membership, added []string) error {
	if !old.exists && after.Exists() {
		if err := s.enter(ctx, tenantsOfKey(after.AccountID, after.UserID), after.TenantID); err != nil {
			return err
		}
	}
	for _, clientID := range added {
		if err := s.claimClientID(ctx, clientID, pointer{after.TenantID, after.UserID}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) commitMembership(ctx context.Context, old snapshot, before, after policy.Membership, events []policy.Event) (bool, error) {
	var c change
	if err := c.membership(old, before, after, ""); err != nil {
		return false, err
	}
	if err := s.record(ctx, &c, ofTenant(after.TenantID), events); err != nil {
		return false, err
	}
	return s.commit(ctx, c)
}

// membership makes the change save or remove a membership, with what its slot holds of it. A key that moves to another membership keeps
// what is not the owner's.
func (c *change) membership(old snapshot, before, after policy.Membership, moves string) error {
	if after.Exists() {
		c.index(membersKey(after.TenantID), after.UserID)
	} else {
		c.unindex(membersKey(after.TenantID), after.UserID)
	}
	for _, clientID := range missing(clientIDs(before), append(clientIDs(after), moves)) {
		c.unindex(accessTimesKey(after.TenantID), clientID)
		c.drop(accessKey(after.TenantID, clientID))
		c.drop(movedKey(after.TenantID, clientID))
	}
	c.reorder(before, after)
	c.feed(ofTenant(after.TenantID), after.UserID)
	if !after.Exists() {
		c.remove(old)
		return nil
	}
	text, err := encode(after)
	if err == nil {
		c.put(old, text)
	}
	return err
}

// clientIDs lists the client IDs of a membership; one that does not exist has none.
func clientIDs(m policy.Membership) []string {
	if !m.Exists() {
		return nil
	}
	ids := make([]string, len(m.Keys))
	for i, key := range m.Keys {
		ids[i] = key.ClientID
	}
	return ids
}
