package console

import (
	"cmp"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// tenantPage is what there is to know of one tenant, with the forms that change it.
type tenantPage struct {
	Path      string
	CanChange bool // visitor manages tenants
	Tag       admin.Tag
	Row       tenantRow
	States    []choice // the access keys, by state
	Name      string   // as typed
	Quota     string   // as typed
	Notices   string   // as typed: one address a line
	Mail      bool     // whether the server sends any
	Now       besides  // after a change of somebody else
	Fault     fault
	Find      string
	Members   []memberRow
	Back      string
	Next      string
}

// memberRow is a member of a tenant.
type memberRow struct {
	User userRow
	Role string
	Keys string // how many, in words
	// KeysPath and UserPath are empty for those who can't open them.
	KeysPath, UserPath string
}

func tenantSettingsPath(tenantID string) string { return tenantPath(tenantID) + "/settings" }

func (c *Console) tenantPage(req *request) error { return c.showTenant(req, nil) }

func (c *Console) showTenant(req *request, cause error) error {
	tenant, err := c.Store.Tenant(req.Context(), req.in.Tenant.ID) // as it is by now
	if err != nil {
		return err
	}
	suspenders, err := c.suspenders(req, func(yield func(policy.Suspension)) { yield(tenant.Suspension()) })
	if err != nil {
		return err
	}
	present := quotaValue(tenant.TokensPerMinute)
	page := tenantPage{
		Path: req.URL.Path, CanChange: req.actor.Require(policy.ScopeTenantsWrite) == nil, Tag: req.tag(admin.TenantTag(tenant), cause),
		Mail: c.Mail, Row: newTenantRow(tenant, suspenders, req), Name: tenant.Name, Quota: present,
		Notices: strings.Join(tenant.NoticeAddresses, "\n"),
	}
	page.Row.Traffic = tenantTrafficPath(tenant.ID)
	if page.States, err = c.keyCounts(req); err != nil {
		return err
	}
	if err := c.addMembers(req, &page); err != nil {
		return err
	}
	if req.Form.Has(tagField) || cause != nil { // after a mistake or a sign-in, with what was typed
		page.Name, page.Quota = cmp.Or(req.Form.Get("name"), page.Name), req.Form.Get(quotaField)
		page.Notices = req.Form.Get(noticesField)
	}
	if cause == nil {
		return c.show(req, "tenant", tenant.Name, page)
	}
	page.Fault, _ = formFault(cause)
	if errors.Is(cause, admin.ErrPreconditionFailed) {
		page.Now = besides{}
		page.Now.note("name", page.Name, tenant.Name, "")
		page.Now.note(quotaField, page.Quota, present, "none")
		page.Now.note(noticesField, strings.Join(listed(page.Notices), ", "), strings.Join(tenant.NoticeAddresses, ", "), "none")
		about := func(e policy.Event) bool {
			return e.TenantID == tenant.ID && strings.HasPrefix(string(e.Action), "tenant.")
		}
		if page.Fault, err = c.staleFault(req, admin.EventFilter{TenantID: tenant.ID}, about); err != nil {
			return err
		}
	}
	return c.showStatus(req, cause, "tenant", tenant.Name, page)
}

func quotaValue(quota int) string {
	if quota == 0 {
		return ""
	}
	return strconv.Itoa(quota)
}

// keyCounts is how many keys the tenant has in each state, each with the list of them.
func (c *Console) keyCounts(req *request) ([]choice, error) {
	table, err := c.Service.KeyTable(req.Context(), req.actor, req.in, admin.KeyTableQuery{})
	if err != nil {
		return nil, err
	}
	all, err := keyListQuery(url.Values{})
	if err != nil {
		return nil, err
	}
	return all.states(keysPath(req.in.Tenant.ID), table.Counts), nil
}

func (c *Console) addMembers(req *request, page *tenantPage) error {
	page.Find = strings.TrimSpace(req.Form.Get("q"))
	after := req.Form.Get("after")
	members, more, err := c.Service.FindMembers(req.Context(), req.in, page.Find, store.Page{After: after, Limit: rowsPerPage})
	if err != nil {
		return err
	}
	managesUsers := req.actor.Require(policy.ScopeUsersWrite) == nil
	for _, m := range members {
		row := memberRow{User: newUserRow(m.User, req), Role: membershipName(m.Role)}
		live := m.LiveKeys(req.in.Account.Expiration, req.info.At)
		if row.Keys = "None"; len(m.Keys) > 0 {
			row.KeysPath = keysPath(req.in.Tenant.ID) + "?" + url.Values{"q": {m.User.Email}}.Encode()
			row.Keys = keysText(len(live), len(m.Keys)-len(live))
		}
		if managesUsers {
			row.UserPath = row.User.Path
		}
		page.Members = append(page.Members, row)
	}
	at := func(after string) string {
		q := url.Values{}
		for name, value := range map[string]string{"q": page.Find, "after": after} {
			if value != "" {
				q.Set(name, value)
			}
		}
		return strings.TrimSuffix(page.Path+"?"+q.Encode(), "?") + "#members"
	}
	if more {
		page.Next = at(members[len(members)-1].User.ID)
	}
	if after != "" {
		page.Back = at("")
	}
	return nil
}

// keysText counts keys that work, or are suspended, and apart from them those that have expired.
func keysText(live, expired int) string {
	switch {
	case expired == 0:
		return plural(live, "key")
	case live == 0:
		return grouped(expired) + " expired"
	default:
		return plural(live, "key") + ", " + grouped(expired) + " expired"
	}
}

func (c *Console) changeTenant(req *request) error {
	quota, err := wholeNumber(req.PostForm.Get(quotaField), policy.ErrInvalidQuota)
	if err != nil {
		return c.showTenant(req, err)
	}
	patch := admin.TenantPatch{TokensPerMinute: &quota, IfMatch: req.ifMatch()}
	if req.PostForm.Has("name") {
		patch.Name = new(strings.TrimSpace(req.PostForm.Get("name")))
	}
	if req.PostForm.Has(noticesField) { // a page of a release before has it not
		patch.NoticeAddresses = new(listed(req.PostForm.Get(noticesField)))
	}
	after, err := c.Service.PatchTenant(req.Context(), req.actor, req.in, patch)
	if _, ok := formFault(err); err != nil && ok {
		return c.showTenant(req, err)
	}
	if err != nil {
		return err
	}
	c.flash(req, "Saved. "+cmp.Or(after.Name, after.ID)+" has "+cmp.Or(quotaText(after.TokensPerMinute), "no quota")+" now.")
	return req.redirect(tenantSettingsPath(after.ID))
}
