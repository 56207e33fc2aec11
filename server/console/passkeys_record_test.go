package console_test

import (
	"net/http"
	"strings"
	"testing"

	"mintkey/policy"
)

// What the store holds of a second factor is in no page, export or trail.
func TestSecondFactorsStayInTheRecord(t *testing.T) {
	h := newHarness(t, named)
	codes := h.as("grace").register(h.device(), "Phone")
	stored, err := h.store.User(t.Context(), "acme", "grace")
	h.must(err)
	ada := h.as("ada")
	for _, path := range []string{"/console/users/grace", "/console/activity", "/console/activity/export"} {
		body := ada.get(path).want(200).body
		for _, secret := range append([]string{stored.Passkeys[0].PublicKey, stored.RecoveryCodes[0]}, codes...) {
			if strings.Contains(body, secret) {
				t.Errorf("%s has %s", path, secret)
			}
		}
	}
	ada.get("/console/activity").says("Added a passkey", "Made recovery codes", "“Phone”")
}

func TestNoPasskeysWithoutAName(t *testing.T) {
	h := newHarness(t)
	grace := h.as("grace")
	grace.get("/console/account").says("Browsers have no passkeys for http://127.0.0.1").saysNot("Add a passkey")
	grace.get(newPasskeyPath).want(200).says("Browsers have no passkeys")
	grace.post(newPasskeyPath, form{"name": {"x"}}).want(401)
	h.visitor().get("/console/sign-in").saysNot("passkey")
	h.visitor().post("/console/sign-in/passkey/options", nil).want(303)
}

// From the moment that the account requires it, an admin without a second factor reaches one page only, in sessions that are open too.
func TestAdminsMustHaveASecondFactor(t *testing.T) {
	h := newHarness(t, named)
	clientID, _ := h.key("berlin", "tom", "", 5)
	ada, tom, grace := h.as("ada"), h.as("tom"), h.as("grace")
	ada.get("/console/security").says("Optional: everybody can add passkeys")
	ada.get(factorRulePath).says("Add a passkey of your own first")
	ada.post(factorRulePath, form{"second_factor": {"required_for_admins"}}).want(409).says("Add a passkey on My account first.")
	ada.register(h.device(), "Laptop")
	ada.get(factorRulePath).says("Require it")
	ada.post(factorRulePath, form{"second_factor": {"sometimes"}}).want(422)
	ada.post(factorRulePath, form{"second_factor": {"required_for_admins"}}).leadsTo("/console/security")
	ada.get("/console/security").says("Admins without a passkey can do nothing until", "Required of admins")
	grace.get("/console/account").want(200)

	elsewhere := h.as("tom")
	elsewhere.get("/console/tenants/lisbon").leadsTo(newPasskeyPath) // where he is no admin
	fill := strings.NewReplacer(
		"{tenant}", "berlin", "{client_id}", clientID, "{user}", "grace", "{code}", "x", "{passkey}", "x", "{account}", "acme",
	)
	closed := 0
	for _, route := range routes(t) {
		if route.wrapper != "page" && route.wrapper != "fresh" {
			continue
		}
		closed++
		var values form
		if route.method == http.MethodPost {
			values = yes(form{"do": {"disable"}})
		}
		if p := tom.send(route.method, fill.Replace(route.path), values); p.status != 303 || p.header.Get("Location") != newPasskeyPath {
			t.Errorf("%s answered %d and leads to %q", p.what, p.status, p.header.Get("Location"))
		}
	}
	if closed < 60 {
		t.Errorf("only %d routes were tried", closed)
	}
	tom.get(newPasskeyPath).says("Acme Corporation requires a second factor of its admins.").saysNot("API access")
	tom.register(h.device(), "Phone")
	tom.get(berlinKeys).want(200)
	elsewhere.get(berlinKeys).want(303)

	ada.post(factorRulePath, form{"second_factor": {"optional"}}).leadsTo("/console/security")
	ada.get("/console/security").says("Optional: everybody can add passkeys")
}

// An operator who enters another account meets its rule, and not only that of their own.
func TestOperatorsMeetTheRuleOfTheAccountTheyEnter(t *testing.T) {
	const romeKeys = "/console/tenants/rome/keys"
	h := newHarness(t, named)
	h.user("acme", "olga", "Olga Operator", policy.RoleOperator)
	h.member("berlin", "olga", policy.RoleMember)
	rita, olga, inside := h.as("rita"), h.as("olga"), h.as("olga")
	inside.get(romeKeys).want(200)
	rita.register(h.device(), "Laptop")
	rita.post(factorRulePath, form{"second_factor": {"required_for_admins"}}).leadsTo("/console/security")

	olga.get("/console/accounts/rival").leadsTo(newPasskeyPath)
	olga.get(newPasskeyPath).says("Rival Ltd requires a second factor of its admins", "My account")
	olga.get(romeKeys).leadsTo(newPasskeyPath)
	olga.post("/console/tenants/rome/suspend", yes(form{})).leadsTo(newPasskeyPath)
	inside.get("/console/users/rita").want(404)
	for _, v := range []*visitor{olga, inside} {
		v.get("/console/users").want(200).says("Grace Hopper").saysNot("Rita")
		v.get(berlinKeys).want(200)
	}
	if rome, err := h.store.Tenant(t.Context(), "rome"); err != nil || rome.IsSuspended() {
		t.Errorf("%+v: %v", rome, err)
	}
	olga.register(h.device(), "Phone")
	olga.get("/console/accounts/rival").leadsTo(romeKeys)
	olga.get(romeKeys).want(200)
}
