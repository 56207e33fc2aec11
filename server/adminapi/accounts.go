package adminapi

import (
	"mintkey/policy"
	"mintkey/server/api"
	"mintkey/store"
)

func viewAccount(a policy.Account) api.Account {
	return api.Account{ID: a.ID, Name: a.Name, CreatedAt: a.CreatedAt, SecondFactor: a.SecondFactorOf()}
}

// CreateAccount creates an account.
func (a *API) CreateAccount(c *Call) (Reply, error) {
	body, err := decode[api.NewAccount](c)
	if err != nil {
		return Reply{}, err
	}
	account, err := a.service.CreateAccount(c.Context(), c.actor, body.ID, body.Name)
	return created(viewAccount(account), "/admin/v1/accounts/%s", account.ID), err
}

// ListAccounts lists the accounts that the caller may see.
func (a *API) ListAccounts(c *Call) (Reply, error) {
	q, err := c.query()
	if err != nil {
		return Reply{}, err
	}
	fetch := func(p store.Page) ([]policy.Account, error) { return a.service.Accounts(c.Context(), c.actor, p) }
	return page(q, fetch, func(a policy.Account) string { return a.ID }, viewAccount)
}

// GetAccount returns one account.
func (*API) GetAccount(c *Call) (Reply, error) { return ok(viewAccount(c.in.Account)), nil }

// PatchAccount changes of whom the console asks for a second factor.
func (a *API) PatchAccount(c *Call) (Reply, error) {
	body, err := decode[api.AccountChange](c)
	if err != nil || body.SecondFactor == nil {
		return ok(viewAccount(c.in.Account)), err
	}
	account, err := a.service.SetSecondFactor(c.Context(), c.actor, c.in, *body.SecondFactor)
	return ok(viewAccount(account)), err
}
