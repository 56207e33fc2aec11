package console_test

import (
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// The audit trail says who and where by name, and what in words; an operator from another account has a name too, and nobody else has.
func TestActivityInWords(t *testing.T) {
	h := newHarness(t)
	h.user("rival", "olga", "Olga Operator", policy.RoleOperator)
	record := func(action policy.Action, by string, details map[string]string) {
		h.advance(time.Second)
		event := policy.Event{
			ID: policy.NewEventID(h.now(), [10]byte{byte(h.now().Second())}), At: h.now(), Action: action, AccountID: "acme", TenantID: "berlin",
			UserID: "grace",
			Actor:  policy.Actor{UserID: by, Via: "api"}, Details: details,
		}
		h.must(h.store.RecordEvents(t.Context(), event))
	}
	record(policy.ActionTokenRefused, "", map[string]string{"count": "12", "reason": store.RefusedWrongSecret.String()})
	record(policy.ActionTokenRefused, "", map[string]string{"count": "2", "reason": store.RefusedNetwork.String()})
	record(policy.ActionSessionRefused, "", map[string]string{"count": "1", "reason": policy.SignInTooMany, "method": policy.MethodPassword})
	record(policy.ActionPolicyChanged, "olga", map[string]string{
		"enabled": "true", "period_days": "120", "enabled_before": "false", "period_days_before": "90",
	})
	record(policy.ActionKeyRefreshed, "rita", map[string]string{"overlap_seconds": "86400", policy.DetailDroppedScopes: "a b"})
	record(policy.ActionKeyTransferred, "ada", map[string]string{"from": "linus", "scopes": "api reports"})
	record(policy.ActionKeyUpdated, "ada", map[string]string{
		"label": "", policy.DetailTokensPerMinute: "60", policy.DetailAllowedNetworks: "none", policy.DetailOwnEnd: "2026-05-01T10:00:00Z",
	})
	record(policy.ActionUserUpdated, "ada", map[string]string{
		policy.DetailChanged: "name, roles", "roles": "account_admin", "disabled": "false",
	})
	record(policy.ActionKeyExpiring, "", map[string]string{"days_before": "7", "expires_at": "2026-05-01T10:00:00.25Z"})
	record(policy.ActionKeyLeaked, "", map[string]string{policy.DetailEffect: string(policy.LeakStopsKey), "new_thing": "as it is"})
	h.as("ada").get("/console/activity").says(
		"12 wrong secrets", "2 requests: network not allowed to the access key", "1 request: too many attempts · with the password",
		"now on, with 120 days · before off", "Olga Operator (operator)",
		"the old secret works for 1 day more · lost scopes a, b", "from Linus Torvalds · scopes api, reports",
		"label taken away · from every network · quota of 60 tokens a minute · ends for good 1 May 2026, 10:00 UTC",
		"name, role account admin", "7 days before · expiry 1 May 2026, 10:00 UTC",
		"the key is suspended until it is refreshed · new thing: as it is",
	).saysNot("Rita Levi-Montalcini", "count:", "disabled:")
}

// The preview of a policy and what expires next name the tenants, and lead to the keys.
func TestSecurityNamesTenants(t *testing.T) {
	h := newHarness(t)
	clientID, _ := h.key("lisbon", "grace", "nightly build", 12)
	path := `<a href="/console/tenants/lisbon/keys/` + clientID + `"><code>`
	ada := h.as("ada")
	ada.get("/console/security").says("Grace Hopper · nightly build · Lisbon").has(path)
	ada.get("/console/security?enabled=on&period_days=120").has(path, `data-label="Tenant">Lisbon`)
}
