package console_test

import (
	"testing"

	"mintkey/admin"
	"mintkey/policy"
)

// Admins suspend and resume a key and a tenant after a question, and the lists say since when, by whom and why.
func TestSuspend(t *testing.T) { onEachStore(t, testSuspend) }

func testSuspend(t *testing.T, h *harness) {
	tom, ada := h.as("tom"), h.as("ada")
	clientID, _ := h.key("berlin", "grace", "nightly", 1)
	path := berlinKeys + "/" + clientID
	tom.get(berlinKeys).want(200).says("Suspend")
	tom.get(path + "/suspend").want(200).says("Suspend “nightly”?")
	tom.post(path+"/suspend", yes(form{"reason": {"a\x01b"}})).want(422).says("A reason has at most 200")
	tom.post(path+"/suspend", yes(form{"reason": {"in a build log"}})).want(303)
	tom.get(berlinKeys).want(200).says("Suspended").says("in a build log").says("Resume")
	tom.get(berlinKeys + "?state=suspended").want(200).says("1–1 of 1 key")
	tom.get(path + "/resume").want(200).says("Resume “nightly”?")
	tom.post(path+"/resume", nil).want(303)
	tom.get(berlinKeys + "?state=suspended").want(200).says("No access key matches")

	oslo := "/console/tenants/oslo"
	ada.get(tenantsPage).want(200).says("Suspend")
	ada.get(oslo + "/suspend").want(200).says("All access keys of this tenant stop at once")
	ada.post(oslo+"/suspend", yes(form{"reason": {"incident 7"}, "confirm_typed": {"oslo"}})).want(303)
	ada.get(tenantsPage).want(200).says("incident 7").says("Resume")
	tom.post(oslo+"/resume", nil).want(404)
	ada.get(oslo + "/resume").want(200)
	ada.post(oslo+"/resume", nil).want(303)
	tenant, err := h.store.Tenant(t.Context(), "oslo")
	h.must(err)
	if tenant.IsSuspended() {
		t.Error("oslo is still suspended")
	}
}

// A key whose secret has leaked says so, with the only way back: it is not offered to be resumed, nor to keep its old secret (R35).
func TestLeakedKey(t *testing.T) { onEachStore(t, testLeakedKey) }

func testLeakedKey(t *testing.T, h *harness) {
	tom, grace := h.as("tom"), h.as("grace")
	clientID, secret := h.key("berlin", "grace", "nightly", 1)
	path, own := berlinKeys+"/"+clientID, "/console/account/keys/"+clientID
	report := admin.LeakReport{Secrets: []admin.LeakedSecret{{Digest: policy.ClientSecretFromRequest(secret).Digest()}}, At: h.now()}
	h.must((&admin.Service{Store: h.store}).ReportLeak(t.Context(), report))
	tom.get(berlinKeys).want(200).says("Leaked").says("refresh it without overlap").saysNot("Resume")
	grace.get("/console/account").want(200).says("Leaked").says("refresh it without overlap")
	tom.get(path + "/refresh").want(200).says("Stop at once").saysNot("Keep for")
	tom.post(path+"/resume", nil).want(409).says("has leaked")
	for visitor, path := range map[*visitor]string{tom: path, grace: own} {
		page := visitor.get(path + "/refresh").want(200)
		visitor.post(path+"/refresh", page.filled(form{"overlap": {"3600"}})).want(409).says("has leaked")
	}
	tom.post(path+"/suspend", yes(form{"reason": {"look into it"}})).want(303)
	tom.get(berlinKeys).want(200).says("look into it").says("refreshed without overlap first")
	page := grace.get(own + "/refresh").want(200)
	grace.post(own+"/refresh", page.filled(form{"overlap": {"0"}})).want(200)
	tom.get(berlinKeys).want(200).saysNot("Leaked").says("Suspended").says("Resume")
}

const tenantsPage = "/console/tenants"

// Whoever works in a tenant that is suspended is in another one of theirs from then on, and signs in there; whoever has no other is out.
func TestSessionsInSuspendedTenants(t *testing.T) { onEachStore(t, testSessionsInSuspendedTenants) }

func testSessionsInSuspendedTenants(t *testing.T, h *harness) {
	h.member("oslo", "ada", policy.RoleMember)
	h.member("berlin", "ada", policy.RoleMember)
	ada, tom, linus := h.as("ada"), h.as("tom"), h.as("linus")
	ada.get(berlinKeys).want(200)
	linus.get("/console/account").want(200)
	tom.get(berlinKeys).want(200)
	h.advance(1)
	suspended := func(t policy.Tenant) (policy.Tenant, []policy.Event, error) {
		return t.WithSuspended(policy.Suspension{At: h.now(), By: "ada"}, policy.RoleAccountAdmin, h.now()), nil, nil
	}
	h.must(h.store.UpdateTenant(t.Context(), "berlin", suspended))
	ada.get(berlinKeys).want(200)
	ada.get(tenantsPage).want(200)
	tom.get(berlinKeys).want(404) // in lisbon he is still somebody
	tom.get("/console/account").want(200)
	linus.get("/console/account").want(303)
	h.as("ada").get(tenantsPage).want(200)
}
