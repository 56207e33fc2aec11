package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"mintkey/admin"
	"mintkey/policy"
)

const berlinSettings = "/console/tenants/berlin/settings"

// The admins of a tenant see its page with its members; those who manage tenants change its quota there. Others do not see it.
func TestPageOfATenant(t *testing.T) {
	onEachStore(t, func(_ *testing.T, h *harness) {
		_, _ = h.key("berlin", "grace", "live", 12)
		_, _ = h.key("berlin", "grace", "expired", 95)
		tom, ada := h.as("tom"), h.as("ada")
		tom.get(berlinSettings).want(200).says(
			"Berlin", "24.3", "All 2", "Active 1", "Expired 1", "Grace Hopper", "1 key, 1 expired", "Hal Abelson", "Disabled",
			"Tom Kilburn", "Tenant admin",
		).saysNot("Settings", "Suspend Berlin").has(`href="/console/tenants/berlin/keys?state=active"`)
		tom.get("/console/account").has(`href="` + berlinSettings + `"`)
		tom.post(berlinSettings, form{"tokens_per_minute": {"10"}}).want(http.StatusForbidden)
		tom.get("/console/tenants/lisbon/settings").want(http.StatusForbidden)
		tom.get("/console/tenants/oslo/settings").want(http.StatusNotFound)
		h.as("grace").get(berlinSettings).want(http.StatusForbidden)
		h.as("rita").get(berlinSettings).want(http.StatusNotFound)

		ada.get("/console/tenants").has(`href="` + berlinSettings + `"`)
		ada.get(berlinSettings).says("Settings", "Suspend Berlin", "Account admin").has(`href="/console/users/grace"`)
		ada.post(berlinSettings, form{"tokens_per_minute": {"none"}}).want(422).has(`id="tokens_per_minute-error"`, `value="none"`)
		ada.post(berlinSettings, form{"tokens_per_minute": {"1,200"}}).leadsTo(berlinSettings)
		ada.get(berlinSettings).says("Saved. Berlin has 1,200 tokens a minute now.").has(`value="1200"`)
		ada.post(berlinSettings, form{"tokens_per_minute": {""}}).leadsTo(berlinSettings)
		ada.get(berlinSettings).says("Berlin has no quota now.")
	})
}

// Account admins rename a tenant.
func TestRenamingATenantInTheConsole(t *testing.T) {
	h := newHarness(t)
	ada := h.as("ada")
	ada.post(berlinSettings, form{"name": {" Berlin, Mitte "}, "tokens_per_minute": {""}}).leadsTo(berlinSettings)
	ada.get(berlinSettings).says("Saved. Berlin, Mitte has no quota now.").has(`value="Berlin, Mitte"`)
	ada.get("/console/tenants").says("Berlin, Mitte")
	ada.get("/console/activity").says("Changed tenant", "“Berlin, Mitte” · “Berlin” before")
	ada.post(berlinSettings, form{"name": {"a\nb"}, "tokens_per_minute": {"7"}}).want(422).has(`id="name-error"`, `value="7"`)
	h.as("tom").post(berlinSettings, form{"name": {"Mine"}, "tokens_per_minute": {""}}).want(http.StatusForbidden)
	if tenant, err := h.store.Tenant(t.Context(), "berlin"); err != nil || tenant.Name != "Berlin, Mitte" || tenant.TokensPerMinute != 0 {
		t.Errorf("%+v: %v", tenant, err)
	}
}

// Account admins say who else gets the notices of a tenant's keys; all its admins see who it is.
func TestNoticeAddressesInTheConsole(t *testing.T) {
	onEachStore(t, func(t *testing.T, h *harness) {
		tom, ada := h.as("tom"), h.as("ada")
		save := func(text string) page {
			return ada.post(berlinSettings, form{"name": {"Berlin"}, "tokens_per_minute": {""}, "notice_addresses": {text}})
		}
		save("ops@acme.example\r\n oncall@acme.example, Ops@acme.example").leadsTo(berlinSettings)
		tom.get(berlinSettings).says("To owners, ops @acme.example , oncall @acme.example")
		ada.get(berlinSettings).has("ops@acme.example\noncall@acme.example</textarea>").
			says("This server sends no mail so far")
		ada.get("/console/activity").says("Changed tenant", "notices also to ops@acme.example, oncall@acme.example")
		save("somebody").want(422).says("Enter at most 10 e-mail addresses").has(`id="notice_addresses-error"`, ">somebody</textarea>")
		ada.post(berlinSettings, form{"name": {"Berlin"}, "tokens_per_minute": {"5"}}).leadsTo(berlinSettings) // from a page without the field
		if tenant, err := h.store.Tenant(t.Context(), "berlin"); err != nil || len(tenant.NoticeAddresses) != 2 {
			t.Errorf("%q: %v", tenant.NoticeAddresses, err)
		}
		save("").leadsTo(berlinSettings)
		ada.get("/console/activity").says("notices to owners alone")
		if tenant, err := h.store.Tenant(t.Context(), "berlin"); err != nil || len(tenant.NoticeAddresses) != 0 {
			t.Errorf("%q: %v", tenant.NoticeAddresses, err)
		}
	})
}

// Who saves a quota over that of somebody else is told.
func TestTwoAdminsEditATenant(t *testing.T) {
	h := newHarness(t)
	ada := h.as("ada")
	_, tag, _ := strings.Cut(ada.get(berlinSettings).body, `name="if_match" value="`)
	tag, _, _ = strings.Cut(tag, `"`)
	actor := h.adaAt(start)
	place, err := h.service.Resolve(t.Context(), actor, "", "berlin")
	h.must(err)
	_, err = h.service.PatchTenant(t.Context(), actor, place, admin.TenantPatch{Name: new("Spree"), TokensPerMinute: new(500)})
	h.must(err)
	ada.post(berlinSettings, form{"name": {"Berlin"}, "tokens_per_minute": {"10"}, "if_match": {tag}}).want(http.StatusConflict).
		says("Ada Lovelace has changed this since you opened the page", "Now: 500", "Now: Spree").has(`value="10"`, `value="Berlin"`)
	if tenant, err := h.store.Tenant(t.Context(), "berlin"); err != nil || tenant.TokensPerMinute != 500 {
		t.Errorf("the quota is %d: %v", tenant.TokensPerMinute, err)
	}
}

// Members are found and page.
func TestMembersOfATenantPage(t *testing.T) {
	h := newHarness(t)
	for i := range 60 {
		id := fmt.Sprintf("user-%02d", i)
		h.user("acme", id, "Person "+id)
		h.member("berlin", id, policy.RoleMember)
	}
	tom := h.as("tom")
	first := tom.get(berlinSettings).says("Ada Lovelace", "Next").saysNot("Person user-59")
	_, next, _ := strings.Cut(first.body, `href="`+berlinSettings+`?after=`)
	next, _, _ = strings.Cut(next, "#")
	tom.get(berlinSettings+"?after="+next).says("Person user-59", "Back to the start").saysNot("Ada Lovelace")
	tom.get(berlinSettings+"?q=USER-31").says("Person user-31").saysNot("Person user-32", "Next")
	tom.get(berlinSettings + "?q=nobody").says("Nobody here has “nobody” in name or e-mail address.")
}
