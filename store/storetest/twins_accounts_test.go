package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

type accountChange = func(policy.Account) (policy.Account, []policy.Event, error)

func accountTwins() []twin {
	return []twin{
		{"account is kept", "cuts times", func(s store.Store) store.Store { return cutsTimes{s} }},
		{"account ID is taken once", "overwrites", func(s store.Store) store.Store { return overwritesAccount{s} }},
		{"account missing", "returns an empty account", func(s store.Store) store.Store { return emptyAccount{s} }},
		{"account missing", "creates on update", func(s store.Store) store.Store { return createsOnUpdate{s} }},
		{"account changes", "saves nothing", func(s store.Store) store.Store { return savesNoChange{s} }},
		{"account change refused", "wraps the error", func(s store.Store) store.Store { return wrapsError{s} }},
		{"account change refused", "saves all the same", func(s store.Store) store.Store { return savesRefused{s} }},
		{"accounts in pages", "leaves a gap", func(s store.Store) store.Store { return gapBetweenPages{s} }},
		{"tenant is kept", "forgets the name", func(s store.Store) store.Store { return namelessTenant{s} }},
		{"tenant ID is taken once", "pretends success", func(s store.Store) store.Store { return pretendsTenant{s} }},
		{"tenant missing", "returns an empty tenant", func(s store.Store) store.Store { return emptyTenant{s} }},
		{"tenants in pages, by account", "takes a prefix for the account", func(s store.Store) store.Store { return prefixTenants{s} }},
	}
}

type cutsTimes struct{ store.Store }

func (b cutsTimes) CreateAccount(ctx context.Context, a policy.Account, events ...policy.Event) error {
	a.CreatedAt = a.CreatedAt.Truncate(time.Second)
	return b.Store.CreateAccount(ctx, a, events...)
}

type overwritesAccount struct{ store.Store }

func (b overwritesAccount) CreateAccount(ctx context.Context, a policy.Account, events ...policy.Event) error {
	err := b.Store.CreateAccount(ctx, a, events...)
	if !errors.Is(err, store.ErrExists) {
		return err
	}
	return errors.Join(err, b.UpdateAccount(ctx, a.ID, func(policy.Account) (policy.Account, []policy.Event, error) { return a, nil, nil }))
}

type emptyAccount struct{ store.Store }

func (b emptyAccount) Account(ctx context.Context, id string) (policy.Account, error) {
	a, err := b.Store.Account(ctx, id)
	return a, unless(err, store.ErrNotFound)
}

// unless hides the error that a good store returns.
func unless(err, hidden error) error {
	if errors.Is(err, hidden) {
		return nil
	}
	return err
}

type createsOnUpdate struct{ store.Store }

func (b createsOnUpdate) UpdateAccount(ctx context.Context, id string, change accountChange) error {
	err := b.Store.UpdateAccount(ctx, id, change)
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	a, events, _ := change(policy.Account{ID: id})
	return errors.Join(err, b.CreateAccount(ctx, a, events...))
}

type savesNoChange struct{ store.Store }

func (b savesNoChange) UpdateAccount(ctx context.Context, id string, change accountChange) error {
	return b.Store.UpdateAccount(ctx, id, func(a policy.Account) (policy.Account, []policy.Event, error) {
		_, events, err := change(a)
		return a, events, err
	})
}

type wrapsError struct{ store.Store }

func (b wrapsError) UpdateAccount(ctx context.Context, id string, change accountChange) error {
	if err := b.Store.UpdateAccount(ctx, id, change); err != nil {
		return fmt.Errorf("update account: %w", err)
	}
	return nil
}

type savesRefused struct{ store.Store }

func (b savesRefused) UpdateAccount(ctx context.Context, id string, change accountChange) error {
	var refused error
	err := b.Store.UpdateAccount(ctx, id, func(a policy.Account) (policy.Account, []policy.Event, error) {
		a, events, err := change(a)
		refused = err
		return a, events, nil
	})
	if refused != nil {
		return refused
	}
	return err
}

type gapBetweenPages struct{ store.Store }

func (b gapBetweenPages) Accounts(ctx context.Context, page store.Page) ([]policy.Account, error) {
	page.Limit++
	accounts, err := b.Store.Accounts(ctx, page)
	if page.After != "" && len(accounts) > 0 {
		return accounts[1:], err
	}
	return accounts[:min(len(accounts), page.Limit-1)], err
}

type namelessTenant struct{ store.Store }

func (b namelessTenant) CreateTenant(ctx context.Context, t policy.Tenant, events ...policy.Event) error {
	t.Name = ""
	return b.Store.CreateTenant(ctx, t, events...)
}

type pretendsTenant struct{ store.Store }

func (b pretendsTenant) CreateTenant(ctx context.Context, t policy.Tenant, events ...policy.Event) error {
	return unless(b.Store.CreateTenant(ctx, t, events...), store.ErrExists)
}

type emptyTenant struct{ store.Store }

func (b emptyTenant) Tenant(ctx context.Context, id string) (policy.Tenant, error) {
	t, err := b.Store.Tenant(ctx, id)
	return t, unless(err, store.ErrNotFound)
}

type prefixTenants struct{ store.Store }

func (b prefixTenants) Tenants(ctx context.Context, accountID string, page store.Page) ([]policy.Tenant, error) {
	own, err := b.Store.Tenants(ctx, accountID, page)
	if err != nil {
		return nil, err
	}
	page.Limit -= len(own)
	foreign, err := b.Store.Tenants(ctx, accountID+"-1", page)
	return append(own, foreign...), err
}
