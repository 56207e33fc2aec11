package console

import (
	"net/url"

	"mintkey/store"
)

const accountsPath = "/console/accounts"

type accountsPage struct {
	pager

	Query string
	Rows  []accountRow
}

type accountRow struct {
	ID, Name, Path                  string
	Tenants, Suspended, Users, Keys string
	Created                         stamp
	Current                         bool
}

// listAccounts is for operators, who see every account.
func (c *Console) listAccounts(req *request) error {
	q, err := req.listQuery([]string{""}, []string{"id"})
	if err != nil {
		return err
	}
	table, err := c.Service.FindAccounts(req.Context(), req.actor, q.text, q.offset(), rowsPerPage)
	if err == nil && q.page > lastPage(table.Matching) {
		q.page = lastPage(table.Matching)
		table, err = c.Service.FindAccounts(req.Context(), req.actor, q.text, q.offset(), rowsPerPage)
	}
	if err != nil {
		return err
	}
	page := accountsPage{pager: q.pager(accountsPath, len(table.Accounts), table.Matching), Query: q.text}
	for _, a := range table.Accounts {
		row := accountRow{
			ID: a.ID, Name: a.Name, Path: accountsPath + "/" + url.PathEscape(a.ID), Created: newStamp(a.CreatedAt, req.info.At),
			Tenants: grouped(a.Tenants), Users: grouped(a.Users), Keys: grouped(a.Keys), Current: a.ID == req.in.Account.ID,
		}
		if a.Suspended > 0 {
			row.Suspended = grouped(a.Suspended)
		}
		page.Rows = append(page.Rows, row)
	}
	return c.show(req, "accounts", "Accounts", page)
}

// enterAccount makes an account the one that the pages are about, for this session: in its first tenant or, without one, in none.
func (c *Console) enterAccount(req *request) error {
	in, err := c.Service.Resolve(req.Context(), req.actor, req.PathValue("account"), "")
	if err != nil {
		return err
	}
	if closedTo(req.actor, req.began.method, in.Account) {
		return c.askToRegister(req, in.Account)
	}
	tenants, err := c.Store.Tenants(req.Context(), in.Account.ID, store.Page{Limit: 1})
	if err != nil {
		return err
	}
	if len(tenants) > 0 {
		return req.redirect(keysPath(tenants[0].ID))
	}
	c.sessions.Put(req.Context(), sessionPlace, in.Account.ID)
	return req.redirect(tenantsPath)
}
