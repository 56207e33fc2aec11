package console

import (
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// layout is the data of the parts that all pages share.
type layout struct {
	SignedIn bool
	User     policy.User
	Role     string
	Account  policy.Account
	Tenant   policy.Tenant
	Tenants  []choice // to switch to
	Nav      []link
	Notice   string // result of the previous action
	Shift    string // offset of the clock; empty if there is none
	Version  string
	// SessionLeft is in how many seconds the session ends, if nothing more is done.
	SessionLeft int
	OpenID      string // name of the sign-in provider; empty if there is none
}

// choice is one option of several.
type choice struct {
	Label, Path string
	Current     bool
}

type link struct {
	Icon, Label, Path string
	Current           bool
}

// maxSwitch is how many tenants the switcher lists; account admins find the others under Tenants.
const maxSwitch = 50

// fillLayout fills the layout for the signed-in user. What their role does not allow is left out.
func (c *Console) fillLayout(req *request) error {
	req.layout = layout{
		SignedIn: true, User: req.actor.User, Role: roleName(req.actor.Subject), Account: req.in.Account, Tenant: req.in.Tenant,
		Notice: c.sessions.PopString(req.Context(), sessionNotice),
	}
	tenants, err := c.tenants(req)
	if err != nil {
		return err
	}
	for _, tenant := range tenants {
		req.layout.Tenants = append(req.layout.Tenants, choice{tenant.Name, tenantPath(tenant.ID), tenant.ID == req.in.Tenant.ID})
	}
	req.layout.Nav = req.nav()
	return nil
}

func (req *request) nav() []link {
	var shown []link
	add := func(scope, icon, label, path string) {
		if scope == "" || req.actor.Require(scope) == nil {
			shown = append(shown, link{icon, label, path, sectionOf(req.URL.Path) == sectionOf(path)})
		}
	}
	add(policy.ScopeKeysRead, "key", "API access", keysPath(req.in.Tenant.ID))
	add("", "user", "My account", accountPath)
	add(policy.ScopePolicyRead, "shield", "Security", securityPath)
	if req.actor.Require(policy.ScopeAuditRead) == nil {
		add("", "activity", "Activity", activityPath)
	} else {
		add(policy.ScopeKeysRead, "activity", "Activity", tenantTrafficPath(req.in.Tenant.ID))
	}
	add(policy.ScopeUsersWrite, "users", "Users", usersPath)
	if req.actor.Require(policy.ScopeTenantsWrite) == nil {
		add("", "tenants", "Tenants", tenantsPath)
	} else {
		add(policy.ScopeKeysRead, "tenants", "Tenant", tenantSettingsPath(req.in.Tenant.ID))
	}
	return shown
}

// tenants returns the tenants that the visitor can switch to.
func (c *Console) tenants(req *request) ([]policy.Tenant, error) {
	ctx, account := req.Context(), req.actor.Account.ID
	if req.actor.Authority() >= policy.AuthorityAccountAdmin {
		return c.Store.Tenants(ctx, account, store.Page{Limit: maxSwitch})
	}
	ids, err := c.Store.TenantsOf(ctx, account, req.actor.User.ID)
	if err != nil {
		return nil, err
	}
	var tenants []policy.Tenant
	for _, id := range ids[:min(len(ids), maxSwitch)] {
		tenant, err := c.Store.Tenant(ctx, id)
		if err != nil {
			return nil, err
		}
		tenants = append(tenants, tenant)
	}
	return tenants, nil
}

// flash stores a message for the next page.
func (c *Console) flash(req *request, notice string) {
	c.sessions.Put(req.Context(), sessionNotice, notice)
}

func roleName(s policy.Subject) string {
	switch {
	case slices.Contains(s.User.Roles, policy.RoleOperator):
		return "Operator"
	case slices.Contains(s.User.Roles, policy.RoleAccountAdmin):
		return "Account admin"
	case s.Membership.Role == policy.RoleTenantAdmin:
		return "Tenant admin"
	default:
		return "Member"
	}
}

func shiftText(offset time.Duration) string {
	if offset == 0 {
		return ""
	}
	return offset.String()
}

// sectionOf is the menu entry that a path belongs to.
func sectionOf(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, "/console/"), "/")
	if parts[0] == "tenants" && len(parts) > 2 && parts[2] != "settings" {
		return parts[2]
	}
	return parts[0]
}
