package console

import (
	"mintkey/admin"
	"mintkey/policy"
)

// memberships is the part of a user's page that lists tenants with the user's role in them: those that match a search or, without one,
// those that they are a member of. An account with few tenants has them all there.
type memberships struct {
	pager

	Path    string // of the page
	Query   string
	Tenants []tenantChoice
	All     int  // tenants of the account
	Theirs  bool // only those that the user is a member of are listed
	Clear   string
}

// tenantChoice is a tenant with the user's role in it.
type tenantChoice struct {
	ID, Name string
	Role     policy.Role // empty: not a member
	Keys     int
}

func (c *Console) memberships(req *request, user policy.User) (memberships, error) {
	q, err := req.listQuery([]string{""}, []string{"name"})
	if err != nil {
		return memberships{}, err
	}
	wanted := admin.TenantQuery{Text: q.text, Member: user, Limit: rowsPerPage, Offset: q.offset()}
	table, err := c.Service.FindTenants(req.Context(), req.actor, req.in, wanted)
	all := table.All
	if err == nil && q.text == "" && all > rowsPerPage {
		wanted.OnlyTheirs = true
		table, err = c.Service.FindTenants(req.Context(), req.actor, req.in, wanted)
	}
	if err == nil && q.page > lastPage(table.Matching) {
		q.page = lastPage(table.Matching)
		wanted.Offset = q.offset()
		table, err = c.Service.FindTenants(req.Context(), req.actor, req.in, wanted)
	}
	found := memberships{
		pager: q.pager(req.URL.Path, len(table.Tenants), table.Matching), Path: req.URL.Path, Query: q.text, All: all,
		Theirs: wanted.OnlyTheirs, Clear: req.URL.Path,
	}
	for _, t := range table.Tenants {
		found.Tenants = append(found.Tenants, tenantChoice{t.ID, t.Name, table.Roles[t.ID], table.Keys[t.ID]})
	}
	return found, err
}
