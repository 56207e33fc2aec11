package console

import (
	"errors"
	"net/url"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// switchShown is how many tenants the menu lists; the page of the switcher has all.
const switchShown = 8

const switchPath = "/console/switch"

type switchPage struct {
	pager

	Query string
	From  string // the page that the visitor came from, as the query of this one names it
	Rows  []tenantLink
	All   int
	Clear string
}

// tenantLink is the way to a tenant. Sub says what else there is to say.
type tenantLink struct {
	Label, Path, Sub string
	Current          bool
}

// fillSwitcher lists the first tenants that the visitor can go to. It is on every page, so it reads no more than it shows.
func (c *Console) fillSwitcher(req *request) error {
	tenants, roles, more, err := c.firstTenants(req)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		req.layout.Tenants = append(req.layout.Tenants, req.switchTo(t, roles[t.ID]))
	}
	if more {
		req.layout.MoreTenants = switchPath + "?" + url.Values{"from": {sectionOf(req.URL.Path)}}.Encode()
	}
	return nil
}

func (c *Console) firstTenants(req *request) (tenants []policy.Tenant, roles map[string]policy.Role, more bool, err error) {
	ctx := req.Context()
	if req.actor.Authority() >= policy.AuthorityAccountAdmin {
		tenants, err = c.Store.Tenants(ctx, req.in.Account.ID, store.Page{Limit: switchShown + 1})
		if more = len(tenants) > switchShown; more {
			tenants = tenants[:switchShown]
		}
		return tenants, nil, more, err
	}
	ids, err := c.Store.TenantsOf(ctx, req.actor.Account.ID, req.actor.User.ID)
	if err != nil {
		return nil, nil, false, err
	}
	roles = map[string]policy.Role{}
	for _, id := range ids[:min(len(ids), switchShown)] {
		subject, err := c.Store.Subject(ctx, id, req.actor.User.ID)
		if errors.Is(err, store.ErrNotFound) {
			continue // it ended just now
		}
		if err != nil {
			return nil, nil, false, err
		}
		tenants, roles[id] = append(tenants, subject.Tenant), subject.Membership.Role
	}
	return tenants, roles, len(ids) > switchShown, nil
}

// switchTo is the way to a tenant: to the same kind of page as this one, as far as the visitor may see it there.
func (req *request) switchTo(t policy.Tenant, role policy.Role) tenantLink {
	section := sectionOf(req.URL.Path)
	if req.URL.Path == switchPath {
		section = req.URL.Query().Get("from")
	}
	to := tenantLink{Label: t.Name, Path: tenantPath(t.ID), Current: t.ID == req.in.Tenant.ID, Sub: t.ID}
	everywhere := req.actor.Authority() >= policy.AuthorityAccountAdmin
	switch {
	case everywhere:
	case role != "":
		to.Sub = membershipName(role)
	}
	if t.IsSuspended() {
		to.Sub += ", suspended"
	}
	if !everywhere && role != policy.RoleTenantAdmin {
		return to
	}
	switch section {
	case "traffic":
		to.Path = tenantTrafficPath(t.ID)
	case "activity":
		if everywhere {
			to.Path = activityPath + "?" + url.Values{"tenant": {t.ID}}.Encode()
		} else {
			to.Path = tenantTrafficPath(t.ID)
		}
	case "keys":
		to.Path = keysPath(t.ID)
	}
	return to
}

// switchPage finds a tenant to go to.
func (c *Console) switchPage(req *request) error {
	q, err := req.listQuery([]string{""}, []string{"name"})
	if err != nil {
		return err
	}
	q.more = map[string]string{"from": req.URL.Query().Get("from")}
	find := func() (admin.TenantTable, error) {
		return c.Service.FindTenants(req.Context(), req.actor, req.in, admin.TenantQuery{Text: q.text, Offset: q.offset(), Limit: rowsPerPage})
	}
	table, err := find()
	if err == nil && q.page > lastPage(table.Matching) {
		q.page = lastPage(table.Matching)
		table, err = find()
	}
	if err != nil {
		return err
	}
	page := switchPage{pager: q.pager(switchPath, len(table.Tenants), table.Matching), Query: q.text, From: q.more["from"], All: table.All}
	for _, t := range table.Tenants {
		page.Rows = append(page.Rows, req.switchTo(t, table.Roles[t.ID]))
	}
	q.text, q.page = "", 1
	page.Clear = q.path(switchPath)
	return c.show(req, "switch", "Choose a tenant", page)
}

// sectionOf is the menu entry that a path belongs to.
func sectionOf(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, "/console/"), "/")
	if parts[0] == "tenants" && len(parts) > 2 && parts[2] != "settings" {
		return parts[2]
	}
	return parts[0]
}
