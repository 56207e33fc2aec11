package storetest_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

func recordTwins() []twin {
	return []twin{
		{"events newest first, by account", "gives the oldest first", func(s store.Store) store.Store { return oldestFirst{s} }},
		{"events newest first, by account", "leaves out those of tenants", func(s store.Store) store.Store { return withoutTenants{s} }},
		{"events in pages", "gives the cursor's event again", func(s store.Store) store.Store { return repeatsEvent{s} }},
		{"events since", "ignores since", func(s store.Store) store.Store { return ignoresSince{s} }},
		{"events come with the change", "loses the event of a change", func(s store.Store) store.Store { return losesEvent{s} }},
		{"events stay away with a refused change", "records before it changes", func(s store.Store) store.Store { return recordsFirst{s} }},
		{"document is kept", "never passes the old one", func(s store.Store) store.Store { return forgetsDocument{s} }},
		{"document missing", "returns nothing", func(s store.Store) store.Store { return emptyDocument{s} }},
		{"document change refused", "saves all the same", func(s store.Store) store.Store { return savesRefusedDocument{s} }},
		{"document is deleted", "keeps it as an empty one", func(s store.Store) store.Store { return emptiesDocument{s} }},
		{"what is read belongs to the reader", "shares an account", func(s store.Store) store.Store { return &sharesAccount{Store: s} }},
		{"what is written is copied", "keeps the caller's account", func(s store.Store) store.Store { return &sharesAccount{Store: s} }},
		{"what a change is given belongs to it", "passes a shared account", func(s store.Store) store.Store { return &sharesAccount{Store: s} }},
	}
}

type emptiesDocument struct{ store.Store }

func (b emptiesDocument) UpdateDocument(ctx context.Context, name string, change func([]byte) ([]byte, error)) error {
	return b.Store.UpdateDocument(ctx, name, func(before []byte) ([]byte, error) {
		after, err := change(before)
		return append([]byte{}, after...), err
	})
}

type oldestFirst struct{ store.Store }

func (b oldestFirst) Events(ctx context.Context, accountID string, query store.EventsQuery) ([]policy.Event, error) {
	events, err := b.Store.Events(ctx, accountID, query)
	slices.Reverse(events)
	return events, err
}

type withoutTenants struct{ store.Store }

func (b withoutTenants) Events(ctx context.Context, accountID string, query store.EventsQuery) ([]policy.Event, error) {
	events, err := b.Store.Events(ctx, accountID, query)
	return slices.DeleteFunc(events, func(e policy.Event) bool { return e.TenantID != "" }), err
}

type repeatsEvent struct{ store.Store }

func (b repeatsEvent) Events(ctx context.Context, accountID string, query store.EventsQuery) ([]policy.Event, error) {
	if query.Before != "" {
		query.Before += "0"
	}
	return b.Store.Events(ctx, accountID, query)
}

type ignoresSince struct{ store.Store }

func (b ignoresSince) Events(ctx context.Context, accountID string, query store.EventsQuery) ([]policy.Event, error) {
	query.Since = time.Time{}
	return b.Store.Events(ctx, accountID, query)
}

type losesEvent struct{ store.Store }

func (b losesEvent) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	return b.Store.UpdateMembership(ctx, tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, _, err := change(m)
		return m, nil, err
	})
}

type recordsFirst struct{ store.Store }

func (b recordsFirst) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	var recorded []policy.Event
	err := b.Store.UpdateMembership(ctx, tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, events, err := change(m)
		recorded = events
		return m, nil, err
	})
	if failed := b.RecordEvents(ctx, recorded...); failed != nil {
		return failed
	}
	return err
}

type forgetsDocument struct{ store.Store }

func (b forgetsDocument) UpdateDocument(ctx context.Context, name string, change func([]byte) ([]byte, error)) error {
	return b.Store.UpdateDocument(ctx, name, func([]byte) ([]byte, error) { return change(nil) })
}

type emptyDocument struct{ store.Store }

func (b emptyDocument) Document(ctx context.Context, name string) ([]byte, error) {
	document, err := b.Store.Document(ctx, name)
	return document, unless(err, store.ErrNotFound)
}

type savesRefusedDocument struct{ store.Store }

func (b savesRefusedDocument) UpdateDocument(ctx context.Context, name string, change func([]byte) ([]byte, error)) error {
	var refused error
	err := b.Store.UpdateDocument(ctx, name, func(before []byte) ([]byte, error) {
		after, err := change(before)
		refused = err
		return after, nil
	})
	if refused != nil {
		return refused
	}
	return err
}

// sharesAccount keeps an account in memory, and gives it out as it is.
type sharesAccount struct {
	store.Store
	account policy.Account
}

func (b *sharesAccount) CreateAccount(ctx context.Context, a policy.Account, events ...policy.Event) error {
	b.account = a
	return b.Store.CreateAccount(ctx, a, events...)
}

func (b *sharesAccount) Account(context.Context, string) (policy.Account, error) {
	return b.account, nil
}

func (b *sharesAccount) UpdateAccount(ctx context.Context, id string, change accountChange) error {
	a, events, err := change(b.account)
	if err != nil {
		return err
	}
	b.account = a
	return errors.Join(b.Store.UpdateAccount(ctx, id, func(policy.Account) (policy.Account, []policy.Event, error) { return a, events, nil }))
}
