package storetest_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

func issueOrderTwins() []twin {
	indexes := func(s store.Store) store.Store { return &indexesRefused{Store: s} }
	return []twin{
		{"keys by issue are in order, by account", "sorts IDs as joined by a slash", func(s store.Store) store.Store { return joinsIDs{s} }},
		{"keys by issue are in order, by account", "cuts times", func(s store.Store) store.Store { return cutsIssue{s} }},
		{"keys by issue are in order, by account", "takes a prefix for the account", badlyIssued(takesPrefix)},
		{"keys by issue in pages", "gives the place again", func(s store.Store) store.Store { return repeatsKey{s} }},
		{"keys by issue in pages", "goes on after the time only", badlyIssued(skipsInstant)},
		{"keys by issue until a time", "ends before the time", badlyIssued(endsBefore)},
		{"each key by issue", "stops after a page", func(s store.Store) store.Store { return onePage{s} }},
		{"keys by issue follow the membership", "keeps the first time", badlyIssued(keepsFirstTime)},
		{"keys by issue follow the membership", "keeps what is revoked", badlyIssued(keepsGone)},
		{"keys by issue follow the membership", "indexes before it changes", indexes},
		{"race of 12 creates leaves two keys by issue", "indexes before it changes", indexes},
		{"race of 100 creates leaves two keys by issue", "indexes before it changes", indexes},
	}
}

type joinsIDs struct{ store.Store }

func (b joinsIDs) KeysByIssue(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	keys, err := b.Store.KeysByIssue(ctx, accountID, after, until, limit)
	joined := func(k store.DatedKey) string { return k.TenantID + "/" + k.UserID + "/" + k.ClientID }
	slices.SortFunc(keys, func(x, y store.DatedKey) int {
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(joined(x), joined(y)))
	})
	return keys, err
}

// onePage visits what a page has and no more.
type onePage struct{ store.Store }

func (b onePage) EachKeyByIssue(
	ctx context.Context, accountID string, from, until time.Time, visit func(store.DatedKey) error,
) error {
	keys, err := b.KeysByIssue(ctx, accountID, store.DatedKey{At: from}, until, 5000)
	for _, key := range keys {
		if err == nil {
			err = visit(key)
		}
	}
	return err
}

type cutsIssue struct{ store.Store }

func (b cutsIssue) KeysByIssue(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	keys, err := b.Store.KeysByIssue(ctx, accountID, after, until, limit)
	for i := range keys {
		keys[i].At = keys[i].At.Truncate(time.Microsecond)
	}
	return keys, err
}

type repeatsKey struct{ store.Store }

func (b repeatsKey) KeysByIssue(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	if after.ClientID != "" {
		after.ClientID = after.ClientID[:len(after.ClientID)-1]
	}
	return b.Store.KeysByIssue(ctx, accountID, after, until, limit)
}

// indexesRefused has an index that knows what a change would have made, even when it was refused.
type indexesRefused struct {
	store.Store
	mu   sync.Mutex
	keys []store.DatedKey
}

func (b *indexesRefused) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	before, err := b.Membership(ctx, tenantID, userID)
	if unless(err, store.ErrNotFound) != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Store.UpdateMembership(ctx, tenantID, userID, func(policy.Membership) (policy.Membership, []policy.Event, error) {
		m, events, err := change(before)
		for _, key := range m.Keys {
			b.keys = append(b.keys, store.DatedKey{TenantID: tenantID, UserID: userID, ClientID: key.ClientID, At: key.SecretIssuedAt()})
		}
		return m, events, err
	})
}

func (b *indexesRefused) KeysByIssue(context.Context, string, store.DatedKey, time.Time, int) ([]store.DatedKey, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.keys, nil
}
