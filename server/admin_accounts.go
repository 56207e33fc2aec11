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
	account, err := s.office.CreateAccount(c.Context(), c.actor, body.ID, body.Name)
	return created(viewAccount(account), "/admin/v1/accounts/%s", account.ID), err
}

func (s *Server) listAccounts(c *call) (reply, error) {
	q, err := c.query()
	if err != nil {
		return reply{}, err
	}
	fetch := func(p store.Page) ([]policy.Account, error) { return s.office.Accounts(c.Context(), c.actor, p) }
	return page(q, fetch, func(a policy.Account) string { return a.ID }, viewAccount)
}

func (s *Server) getAccount(c *call) (reply, error) { return ok(viewAccount(c.place.Account)), nil }

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
	tenant, err := s.office.CreateTenant(c.Context(), c.actor, c.place, body.ID, body.Name, body.Release)
	return created(viewTenant(tenant), "/admin/v1/tenants/%s", tenant.ID), err
}

func (s *Server) listTenants(c *call) (reply, error) {
	q, err := c.query()
	if err != nil {
		return reply{}, err
	}
	fetch := func(p store.Page) ([]policy.Tenant, error) {
		return s.office.Tenants(c.Context(), c.actor, c.place, p)
	}
	return page(q, fetch, func(t policy.Tenant) string { return t.ID }, viewTenant)
}

func (s *Server) getTenant(c *call) (reply, error) { return ok(viewTenant(c.place.Tenant)), nil }
