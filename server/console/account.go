package console

import (
	"errors"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

type myAccountPage struct {
	Tenants  []myTenant
	Others   int // tenants that are not among them, as the visitor has no key there
	Keys     int
	Sessions []sessionRow
	Password bool // the visitor has one to change
	Passkeys ownPasskeys
	Mails    ownMails
}

// myTenant is one of the visitor's tenants with their keys in it.
type myTenant struct {
	Name   string
	New    string // the path for making a key, if the visitor may
	Role   string
	Policy string
	Rows   []keyRow
}

// maxEmptyTenants is how many tenants My account names without a key of the visitor in them: an admin may be in a thousand.
const maxEmptyTenants = 5

// myAccount shows the visitor's keys in all their tenants.
func (c *Console) myAccount(req *request) error {
	ctx := req.Context()
	ids, err := c.Store.TenantsOf(ctx, req.actor.Account.ID, req.actor.User.ID)
	if err != nil {
		return err
	}
	page := myAccountPage{Password: c.hasPassword(req.actor.User), Passkeys: c.ownPasskeys(req), Mails: c.ownMails(req)}
	if page.Sessions, err = c.ownSessions(req); err != nil {
		return err
	}
	for _, id := range ids {
		subject, err := c.Store.Subject(ctx, id, req.actor.User.ID)
		if errors.Is(err, store.ErrNotFound) {
			continue // the membership ended just now
		}
		if err != nil {
			return err
		}
		own := req.actor
		own.Subject = subject
		keys, _, err := c.Service.OwnKeys(ctx, own, admin.KeyPage{Limit: 100})
		if err != nil {
			return err
		}
		tenant := myTenant{
			Name: subject.Tenant.Name, Role: membershipName(subject.Membership.Role),
			Policy: policyText(subject.Account.Expiration.InForce(req.info.At)),
		}
		if len(keys) == 0 && len(ids) > maxEmptyTenants {
			page.Others++
			continue
		}
		if subject.Membership.Role == policy.RoleTenantAdmin {
			tenant.New = keysPath(id, "new")
		}
		names, err := c.suspenders(req, func(yield func(policy.Suspension)) {
			for _, key := range keys {
				yield(key.Suspended)
			}
		})
		if err != nil {
			return err
		}
		for _, key := range keys {
			row := newKeyRow(key, subject.Account.Expiration, req.info.At)
			row.Why = suspensionText(key.Suspended, names)
			if key.Leaked {
				row.Why = wayBack
			}
			row.Path = accountPath + "/keys/" + key.ClientID
			tenant.Rows = append(tenant.Rows, row)
		}
		page.Keys += len(tenant.Rows)
		page.Tenants = append(page.Tenants, tenant)
	}
	return c.show(req, "account", "My account", page)
}

// ownKey finds a key of the visitor in any of their tenants, and makes that tenant the current one.
func (c *Console) ownKey(req *request) (admin.Key, error) {
	subject, err := c.Store.SubjectByClientID(req.Context(), req.PathValue("client_id"))
	if err != nil {
		return admin.Key{}, err
	}
	if subject.User.ID != req.actor.User.ID {
		return admin.Key{}, store.ErrNotFound
	}
	req.actor.Subject = subject
	req.actor.Scopes = subject.Cut(policy.AdministrationScopes(), c.Service.Catalogue)
	req.in = admin.TenantContext{Account: subject.Account, Tenant: subject.Tenant}
	return c.Service.Key(req.Context(), req.actor, req.in, req.PathValue("client_id"))
}

func (c *Console) refreshOwnPage(req *request) error { return c.showOwnRefresh(req, nil) }

func (c *Console) showOwnRefresh(req *request, cause error) error {
	key, err := c.ownKey(req)
	if err != nil {
		return err
	}
	return c.showChangeOf(req, key, refreshTemplate, "Refresh access key", cause)
}

func (c *Console) refreshOwnKey(req *request) error {
	key, err := c.ownKey(req)
	if err != nil {
		return err
	}
	how, err := req.refreshRequest()
	if err != nil {
		return c.showOwnRefresh(req, err)
	}
	if err := c.spendFormToken(req); err != nil {
		return c.showUsedForm(req, err)
	}
	refreshed, secret, err := c.Service.RefreshOwnKey(req.Context(), req.actor, req.in, key.ClientID, how)
	if errors.Is(err, policy.ErrNotGrantable) || errors.Is(err, policy.ErrKeyExpired) || errors.Is(err, policy.ErrScopeAboveOwner) ||
		errors.Is(err, policy.ErrRefreshRequired) {
		return c.showOwnRefresh(req, err)
	}
	if err != nil {
		return err
	}
	return c.showSecret(req, refreshed, secret, "Access key refreshed")
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
