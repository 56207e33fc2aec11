package console

import (
	"errors"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

type myAccountPage struct {
	Tenants []myTenant
	Keys    int
}

// myTenant is one of the visitor's tenants with their keys in it.
type myTenant struct {
	Name   string
	Role   string
	Policy string
	Rows   []keyRow
}

// myAccount shows the visitor's keys over all their tenants.
func (c *Console) myAccount(v *visit) error {
	ctx := v.Context()
	ids, err := c.Store.TenantsOf(ctx, v.actor.Account.ID, v.actor.User.ID)
	if err != nil {
		return err
	}
	var page myAccountPage
	for _, id := range ids {
		subject, err := c.Store.Subject(ctx, id, v.actor.User.ID)
		if errors.Is(err, store.ErrNotFound) {
			continue // the membership ended just now
		}
		if err != nil {
			return err
		}
		own := v.actor
		own.Subject = subject
		keys, _, err := c.Service.OwnKeys(ctx, own, admin.KeyPage{Limit: 100})
		if err != nil {
			return err
		}
		tenant := myTenant{Name: subject.Tenant.Name, Role: membershipName(subject.Membership.Role), Policy: policyText(subject.Account.Expiration.InForce(v.about.At))}
		for _, key := range keys {
			row := newKeyRow(key, subject.Account.Expiration, v.about.At)
			row.Path = accountPath + "/keys/" + key.ClientID
			tenant.Rows = append(tenant.Rows, row)
		}
		page.Keys += len(tenant.Rows)
		page.Tenants = append(page.Tenants, tenant)
	}
	return c.show(v, "account", "My account", page)
}

// ownKey finds a key of the visitor in whichever of their tenants, and makes that tenant the place.
func (c *Console) ownKey(v *visit) (admin.Key, error) {
	subject, err := c.Store.SubjectByClientID(v.Context(), v.PathValue("client_id"))
	if err != nil {
		return admin.Key{}, err
	}
	if subject.User.ID != v.actor.User.ID {
		return admin.Key{}, store.ErrNotFound
	}
	v.actor.Subject = subject
	v.actor.Scopes = subject.Cut(policy.AdministrationScopes(), c.Service.Catalogue)
	v.place = admin.TenantContext{Account: subject.Account, Tenant: subject.Tenant}
	return c.Service.Key(v.Context(), v.actor, v.place, v.PathValue("client_id"))
}

func (c *Console) refreshOwnPage(v *visit) error { return c.showOwnRefresh(v, nil) }

func (c *Console) showOwnRefresh(v *visit, because error) error {
	key, err := c.ownKey(v)
	if err != nil {
		return err
	}
	return c.showChangeOf(v, key, refreshTemplate, "Refresh access key", because)
}

func (c *Console) refreshOwnKey(v *visit) error {
	key, err := c.ownKey(v)
	if err != nil {
		return err
	}
	how, err := v.refreshRequest()
	if err != nil {
		return c.showOwnRefresh(v, err)
	}
	if err := c.spendFormToken(v); err != nil {
		return c.showUsedForm(v, err)
	}
	refreshed, secret, err := c.Service.RefreshOwnKey(v.Context(), v.actor, v.place, key.ClientID, how)
	if errors.Is(err, policy.ErrNotGrantable) || errors.Is(err, policy.ErrKeyExpired) || errors.Is(err, policy.ErrScopeAboveOwner) {
		return c.showOwnRefresh(v, err)
	}
	if err != nil {
		return err
	}
	return c.showNewSecret(v, refreshed, secret, "Access key refreshed")
}

func membershipName(role policy.Role) string {
	if role == policy.RoleTenantAdmin {
		return "Tenant admin"
	}
	return "Member"
}

func policyText(r policy.Revision) string {
	if !r.Enabled {
		return "Access keys do not expire."
	}
	return "Access keys expire after " + plural(r.PeriodDays, "day") + "."
}
