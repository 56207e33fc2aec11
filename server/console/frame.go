package console

import (
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// frame is what surrounds every page.
type frame struct {
	SignedIn bool
	User     policy.User
	Role     string
	Account  policy.Account
	Tenant   policy.Tenant
	Tenants  []choice // to switch to
	Nav      []link
	Notice   string // what the last step did
	Shift    string // how far the clock is shifted; empty if it is not
	Version  string
	OpenID   string // name of the provider that people can sign in at; empty if there is none
}

// choice is one of several, one of which is the present one.
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

// furnish fills the frame for who is signed in. What a role does not allow is not shown.
func (c *Console) furnish(v *visit) error {
	v.frame = frame{
		SignedIn: true, User: v.actor.User, Role: roleName(v.actor.Subject), Account: v.place.Account, Tenant: v.place.Tenant,
		Notice: c.sessions.PopString(v.Context(), sessionNotice),
	}
	tenants, err := c.tenants(v)
	if err != nil {
		return err
	}
	for _, tenant := range tenants {
		v.frame.Tenants = append(v.frame.Tenants, choice{tenant.Name, tenantPath(tenant.ID), tenant.ID == v.place.Tenant.ID})
	}
	v.frame.Nav = v.nav()
	return nil
}

func (v *visit) nav() []link {
	var shown []link
	add := func(scope, icon, label, path string) {
		if scope == "" || v.actor.Require(scope) == nil {
			shown = append(shown, link{icon, label, path, sectionOf(v.URL.Path) == sectionOf(path)})
		}
	}
	add(policy.ScopeKeysRead, "key", "API access", keysPath(v.place.Tenant.ID))
	add("", "user", "My account", accountPath)
	add(policy.ScopePolicyRead, "shield", "Security", securityPath)
	add(policy.ScopeAuditRead, "activity", "Activity", activityPath)
	add(policy.ScopeUsersWrite, "users", "Users", usersPath)
	add(policy.ScopeTenantsWrite, "tenants", "Tenants", tenantsPath)
	return shown
}

// tenants are those that the visitor can switch to.
func (c *Console) tenants(v *visit) ([]policy.Tenant, error) {
	ctx, account := v.Context(), v.actor.Account.ID
	if v.actor.Authority() >= policy.AuthorityAccountAdmin {
		return c.Store.Tenants(ctx, account, store.Page{Limit: maxSwitch})
	}
	ids, err := c.Store.TenantsOf(ctx, account, v.actor.User.ID)
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

// tell leaves a sentence for the next page.
func (c *Console) tell(v *visit, notice string) {
	c.sessions.Put(v.Context(), sessionNotice, notice)
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

// sectionOf is the entry of the menu that a path belongs to.
func sectionOf(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, "/console/"), "/")
	if parts[0] == "tenants" && len(parts) > 2 {
		return parts[2]
	}
	return parts[0]
}
