package console_test

import (
	"fmt"
	"testing"

	"mintkey/policy"
)

// The first admin of an account, who is a member of no tenant yet, makes the first one.
func TestAnAdminWithoutATenantSignsIn(t *testing.T) {
	onEachStore(t, func(t *testing.T, h *harness) {
		h.must(h.store.CreateAccount(t.Context(), policy.Account{ID: "new", Name: "New Ltd", CreatedAt: start}))
		h.user("new", "nina", "Nina", policy.RoleAccountAdmin)
		h.user("new", "max", "Max")
		h.visitor().post("/console/sign-in", form{"email": {"max@new.example"}, "password": {password}}).want(403).says("No tenant yet")
		nina := h.visitor()
		nina.post("/console/sign-in", form{"email": {"nina@new.example"}, "password": {password}}).leadsTo("/console")
		nina.get("/console").leadsTo("/console/tenants")
		nina.get("/console/tenants").want(200).says("No tenant yet", "Create the first tenant", "Account admin").saysNot("API access")
		for _, path := range []string{"/console/account", "/console/security", "/console/activity", "/console/users", "/console/switch"} {
			nina.get(path).want(200)
		}
		nina.get("/console/tenants/berlin/keys").want(404)
		nina.post("/console/tenants/new", form{"name": {"First"}, "id": {"first"}, "release": {"25.1"}}).leadsTo("/console/tenants")
		nina.get("/console/tenants/first/keys").want(200).says("No access keys yet")
		nina.post("/console/tenants/first/members", form{"user": {"max"}, "role": {"member"}}).leadsTo("/console/users/max")
		nina.post("/console/tenants/first/members", form{"user": {"nina"}, "role": {"member"}}).leadsTo("/console/users/nina")
		nina.get("/console/tenants/first/keys").want(200)

		// Without the role nothing is left of the session.
		h.must(h.store.UpdateUser(t.Context(), "new", "nina", func(u policy.User) (policy.User, []policy.Event, error) {
			u.Roles = nil
			return u, nil, nil
		}))
		nina.get("/console/tenants").want(303)
	})
}

// A session that began in a tenant does not outlive the membership, admin or not: what has ended stays ended.
func TestASessionInATenantDoesNotGoOnWithoutOne(t *testing.T) {
	h := newHarness(t)
	ada := h.as("ada")
	ada.get("/console/tenants").want(200)
	h.must(h.store.UpdateMembership(t.Context(), "berlin", "ada", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		rest, _ := m.Removed()
		return rest, nil, nil
	}))
	ada.get("/console/tenants").leadsTo("/console/sign-in?next=%2Fconsole%2Ftenants")
	h.as("ada").get("/console").leadsTo("/console/tenants")
}

// A sign-in leads to the tenant where the person may do most, and of these to the one used last.
func TestWhereASignInLeads(t *testing.T) {
	onEachStore(t, func(_ *testing.T, h *harness) {
		h.tenant("acme", "aachen", "Aachen", "24.3")
		h.member("aachen", "tom", policy.RoleMember)
		h.as("tom").get("/console").leadsTo("/console/tenants/berlin/keys") // aachen comes first, and he is a plain member there
		h.tenant("acme", "zagreb", "Zagreb", "24.3")
		h.member("zagreb", "tom", policy.RoleTenantAdmin)
		tom := h.as("tom")
		tom.get("/console").leadsTo("/console/tenants/berlin/keys")
		tom.get("/console/tenants/zagreb/keys").want(200)
		tom = h.as("tom")
		tom.get("/console").leadsTo("/console/tenants/zagreb/keys") // used last
		tom.get("/console/tenants/aachen").leadsTo("/console/account")
		h.as("tom").get("/console").leadsTo("/console/tenants/berlin/keys") // he may do more there than where he was last
		h.as("tom").get("/console/account").has("Tenant admin</span>", "Member</span>")
	})
}

// Of a great many tenants each is in reach.
func TestManyTenantsAreInReach(t *testing.T) {
	onEachStore(t, func(_ *testing.T, h *harness) {
		for i := range 61 {
			id := fmt.Sprintf("plant-%02d", i)
			h.tenant("acme", id, fmt.Sprintf("Łódź plant %02d", i), "24.3")
			h.member(id, "tom", policy.RoleTenantAdmin)
		}
		tom := h.as("tom")
		tom.get("/console/tenants/plant-60/traffic").want(200).says("Find another tenant").has(`href="/console/switch?from=traffic"`)
		tom.get("/console/switch").says("63 tenants", "1–50 of 63 tenants", "Tenant admin").has(`href="/console/switch?page=2"`)
		tom.get("/console/switch?from=traffic&q=lodz+60").says("1–1 of 1 tenant").has(`href="/console/tenants/plant-60/traffic"`)
		tom.get("/console/switch?page=9").says("51–63 of 63 tenants")
		tom.get("/console/switch?q=oslo").says("No tenant matches") // which he is no member of
		tom.get("/console/switch?q=rome").says("No tenant matches")
		tom.get("/console/tenants").want(403)

		ada := h.as("ada")
		ada.get("/console/tenants?q=LODZ+plant&sort=-name").says("1–50 of 61 tenants", "plant 60").saysNot("Berlin 24.3")
		ada.get("/console/tenants?page=99").says("51–64 of 64 tenants")
		ada.get("/console/tenants?q=nowhere").says("No tenant matches", "Clear the filter")
		ada.get("/console/tenants?state=passwords").says("1–1 of 1 tenant", "Lisbon")
		ada.get("/console/tenants?state=nonsense").want(400).says("no state “nonsense”")
		ada.get("/console/switch?from=activity&q=plant-07").has(`href="/console/activity?tenant=plant-07"`)
		ada.get("/console/users/grace").has(`placeholder="Find one of 64 tenants"`).
			has("Role in Berlin", "Role in Lisbon").saysNot("plant 07")
		ada.get("/console/users/grace?q=lodz+07").has("Role in Łódź plant 07")
		ada.post("/console/tenants/plant-07/members", form{"user": {"grace"}, "role": {"member"}}).leadsTo("/console/users/grace")
		ada.get("/console/users/grace").has("Role in Łódź plant 07")
	})
}
