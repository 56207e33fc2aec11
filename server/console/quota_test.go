package console_test

import (
	"testing"

	"mintkey/admin"
)

// A key is created with a quota. The list, the page that revokes the key and the traffic pages show it, and these how often it was used up.
func TestQuotas(t *testing.T) { onEachStore(t, testQuotas) }

func testQuotas(t *testing.T, h *harness) {
	tom, ada := h.as("tom"), h.as("ada")
	clientID, secret := tom.submit(newKey, form{"user": {"linus"}, "scope": {"api"}, "tokens_per_minute": {" 2 "}}).revealed()
	tom.get(berlinKeys).says("2 tokens a minute")
	tom.get(berlinKeys + "/" + clientID + "/revoke").says("2 tokens a minute")
	for i, want := range []int{200, 200, 429, 429, 429} {
		if got := h.token(clientID, secret); got != want {
			t.Errorf("token %d: %d, want %d", i, got, want)
		}
	}
	h.flush()
	ada.get(trafficPath+"?key="+clientID).says("Linus Torvalds · quota of 2 tokens a minute", "Quota of tokens used up 3")
	ada.get(trafficPath + "?tenant=berlin").saysNot("quota of 1,000").says("quota of 2 tokens")

	ada.get("/console/tenants").saysNot("tokens a minute")
	actor := h.adaAt(h.now())
	in, err := h.service.Resolve(t.Context(), actor, "", "berlin")
	h.must(err)
	_, err = h.service.PatchTenant(t.Context(), actor, in, admin.TenantPatch{TokensPerMinute: new(1000)})
	h.must(err)
	ada.get("/console/tenants").says("1,000 tokens a minute")
	ada.get(trafficPath + "?tenant=berlin").says("quota of 1,000 tokens a minute")
}
