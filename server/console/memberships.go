package console

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
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
	Keys     string      // how many, in words; empty for none
	Tag      admin.Tag
	Now      string // after a change of somebody else
	Fault    string
}

// tenantChoice reads the user's role in a tenant. The tenant that a form is about shows what was chosen.
func (c *Console) tenantChoice(req *request, tenant policy.Tenant, user policy.User, cause error) (tenantChoice, error) {
	choice := tenantChoice{ID: tenant.ID, Name: tenant.Name}
	m, err := c.Store.Membership(req.Context(), tenant.ID, user.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return choice, err
	}
	choice.Tag = admin.MemberTag(m)
	if err == nil && m.BelongsTo(user) {
		choice.Role = m.Role
		if live := len(m.LiveKeys(req.in.Account.Expiration, req.info.At)); len(m.Keys) > 0 {
			choice.Keys = keysText(live, len(m.Keys)-live)
		}
	}
	if req.PathValue("tenant") != tenant.ID || !req.Form.Has("role") {
		return choice, nil
	}
	present := choice.Role
	choice.Role, choice.Tag = policy.Role(req.Form.Get("role")), req.tag(choice.Tag, cause)
	if cause == nil {
		return choice, nil
	}
	f, _ := formFault(cause)
	if choice.Fault = f.Text; errors.Is(cause, admin.ErrPreconditionFailed) {
		about := func(e policy.Event) bool {
			return e.UserID == user.ID && strings.HasPrefix(string(e.Action), "member.")
		}
		if f, err = c.staleFault(req, admin.EventFilter{TenantID: tenant.ID}, about); err != nil {
			return choice, err
		}
		choice.Fault = f.Text
		if choice.Now = "Not a member"; present != "" {
			choice.Now = membershipName(present)
		}
	}
	return choice, nil
}

// memberships lists the tenants for the page of the user, or for one of its forms that was refused because of the cause.
func (c *Console) memberships(req *request, user policy.User, cause error) (memberships, error) {
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
	if err != nil {
		return memberships{}, err
	}
	path, shown := usersPath+"/"+url.PathEscape(user.ID), table.Tenants
	about := req.in.Tenant
	if is := func(t policy.Tenant) bool { return t.ID == about.ID }; req.PathValue("tenant") != "" && !slices.ContainsFunc(shown, is) {
		shown = append([]policy.Tenant{about}, shown...)
	}
	found := memberships{
		pager: q.pager(path, len(table.Tenants), table.Matching), Path: path, Query: q.text, All: all,
		Theirs: wanted.OnlyTheirs, Clear: path,
	}
	for _, t := range shown {
		choice, err := c.tenantChoice(req, t, user, cause)
		if err != nil {
			return memberships{}, err
		}
		found.Tenants = append(found.Tenants, choice)
	}
	return found, nil
}
