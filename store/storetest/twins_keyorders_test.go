package storetest_test

import (
	"context"
	"slices"
	"time"

	"mintkey/store"
)

// ordered is a method of store.KeyOrders. What breaks one of them breaks the other alike.
type ordered func(ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int) ([]store.DatedKey, error)

type otherIssues struct {
	store.Store
	order ordered
}

func (b otherIssues) KeysByIssue(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	return b.order(ctx, accountID, after, until, limit)
}

func badlyIssued(breaks func(ordered) ordered) func(store.Store) store.Store {
	return func(s store.Store) store.Store { return otherIssues{s, breaks(s.KeysByIssue)} }
}

type otherEnds struct {
	store.Store
	order ordered
}

func (b otherEnds) KeysByEnd(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	return b.order(ctx, accountID, after, until, limit)
}

func badlyEnding(breaks func(ordered) ordered) func(store.Store) store.Store {
	return func(s store.Store) store.Store { return otherEnds{s, breaks(s.KeysByEnd)} }
}

func takesPrefix(order ordered) ordered {
	return func(ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int) ([]store.DatedKey, error) {
		own, err := order(ctx, accountID, after, until, limit)
		if err != nil {
			return nil, err
		}
		foreign, err := order(ctx, accountID+"-1", after, until, limit)
		return append(own, foreign...), err
	}
}

func skipsInstant(order ordered) ordered {
	return func(ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int) ([]store.DatedKey, error) {
		if after.ClientID != "" {
			after.TenantID = "~"
		}
		return order(ctx, accountID, after, until, limit)
	}
}

func endsBefore(order ordered) ordered {
	return func(ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int) ([]store.DatedKey, error) {
		return order(ctx, accountID, after, until.Add(-time.Nanosecond), limit)
	}
}

func keepsFirstTime(order ordered) ordered {
	seen := map[string]time.Time{}
	return func(ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int) ([]store.DatedKey, error) {
		keys, err := order(ctx, accountID, after, until, limit)
		for i, key := range keys {
			if _, ok := seen[key.ClientID]; !ok {
				seen[key.ClientID] = key.At
			}
			keys[i].At = seen[key.ClientID]
		}
		return keys, err
	}
}

func keepsGone(order ordered) ordered {
	var most []store.DatedKey
	return func(ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int) ([]store.DatedKey, error) {
		keys, err := order(ctx, accountID, after, until, limit)
		if len(keys) >= len(most) {
			most = slices.Clone(keys)
		}
		return most, err
	}
}
