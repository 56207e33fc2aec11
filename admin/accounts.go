package admin

import (
	"cmp"
	"context"

	"mintkey/policy"
	"mintkey/store"
)

// CreateAccount makes an account with the default expiration policy. If the ID is empty, one is made.
func (s *Service) CreateAccount(ctx context.Context, actor Actor, id, name string) (policy.Account, error) {
	id, idErr := chooseID(id)
	if err := cmp.Or(idErr, policy.CheckName(name)); err != nil {
		return policy.Account{}, err
	}
	account := policy.Account{ID: id, Name: name, CreatedAt: actor.At, Expiration: policy.DefaultExpirationPolicy(actor.At)}
	event := actor.event(policy.ActionAccountCreated, id)
	event.Details = map[string]string{"name": name}
	return account, s.Store.CreateAccount(ctx, account, event)
}

// Accounts lists every account for an operator; for everybody else, their own.
func (s *Service) Accounts(ctx context.Context, actor Actor, page store.Page) ([]policy.Account, error) {
	if actor.Authority() >= policy.AuthorityOperator {
		return s.Store.Accounts(ctx, page)
	}
	if actor.Account.ID <= page.After {
		return nil, nil
	}
	return []policy.Account{actor.Account}, nil
}

// CreateTenant makes a tenant in the account. If the ID is empty, one is made. The release never changes afterwards.
func (s *Service) CreateTenant(ctx context.Context, actor Actor, in TenantContext, id, name, release string) (policy.Tenant, error) {
	id, idErr := chooseID(id)
	parsed, releaseErr := policy.ParseRelease(release)
	if err := cmp.Or(idErr, policy.CheckName(name), releaseErr); err != nil {
		return policy.Tenant{}, err
	}
	tenant := policy.Tenant{ID: id, AccountID: in.Account.ID, Name: name, Release: parsed, CreatedAt: actor.At}
	event := actor.event(policy.ActionTenantCreated, in.Account.ID)
	event.TenantID = id
	event.Details = map[string]string{"name": name, "release": parsed.String()}
	return tenant, s.Store.CreateTenant(ctx, tenant, event)
}

// Tenants lists every tenant of the account for account admins; for everybody else, their own.
func (s *Service) Tenants(ctx context.Context, actor Actor, in TenantContext, page store.Page) ([]policy.Tenant, error) {
	if actor.Authority() >= policy.AuthorityAccountAdmin {
		return s.Store.Tenants(ctx, in.Account.ID, page)
	}
	if actor.Tenant.ID <= page.After {
		return nil, nil
	}
	return []policy.Tenant{actor.Tenant}, nil
}
