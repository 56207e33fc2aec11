package server_test

import (
	"maps"
	"slices"

	"mintkey/policy"
)

func (r *modelRun) join(u *modelUser, tenant string, role policy.Role) {
	path := "/admin/v1/tenants/" + tenant + "/members/" + u.id
	if _, done := r.ask(r.admins[0].person, "", "PUT", path, map[string]any{"role": role}); done {
		if u.roles[tenant] == "" {
			u.joined[tenant]++
		}
		u.roles[tenant] = string(role)
	}
}

func (r *modelRun) changeRole() {
	u := r.anyUser()
	if r.random.IntN(3) > 0 || u.robot {
		r.join(u, r.anyTenant(), anyOf(r, []policy.Role{policy.RoleMember, policy.RoleTenantAdmin}))
		return
	}
	admin, roles := r.random.IntN(2) == 0, []string{}
	if admin {
		roles = []string{string(policy.RoleAccountAdmin)}
	}
	if _, done := r.ask(r.admins[0].person, "", "PATCH", acmeUsers+"/"+u.id, map[string]any{"roles": roles}); done {
		u.admin = admin
	}
}

func (r *modelRun) removeMember() {
	u, tenant, none := r.anyUser(), r.anyTenant(), ""
	if u.roles[tenant] == "" {
		none = "not_found"
	}
	if _, done := r.ask(r.admins[0].person, "", "DELETE", "/admin/v1/tenants/"+tenant+"/members/"+u.id, nil, none); done {
		r.revokeOf(u, tenant)
		delete(u.roles, tenant)
	}
}

// ability disables or enables somebody (R8).
func (r *modelRun) ability() { r.setAbility(r.anyUser()) }

func (r *modelRun) setAbility(u *modelUser) {
	if _, done := r.ask(r.admins[0].person, "", "PATCH", acmeUsers+"/"+u.id, map[string]any{"disabled": !u.disabled}); done {
		if u.disabled = !u.disabled; u.disabled {
			r.end("disabled", func(t *modelToken) bool { return t.key.owner == u })
		}
	}
}

// undo lets those in who were shut out, so that something goes on.
func (r *modelRun) undo() {
	if r.suspended {
		r.suspendMill()
	}
	for _, id := range slices.Sorted(maps.Keys(r.users)) {
		u := r.users[id]
		if u.disabled {
			r.setAbility(u)
		}
		for _, tenant := range []string{"mill", "forge"} {
			if u.roles[tenant] == "" {
				r.join(u, tenant, policy.RoleMember)
			}
		}
	}
}

func (r *modelRun) suspendMill() {
	if _, done := r.ask(r.admins[0].person, "", "PATCH", mill, map[string]any{"suspended": !r.suspended}); done {
		if r.suspended = !r.suspended; r.suspended {
			r.end("mill suspended", func(t *modelToken) bool { return t.key.tenant == "mill" })
		}
	}
}

func (r *modelRun) revise() {
	days := anyOf(r, []int{0, 90, 90, 120, 180, 360})
	body := map[string]any{"enabled": days > 0, "acknowledge_risk": true}
	if days > 0 {
		body["period_days"] = days
	}
	_, done := r.ask(r.admins[0].person, "", "PUT", "/admin/v1/accounts/acme/expiration-policy", body)
	if last := r.revisions[len(r.revisions)-1]; done && last.days != days {
		r.revisions = append(r.revisions, modelRevision{r.now, days})
	}
}
