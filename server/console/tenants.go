package console

import (
	"net/url"
	"strings"

	"mintkey/store"
)

type tenantsPage struct {
	Rows []tenantRow
	Next string
}

type tenantRow struct {
	ID, Name, Release string
	PasswordGrant     bool
	Created           stamp
	Keys              string
	Current           bool
}

func (c *Console) listTenants(v *visit) error {
	tenants, err := c.Store.Tenants(v.Context(), v.place.Account.ID, store.Page{After: v.Form.Get("after"), Limit: rowsPerPage + 1})
	if err != nil {
		return err
	}
	var page tenantsPage
	if len(tenants) > rowsPerPage {
		tenants = tenants[:rowsPerPage]
		page.Next = tenantsPath + "?" + url.Values{"after": {tenants[rowsPerPage-1].ID}}.Encode()
	}
	for _, t := range tenants {
		page.Rows = append(page.Rows, tenantRow{
			t.ID, t.Name, t.Release.String(), t.Release.AllowsPassword(), newStamp(t.CreatedAt, v.about.At), keysPath(t.ID), t.ID == v.place.Tenant.ID,
		})
	}
	return c.show(v, "tenants", "Tenants", page)
}

type tenantForm struct {
	Path              string
	Name, ID, Release string
	Fault             fault
}

func (c *Console) newTenantPage(v *visit) error { return c.showNewTenant(v, nil) }

func (c *Console) showNewTenant(v *visit, because error) error {
	form := tenantForm{Path: v.URL.Path, Name: v.Form.Get("name"), ID: v.Form.Get("id"), Release: v.Form.Get("release")}
	if because == nil {
		return c.show(v, "tenant-new", "Create tenant", form)
	}
	form.Fault, _ = formFault(because)
	return c.showStatus(v, because, "tenant-new", "Create tenant", form)
}

func (c *Console) createTenant(v *visit) error {
	get := func(name string) string { return strings.TrimSpace(v.PostForm.Get(name)) }
	tenant, err := c.Service.CreateTenant(v.Context(), v.actor, v.place, get("id"), get("name"), get("release"))
	if _, ok := formFault(err); err != nil && ok {
		return c.showNewTenant(v, err)
	}
	if err != nil {
		return err
	}
	c.tell(v, "Created "+tenant.Name+". Next, add members: open a user and choose a role in it.")
	return v.redirect(tenantsPath)
}
