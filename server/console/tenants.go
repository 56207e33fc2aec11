package console

import (
	"strings"

	"mintkey/admin"
	"mintkey/policy"
)

type tenantsPage struct {
	pager

	Query      string
	Columns    []column
	States     []order
	Orders     []order
	Rows       []tenantRow
	Restricted bool
	All        int
	First      *firstSteps // of a new account
}

type tenantRow struct {
	ID, Name, Release string
	PasswordGrant     bool
	Quota             string // in words; empty for none
	Notices           []string
	Traffic           string // the path of the page that says how often it was used up
	Created           stamp
	Keys              string
	Current           bool
	Suspended         bool
	Why               string // it is suspended, since when and by whom
	Path              string
}

func tenantStates() [][2]string {
	return [][2]string{
		{"", "All tenants"},
		{string(admin.TenantsActive), "Not suspended"},
		{string(admin.TenantsSuspended), "Suspended"},
		{string(admin.TenantsPasswords), "Passwords allowed"},
	}
}

func tenantOrders() [][2]string {
	return [][2]string{
		{"name", "By name"},
		{"-name", "By name, Z to A"},
		{"id", "By ID"},
		{"-id", "By ID, Z to A"},
		{"release", "Oldest release first"},
		{"-release", "Newest release first"},
		{"-created", "Newest first"},
		{"created", "Oldest first"},
	}
}

func (c *Console) listTenants(req *request) error {
	q, err := req.listQuery(firsts(tenantStates()), firsts(tenantOrders()))
	if err != nil {
		return err
	}
	table, err := c.tenantTable(req, q)
	if err == nil && q.page > lastPage(table.Matching) {
		q.page = lastPage(table.Matching)
		table, err = c.tenantTable(req, q)
	}
	if err != nil {
		return err
	}
	page := tenantsPage{
		pager: q.pager(tenantsPath, len(table.Tenants), table.Matching), Query: q.text, Restricted: q.filtered(), All: table.All,
		States: options(q.state, tenantStates()), Orders: options(q.sort, tenantOrders()),
		Columns: q.columns(tenantsPath, [][2]string{
			{"Tenant", "name"},
			{"ID", "id"},
			{"Release", "release"},
			{"Authentication", ""},
			{"Quota", ""},
			{"Created", "-created"},
		}),
	}
	names, err := c.suspenders(req, func(yield func(policy.Suspension)) {
		for _, t := range table.Tenants {
			yield(t.Suspension())
		}
	})
	if err != nil {
		return err
	}
	for _, t := range table.Tenants {
		page.Rows = append(page.Rows, newTenantRow(t, names, req))
	}
	if page.First, err = c.firstSteps(req); err != nil {
		return err
	}
	return c.show(req, "tenants", "Tenants", page)
}

func newTenantRow(t policy.Tenant, suspenders map[string]policy.User, req *request) tenantRow {
	return tenantRow{
		t.ID, t.Name, t.Release.String(), t.Release.AllowsPassword(), quotaText(t.TokensPerMinute), t.NoticeAddresses,
		trafficFilter{Tenant: t.ID}.path(""), newStamp(t.CreatedAt, req.info.At),
		keysPath(t.ID), t.ID == req.in.Tenant.ID, t.IsSuspended(), suspensionText(t.Suspension(), suspenders), tenantPath(t.ID),
	}
}

func (c *Console) tenantTable(req *request, q listQuery) (admin.TenantTable, error) {
	by, descending := q.sorting()
	return c.Service.FindTenants(req.Context(), req.actor, req.in, admin.TenantQuery{
		Text: q.text, State: admin.TenantState(q.state), Sort: admin.TenantColumn(by), Descending: descending,
		Offset: q.offset(), Limit: rowsPerPage,
	})
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
