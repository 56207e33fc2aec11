package console

import (
	"net/url"
	"strings"

	"mintkey/policy"
	"mintkey/store"
)

type tenantsPage struct {
	Rows []tenantRow
	Next string
}

type tenantRow struct {
	ID, Name, Release string
	PasswordGrant     bool
	Quota             string // in words; empty for none
	Traffic           string // the path of the page that says how often it was used up
	Created           stamp
	Keys              string
	Current           bool
	Suspended         bool
	Why               string // it is suspended, since when and by whom
	Path              string
}

func (c *Console) listTenants(req *request) error {
	tenants, err := c.Store.Tenants(req.Context(), req.in.Account.ID, store.Page{After: req.Form.Get("after"), Limit: rowsPerPage + 1})
	if err != nil {
		return err
	}
	var page tenantsPage
	if len(tenants) > rowsPerPage {
		tenants = tenants[:rowsPerPage]
		page.Next = tenantsPath + "?" + url.Values{"after": {tenants[rowsPerPage-1].ID}}.Encode()
	}
	names, err := c.suspenders(req, func(yield func(policy.Suspension)) {
		for _, t := range tenants {
			yield(t.Suspension())
		}
	})
	if err != nil {
		return err
	}
	for _, t := range tenants {
		page.Rows = append(page.Rows, newTenantRow(t, names, req))
	}
	return c.show(req, "tenants", "Tenants", page)
}

func newTenantRow(t policy.Tenant, suspenders map[string]policy.User, req *request) tenantRow {
	return tenantRow{
		t.ID, t.Name, t.Release.String(), t.Release.AllowsPassword(), quotaText(t.TokensPerMinute),
		trafficFilter{Tenant: t.ID}.path(""), newStamp(t.CreatedAt, req.info.At),
		keysPath(t.ID), t.ID == req.in.Tenant.ID, t.IsSuspended(), suspensionText(t.Suspension(), suspenders), tenantPath(t.ID),
	}
}

type tenantForm struct {
	Path              string
	Name, ID, Release string
	Fault             fault
}

func (c *Console) newTenantPage(req *request) error { return c.showNewTenant(req, nil) }

func (c *Console) showNewTenant(req *request, cause error) error {
	form := tenantForm{Path: req.URL.Path, Name: req.Form.Get("name"), ID: req.Form.Get("id"), Release: req.Form.Get("release")}
	if cause == nil {
		return c.show(req, "tenant-new", "Create tenant", form)
	}
	form.Fault, _ = formFault(cause)
	return c.showStatus(req, cause, "tenant-new", "Create tenant", form)
}

func (c *Console) createTenant(req *request) error {
	get := func(name string) string { return strings.TrimSpace(req.PostForm.Get(name)) }
	tenant, err := c.Service.CreateTenant(req.Context(), req.actor, req.in, get("id"), get("name"), get("release"))
	if _, ok := formFault(err); err != nil && ok {
		return c.showNewTenant(req, err)
	}
	if err != nil {
		return err
	}
	c.flash(req, "Created "+tenant.Name+". Next, add members: open a user and choose a role in it.")
	return req.redirect(tenantsPath)
}
