package adminapi

import (
	"mintkey/policy"
	"mintkey/server/api"
	"mintkey/store"
)

func viewTenant(t policy.Tenant) api.Tenant {
	return api.Tenant{
		ID: t.ID, AccountID: t.AccountID, Name: t.Name, Release: t.Release.String(), PasswordGrant: t.Release.AllowsPassword(),
		CreatedAt: t.CreatedAt, TokensPerMinute: t.TokensPerMinute,
	}
}

// CreateTenant creates a tenant in the account.
func (a *API) CreateTenant(c *Call) (Reply, error) {
	body, err := decode[api.NewTenant](c)
	if err != nil {
		return Reply{}, err
	}
	tenant, err := a.service.CreateTenant(c.Context(), c.actor, c.in, body.ID, body.Name, body.Release)
	return created(viewTenant(tenant), "/admin/v1/tenants/%s", tenant.ID), err
}

// ListTenants lists the tenants of the account that the caller may see.
func (a *API) ListTenants(c *Call) (Reply, error) {
	q, err := c.query()
	if err != nil {
		return Reply{}, err
	}
	fetch := func(p store.Page) ([]policy.Tenant, error) {
		return a.service.Tenants(c.Context(), c.actor, c.in, p)
	}
	return page(q, fetch, func(t policy.Tenant) string { return t.ID }, viewTenant)
}

// GetTenant returns one tenant.
func (*API) GetTenant(c *Call) (Reply, error) { return ok(viewTenant(c.in.Tenant)), nil }
