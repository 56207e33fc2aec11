package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"

	"mintkey/policy"
	"mintkey/store"
)

// The pointer of a client ID is in another slot than the memberships, so it can't change together with them, and a crash in between would
// leave the key without an owner. So it stays as it is, and a key that was moved has one more record, in the slot of the tenant: who has it
// now, with a stamp that makes each move another value. It goes with the key.

// MoveKey implements store.Memberships.
func (s *Store) MoveKey(ctx context.Context, tenantID, clientID, fromID, toID string, edit store.KeyMove) error {
	return s.saveAll(ctx, func(ctx context.Context) (bool, error) {
		accountID, err := s.accountOf(ctx, tenantID)
		if err != nil {
			return false, err
		}
		var old [2]snapshot
		var before, given [2]policy.Membership
		var users [2]policy.User
		for i, userID := range []string{fromID, toID} {
			if old[i], before[i], users[i], err = s.membershipAndUser(ctx, accountID, tenantID, userID); err != nil {
				return false, err
			}
			given[i] = store.MembershipFor(before[i], users[i])
		}
		from, to, events, err := edit(given[0].Clone(), given[1].Clone())
		after := [2]policy.Membership{from, to}
		if err == nil {
			err = store.CheckMove(clientID, given, after, users)
		}
		if errors.Is(err, store.ErrConflict) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if err := s.enterMoved(ctx, before, after); err != nil {
			return false, err
		}
		var c change
		for i := range after {
			if err := c.membership(old[i], before[i], after[i], clientID); err != nil {
				return false, err
			}
		}
		c.do("SET", movedKey(tenantID, clientID), toID+"/"+rand.Text())
		if err := s.record(ctx, &c, ofTenant(tenantID), events); err != nil {
			return false, err
		}
		return s.commit(ctx, c)
	})
}

// enterMoved enters the digests of keys that a server of version 1 wrote, which are in no index yet. Those of other keys stay as they are,
// because the index names the key and not its owner.
func (s *Store) enterMoved(ctx context.Context, before, after [2]policy.Membership) error {
	indexed := slices.Concat(store.IndexedDigests(before[0]), store.IndexedDigests(before[1]))
	return s.enterDigests(ctx, store.Without(slices.Concat(store.DigestEntries(after[0]), store.DigestEntries(after[1])), indexed))
}

// follow finds the owner of a key that is not where it was made. If the membership does not have it, and the record is the same as before
// that was read, the key is gone; else it was moved once more.
func (s *Store) follow(ctx context.Context, tenantID, clientID string) (to pointer, subject policy.Subject, err error) {
	last := ""
	for range attempts {
		read, err := s.getTogether(ctx, movedKey(tenantID, clientID))
		if err == nil && (!read[0].exists || read[0].value == last) {
			err = store.ErrNotFound
		}
		if err != nil {
			return to, subject, err
		}
		last = read[0].value
		userID, _, _ := strings.Cut(last, "/")
		to = pointer{tenantID, userID}
		if subject, err = s.owner(ctx, to, clientID); !errors.Is(err, store.ErrNotFound) {
			return to, subject, err
		}
	}
	return to, subject, store.ErrConflict
}
