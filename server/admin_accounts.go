package server

import (
	"time"

	"mintkey/policy"
	"mintkey/store"
)

type accountView struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
}

func viewAccount(a policy.Account) accountView { return accountView{a.ID, a.Name, a.CreatedAt} }

func (s *Server) createAccount(c *call) (reply, error) {
	var body struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	id, err := chooseID(body.ID)
	if err != nil {
		return reply{}, err
	}
	if err := policy.CheckName(body.Name); err != nil {
		return reply{}, err
	}
	account := policy.Account{ID: id, Name: body.Name, CreatedAt: c.about.At, Expiration: policy.DefaultExpirationPolicy(c.about.At)}
	event := c.event(policy.ActionAccountCreated)
	event.AccountID = account.ID
	event.Details = map[string]string{"name": account.Name}
	if err := s.store.CreateAccount(c.Context(), account, event); err != nil {
		return reply{}, err
	}
	return created(viewAccount(account), "/admin/v1/accounts/%s", account.ID), nil
}

// listAccounts shows operators every account, and everybody else their own.
func (s *Server) listAccounts(c *call) (reply, error) {
	q, err := c.query()
	if err != nil {
		return reply{}, err
	}
	fetch := func(p store.Page) ([]policy.Account, error) {
		if c.caller.Authority() < policy.AuthorityOperator {
			if c.account.ID <= p.After {
				return nil, nil
			}
			return []policy.Account{c.account}, nil
		}
		return s.store.Accounts(c.Context(), p)
	}
	return page(q, fetch, func(a policy.Account) string { return a.ID }, viewAccount)
}

func (s *Server) getAccount(c *call) (reply, error) { return ok(viewAccount(c.account)), nil }

type tenantView struct {
	ID            string         `json:"id"`
	AccountID     string         `json:"account_id"`
	Name          string         `json:"name"`
	Release       policy.Release `json:"release"`
	PasswordGrant bool           `json:"password_grant"`
	CreatedAt     time.Time      `json:"created_at"`
}

func viewTenant(t policy.Tenant) tenantView {
	return tenantView{t.ID, t.AccountID, t.Name, t.Release, t.Release.AllowsPassword(), t.CreatedAt}
}

func (s *Server) createTenant(c *call) (reply, error) {
	var body struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Release string `json:"release"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	id, err := chooseID(body.ID)
	if err != nil {
		return reply{}, err
	}
	if err := policy.CheckName(body.Name); err != nil {
		return reply{}, err
	}
	release, err := policy.ParseRelease(body.Release)
	if err != nil {
		return reply{}, err
	}
	tenant := policy.Tenant{ID: id, AccountID: c.account.ID, Name: body.Name, Release: release, CreatedAt: c.about.At}
	event := c.event(policy.ActionTenantCreated)
	event.TenantID = tenant.ID
	event.Details = map[string]string{"name": tenant.Name, "release": release.String()}
	if err := s.store.CreateTenant(c.Context(), tenant, event); err != nil {
		return reply{}, err
	}
	return created(viewTenant(tenant), "/admin/v1/tenants/%s", tenant.ID), nil
}

// listTenants shows account admins every tenant of the account, and tenant admins their own.
func (s *Server) listTenants(c *call) (reply, error) {
	q, err := c.query()
	if err != nil {
		return reply{}, err
	}
	fetch := func(p store.Page) ([]policy.Tenant, error) {
		if c.caller.Authority() < policy.AuthorityAccountAdmin {
			if c.tenant.ID <= p.After {
				return nil, nil
			}
			return []policy.Tenant{c.tenant}, nil
		}
		return s.store.Tenants(c.Context(), c.account.ID, p)
	}
	return page(q, fetch, func(t policy.Tenant) string { return t.ID }, viewTenant)
}

func (s *Server) getTenant(c *call) (reply, error) { return ok(viewTenant(c.tenant)), nil }

// chooseID checks the ID that a caller gave, or makes one.
func chooseID(given string) (string, error) {
	if given == "" {
		return newID()
	}
	return given, policy.CheckID(given)
}
