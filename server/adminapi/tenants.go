package adminapi

import (
	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/api"
	"mintkey/server/web"
	"mintkey/store"
)

func viewTenant(t policy.Tenant) api.Tenant {
	return api.Tenant{
		ID: t.ID, AccountID: t.AccountID, Name: t.Name, Release: t.Release.String(), PasswordGrant: t.Release.AllowsPassword(),
		CreatedAt: t.CreatedAt, TokensPerMinute: t.TokensPerMinute, NoticeAddresses: t.NoticeAddresses,
		Suspended: t.IsSuspended(), Suspension: api.NewSuspension(t.Suspension()),
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
func (*API) GetTenant(c *Call) (Reply, error) {
	return ok(viewTenant(c.in.Tenant)).withTag(admin.TenantTag(c.in.Tenant)), nil
}

// PatchTenant changes a tenant: its name, its quota (R36), who gets the notices of its keys (R16), and whether it is
// suspended (R8). The release never changes (R21).
func (a *API) PatchTenant(c *Call) (Reply, error) {
	body, err := decode[api.TenantChange](c)
	if err != nil {
		return Reply{}, err
	}
	if body.SuspendedReason != "" && (body.Suspended == nil || !*body.Suspended) {
		return Reply{}, web.Refuse(web.ErrInvalidRequest, "suspended_reason goes with \"suspended\": true.")
	}
	if body.Release != nil {
		return Reply{}, policy.ErrReleaseFixed
	}
	quota, err := quotaOf(body.TokensPerMinute)
	if err != nil {
		return Reply{}, err
	}
	patch := admin.TenantPatch{
		Name: body.Name, TokensPerMinute: quota, NoticeAddresses: listOf(body.NoticeAddresses),
		Suspended: body.Suspended, SuspendedReason: body.SuspendedReason,
	}
	if patch.IfMatch, err = c.ifMatch(); err != nil {
		return Reply{}, err
	}
	tenant, err := a.service.PatchTenant(c.Context(), c.actor, c.in, patch)
	return ok(viewTenant(tenant)).withTag(admin.TenantTag(tenant)), err
}
