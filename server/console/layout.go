package console

import (
	"slices"
	"time"

	"mintkey/policy"
)

// layout is the data of the parts that all pages share.
type layout struct {
	SignedIn bool
	User     policy.User
	Role     string
	Account  policy.Account
	Tenant   policy.Tenant
	Tenants  []tenantLink // to switch to, the first few
	// MoreTenants is the path of the page that finds the others; empty if there are none.
	MoreTenants string
	Nav         []link
	Notice      string // result of the previous action
	Shift       string // offset of the clock; empty if there is none
	Version     string
	HasFirst    bool   // the visitor has a page about the first steps of an account
	Docs        string // URL of the documentation; may be empty
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

// fillLayout fills the layout for the signed-in user. What their role does not allow is left out.
func (c *Console) fillLayout(req *request) error {
	req.layout = layout{
		SignedIn: true, User: req.actor.User, Role: roleName(req.actor.Subject), Account: req.in.Account, Tenant: req.in.Tenant,
		Notice: c.sessions.PopString(req.Context(), sessionNotice),
	}
	if err := c.fillSwitcher(req); err != nil {
		return err
	}
	req.layout.Nav = req.nav()
	req.layout.HasFirst = req.actor.Require(policy.ScopeTenantsWrite) == nil
	return nil
}

func (req *request) nav() []link {
	var shown []link
	add := func(scope, icon, label, path string) {
		if scope == "" || req.actor.Require(scope) == nil {
			shown = append(shown, link{icon, label, path, sectionOf(req.URL.Path) == sectionOf(path)})
		}
	}
	if req.in.Tenant.ID != "" {
		add(policy.ScopeKeysRead, "key", "API access", keysPath(req.in.Tenant.ID))
	}
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
	add(policy.ScopeAccountsWrite, "tenants", "Accounts", accountsPath)
	return shown
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
