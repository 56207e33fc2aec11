package storetest_test

import (
	"context"
	"time"

	"mintkey/store"
)

func endOrderTwins() []twin {
	return []twin{
		{"keys by end are in order, by account", "lists keys without an end", func(s store.Store) store.Store { return endlessToo{s} }},
		{"keys by end are in order, by account", "takes a prefix for the account", func(s store.Store) store.Store { return prefixEnd{s} }},
		{"keys by end are in order, by account", "goes on after the time only", func(s store.Store) store.Store { return skipsEnds{s} }},
		{"keys by end are in order, by account", "ends before the time", func(s store.Store) store.Store { return endsEarly{s} }},
		{"keys by end follow the membership", "keeps the first end", func(s store.Store) store.Store {
			return firstEnd{s, map[string]time.Time{}}
		}},
		{"keys by end follow the membership", "keeps what is revoked", func(s store.Store) store.Store { return &keepsEnded{Store: s} }},
	}
}

type endlessToo struct{ store.Store }

func (b endlessToo) KeysByEnd(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	return b.KeysByIssue(ctx, accountID, after, until, limit)
}

type prefixEnd struct{ store.Store }

func (b prefixEnd) KeysByEnd(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	own, err := b.Store.KeysByEnd(ctx, accountID, after, until, limit)
	if err != nil {
		return nil, err
	}
	foreign, err := b.Store.KeysByEnd(ctx, accountID+"-1", after, until, limit)
	return append(own, foreign...), err
}

type skipsEnds struct{ store.Store }

func (b skipsEnds) KeysByEnd(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	if after.ClientID != "" {
		after.TenantID = "~"
	}
	return b.Store.KeysByEnd(ctx, accountID, after, until, limit)
}

type endsEarly struct{ store.Store }

func (b endsEarly) KeysByEnd(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	return b.Store.KeysByEnd(ctx, accountID, after, until.Add(-time.Nanosecond), limit)
}

type firstEnd struct {
	store.Store
	seen map[string]time.Time
}

func (b firstEnd) KeysByEnd(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	keys, err := b.Store.KeysByEnd(ctx, accountID, after, until, limit)
	for i, key := range keys {
		if _, ok := b.seen[key.ClientID]; !ok {
			b.seen[key.ClientID] = key.At
		}
		keys[i].At = b.seen[key.ClientID]
	}
	return keys, err
}

type keepsEnded struct {
	store.Store
	most []store.DatedKey
}

func (b *keepsEnded) KeysByEnd(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	keys, err := b.Store.KeysByEnd(ctx, accountID, after, until, limit)
	if len(keys) >= len(b.most) {
		b.most = keys
	}
	return b.most, err
}
