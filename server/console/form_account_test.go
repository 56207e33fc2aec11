package console_test

import (
	"net/http"
	"strings"
	"testing"

	"mintkey/policy"
)

// An operator who has gone to another account in a second tab, or followed a link into one, changes nothing there by a form of the first.
func TestAFormActsInTheAccountItWasShownFor(t *testing.T) {
	h := newHarness(t)
	h.user("acme", "olga", "Olga", policy.RoleOperator)
	h.member("berlin", "olga", policy.RoleMember)
	olga := h.as("olga")
	for path, sent := range map[string]form{
		"/console/users/new":              {"name": {"Eve"}, "email": {"eve@acme.example"}},
		"/console/tenants/new":            {"name": {"Paris"}, "id": {"paris"}, "release": {"24.3"}},
		"/console/security":               {"enabled": {"on"}, "period_days": {"120"}},
		"/console/security/second-factor": {"second_factor": {"optional"}},
	} {
		olga.get("/console/tenants/berlin/keys").want(200)
		shown := olga.get(path).want(200)
		asks := strings.Contains(shown.body, "Add a passkey of your own first") // and has no form
		if !asks && !strings.Contains(shown.body, `name="in_account" value="acme"`) {
			t.Errorf("%s does not say which account it is about", path)
		}
		olga.get("/console/tenants/rome/keys").want(200)
		olga.post(path, sent).want(http.StatusConflict).says("another account")
		sent.Set("in_account", "acme")
		olga.post(path, sent).want(http.StatusConflict).says("another account")
	}
	if a, err := h.store.Account(t.Context(), "rival"); err != nil || a.Expiration.InForce(h.now()).PeriodDays != 90 {
		t.Errorf("the policy of rival is %v, %v", a.Expiration, err)
	}
	if _, err := h.store.UserByEmail(t.Context(), "rival", "eve@acme.example"); err == nil {
		t.Error("rival has a new user")
	}
}

// A form that waits for a proof does not follow the operator into another account either.
func TestADraftActsInTheAccountItWasSentFor(t *testing.T) {
	h := newHarness(t)
	h.user("acme", "olga", "Olga", policy.RoleOperator)
	h.member("berlin", "olga", policy.RoleMember)
	olga := h.as("olga")
	h.advance(quarter)
	sent := form{"name": {"Eve"}, "email": {"eve@acme.example"}, "in_account": {"acme"}}
	proof := olga.post("/console/users/new", sent).want(401).proof(password)
	olga.get("/console/tenants/rome/keys").want(200)
	olga.post("/console/users/new", proof).want(http.StatusConflict).says("another account")
	if _, err := h.store.UserByEmail(t.Context(), "rival", "eve@acme.example"); err == nil {
		t.Error("rival has a new user")
	}
}
