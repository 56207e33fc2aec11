package storetest_test

import (
	"context"
	"time"

	"mintkey/store"
)

func endOrderTwins() []twin {
	return []twin{
		{"keys by end are in order, by account", "lists keys without an end", func(s store.Store) store.Store { return endlessToo{s} }},
		{"keys by end are in order, by account", "takes a prefix for the account", badlyEnding(takesPrefix)},
		{"keys by end are in order, by account", "goes on after the time only", badlyEnding(skipsInstant)},
		{"keys by end are in order, by account", "ends before the time", badlyEnding(endsBefore)},
		{"keys by end follow the membership", "keeps the first end", badlyEnding(keepsFirstTime)},
		{"keys by end follow the membership", "keeps what is revoked", badlyEnding(keepsGone)},
	}
}

type endlessToo struct{ store.Store }

func (b endlessToo) KeysByEnd(
	ctx context.Context, accountID string, after store.DatedKey, until time.Time, limit int,
) ([]store.DatedKey, error) {
	return b.KeysByIssue(ctx, accountID, after, until, limit)
}
