package admin

import (
	"context"
	"maps"
	"slices"
	"sort"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// expiring is an access key with its expiry; zero is never. At is when its current secret was issued.
type expiring struct {
	store.DatedKey

	at  time.Time
	end time.Time // its own; mostly zero
}

// eachExpiring visits, in no order, the access keys of the account that expire at or after from and before until; without an until all that
// do, and those that never do. It reads the orders of keys, of which it needs only a part, and not the keys: under one policy, keys that
// were issued earlier expire no later (R12).
func (s *Service) eachExpiring(ctx context.Context, account policy.Account, from, until time.Time, visit func(expiring)) error {
	return s.eachExpiringIn(ctx, s.Store.EachKeyByIssue, account, from, until, visit)
}

// eachExpiringHeld is eachExpiring of an actor who acts at from, for a page: in an account with many keys it goes by their order as it was
// at most accessLag before.
func (s *Service) eachExpiringHeld(ctx context.Context, account policy.Account, from, until time.Time, visit func(expiring)) error {
	order := func(ctx context.Context, accountID string, begin, end time.Time, visit func(store.DatedKey) error) error {
		return s.eachKeyHeld(ctx, accountID, from, begin, end, visit)
	}
	return s.eachExpiringIn(ctx, order, account, from, until, visit)
}

// eachByIssue is EachKeyByIssue of a store.
type eachByIssue func(ctx context.Context, accountID string, from, until time.Time, visit func(store.DatedKey) error) error

func (s *Service) eachExpiringIn(
	ctx context.Context, order eachByIssue, account policy.Account, from, until time.Time, visit func(expiring),
) error {
	p := account.Expiration
	inside := func(expiry time.Time) bool {
		if expiry.IsZero() {
			return until.IsZero()
		}
		return !expiry.Before(from) && (until.IsZero() || expiry.Before(until))
	}
	newest := until
	if !until.IsZero() {
		newest = issuedFor(p, until)
	}
	ends, late := map[string]time.Time{}, map[string]store.DatedKey{}
	err := s.eachEnding(ctx, account.ID, until, func(key store.DatedKey) {
		ends[key.ClientID] = key.At
		if inside(key.At) {
			late[key.ClientID] = key
		}
	})
	if err != nil {
		return err
	}
	if newest.IsZero() {
		newest = endOfTime()
	}
	err = order(ctx, account.ID, issuedFor(p, from), newest, func(key store.DatedKey) error {
		delete(late, key.ClientID)
		end := ends[key.ClientID]
		if expiry := policy.Earlier(p.Expiry(key.At), end); inside(expiry) {
			visit(expiring{key, expiry, end})
		}
		return nil
	})
	if err != nil || until.IsZero() { // under the policy, those that are left have expired
		return err
	}
	return s.eachKeyOf(ctx, late, func(key store.DatedKey, found policy.AccessKey) {
		if key.At = found.SecretIssuedAt(); inside(found.Expiry(p)) {
			visit(expiring{key, found.Expiry(p), found.ExpiresAt})
		}
	})
}

// issuedFor is an instant, at most a second too early, from which on whatever is issued expires at the given time, later, or never.
func issuedFor(p policy.ExpirationPolicy, at time.Time) time.Time {
	const century = 100 * 365 * 24 * 60 * 60 // in seconds, and longer than any life of a key
	begin := at.AddDate(-100, 0, 0)
	seconds := sort.Search(century, func(seconds int) bool {
		expiry := p.Expiry(begin.Add(time.Duration(seconds) * time.Second))
		return expiry.IsZero() || !expiry.Before(at)
	})
	return begin.Add(time.Duration(seconds-1) * time.Second)
}

// orderSize is how many keys of an order are read at once.
const orderSize = 5000

func endOfTime() time.Time { return time.Date(10_000, time.January, 1, 0, 0, 0, 0, time.UTC) }

// eachEnding visits the keys with an end of their own, up to a time, which may be zero for all.
func (s *Service) eachEnding(ctx context.Context, accountID string, until time.Time, visit func(store.DatedKey)) error {
	if until.IsZero() {
		until = endOfTime()
	}
	for after := (store.DatedKey{}); ; {
		keys, err := s.Store.KeysByEnd(ctx, accountID, after, until, orderSize)
		if err != nil {
			return err
		}
		for _, key := range keys {
			visit(key)
		}
		if len(keys) < orderSize {
			return nil
		}
		after = keys[len(keys)-1]
	}
}

// eachKeyOf reads the memberships of the keys, and visits those that are still there.
func (s *Service) eachKeyOf(ctx context.Context, keys map[string]store.DatedKey, visit func(store.DatedKey, policy.AccessKey)) error {
	for some := range slices.Chunk(slices.Collect(maps.Values(keys)), walkSize) {
		refs := make([]store.MemberRef, len(some))
		for i, key := range some {
			refs[i] = store.MemberRef{TenantID: key.TenantID, UserID: key.UserID}
		}
		found, err := s.Store.MembershipsOf(ctx, refs)
		if err != nil {
			return err
		}
		for i, key := range some {
			if present, err := found[refs[i]].Key(key.ClientID); err == nil {
				visit(key, present)
			}
		}
	}
	return nil
}
