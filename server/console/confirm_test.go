package console_test

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// yes is the form that a question sends.
func yes(values form) form {
	all := form{}
	maps.Copy(all, values)
	all.Set("confirm", "yes")
	return all
}

// typed is yes with what many access keys ask for.
func typed(text string, values form) form {
	all := yes(values)
	all.Set("confirm_typed", text)
	return all
}

// What ends something asks first, says what ends, and does nothing until the answer is yes.
func TestDestructionAsks(t *testing.T) { onEachStore(t, testDestructionAsks) }

func testDestructionAsks(t *testing.T, h *harness) {
	clientID, _ := h.key("berlin", "grace", "nightly", 20)
	h.used(clientID, 3*time.Hour)
	h.key("lisbon", "grace", "weekly", 20)
	h.giveGrace(policy.RoleAccountAdmin)
	tom, ada, grace := h.as("tom"), h.as("ada"), h.as("grace")
	ada.post(securityPath, yes(form{"enabled": {"on"}, "period_days": {"180"}})).want(303)
	before := h.everything()
	const user, members = "/console/users/grace", "/console/tenants/berlin/members"
	save := form{"do": {"save"}, "name": {"Grace Hopper"}, "email": {"grace@acme.example"}}
	for name, asks := range map[string]struct {
		who    *visitor
		path   string
		sent   form
		saying []string
	}{
		"disable": {ada, user, form{"do": {"disable"}}, []string{
			"Disable Grace Hopper?", "2 access keys stop", clientID, "last access 3 hours ago", "never used",
		}},
		"robot": {ada, user, form{"do": {"robot"}}, []string{"Make Grace Hopper a robot?", "can’t be undone"}},
		"password": {ada, user, form{"do": {"password"}, "password": {"something long"}}, []string{
			"Set a password for Grace Hopper?", "New password",
		}},
		"forget": {ada, user, form{"do": {"forget-openid"}}, []string{"grace@acme.example"}},
		"demote": {ada, user, save, []string{"Take a role from Grace Hopper?", "Account admin"}},
		"remove": {ada, members, form{"user": {"grace"}, "role": {""}}, []string{
			"Remove Grace Hopper from Berlin?", "1 access key stops",
		}},
		"demote tom": {ada, members, form{"user": {"tom"}, "role": {"member"}}, []string{"Make Tom Kilburn a plain member of Berlin?"}},
		"policy": {ada, securityPath, form{"enabled": {"on"}, "period_days": {"90"}}, []string{
			"after 180 days", "after 90 days", "2 access keys will expire earlier",
		}},
		"policy off": {ada, securityPath, form{"period_days": {"180"}, "acknowledge_risk": {"on"}}, []string{
			"2 access keys that would have expired will not",
		}},
		"revoke":      {tom, berlinKeys + "/" + clientID + "/revoke", form{}, []string{"Revoke “nightly”?"}},
		"suspend":     {tom, berlinKeys + "/" + clientID + "/suspend", form{"reason": {"a reason"}}, []string{"Suspend “nightly”?"}},
		"own revoke":  {grace, "/console/account/keys/" + clientID + "/revoke", form{}, []string{"Revoke “nightly”?"}},
		"own suspend": {grace, "/console/account/keys/" + clientID + "/suspend", form{}, []string{"Suspend “nightly”?"}},
		"tenant": {ada, "/console/tenants/berlin/suspend", form{}, []string{
			"Suspend Berlin?", "5 members", "1 access key stops", "type the name of the tenant",
		}},
		"all sessions":  {grace, "/console/sign-out-everywhere", form{}, []string{"Sign out everywhere?"}},
		"confirm empty": {ada, user, form{"do": {"disable"}, "confirm": {""}}, []string{"Disable Grace Hopper?"}},
	} {
		p := asks.who.post(asks.path, asks.sent).want(200).says(asks.saying...).has(`class="sheet"`, `name="confirm" value="yes"`)
		for field := range asks.sent {
			if field != "password" && field != "confirm" {
				p.has(fmt.Sprintf(`name=%q`, field))
			}
		}
		p.hasNot("something long")
		if now := h.everything(); now != before {
			t.Fatalf("%s changed something before it was confirmed:\n%s\nwas\n%s", name, now, before)
		}
	}
	ada.post(user, yes(form{"do": {"password"}, "password": {"short"}})).want(422).
		says("Set a password for Grace Hopper?").has(`aria-invalid="true"`)
	ada.post("/console/tenants/berlin/suspend", yes(form{})).want(422).says("Type “Berlin”")
	ada.post(members, yes(form{"user": {"grace"}, "role": {""}})).leadsTo(user)
	ada.post(user, yes(save)).leadsTo(user)
	ada.post(user, yes(form{"do": {"disable"}})).leadsTo(user)
	ada.get(user).want(200).says("Disabled")
}

// everything is what a question must not change.
func (h *harness) everything() string {
	h.Helper()
	text := ""
	for _, id := range []string{"grace", "tom"} {
		user, err := h.store.User(h.Context(), "acme", id)
		h.must(err)
		m, err := h.store.Membership(h.Context(), "berlin", id)
		h.must(err)
		text += fmt.Sprintf("%+v %+v\n", user, m)
	}
	account, err := h.store.Account(h.Context(), "acme")
	h.must(err)
	tenant, err := h.store.Tenant(h.Context(), "berlin")
	h.must(err)
	return text + fmt.Sprintf("%+v %+v", account, tenant)
}

// Where many access keys stop, a click is not enough.
func TestManyKeysAskForTyping(t *testing.T) {
	h := newHarness(t)
	ada := h.as("ada")
	for _, tenant := range []string{"oslo", "lisbon", "berlin"} {
		if tenant == "oslo" {
			h.member(tenant, "grace", policy.RoleMember)
		}
		h.key(tenant, "grace", "one", 70)
		h.key(tenant, "grace", "two", 70)
	}
	const user = "/console/users/grace"
	ada.post(user, form{"do": {"disable"}}).want(200).says("6 access keys stop", "And 1 other", "type the name of the user")
	ada.post(user, yes(form{"do": {"disable"}})).want(422).says("Type “Grace Hopper”")
	ada.post(user, typed("Grace", form{"do": {"disable"}})).want(422).has(`value="Grace"`, `id="confirm_typed-error"`)
	ada.post(securityPath, typed("6", form{"enabled": {"on"}, "period_days": {"180"}})).leadsTo(securityPath)
	sooner := form{"enabled": {"on"}, "period_days": {"90"}}
	ada.post(securityPath, sooner).want(200).says("6 access keys will expire earlier", "type the number")
	ada.post(securityPath, typed("5", sooner)).want(422).says("Type “6”")
	ada.post(securityPath, typed("6", sooner)).leadsTo(securityPath)
	ada.post(user, typed(" grace  hopper ", form{"do": {"disable"}})).leadsTo(user)
}

// What would leave nobody in charge is refused beside the control, before anybody is asked.
func TestLastAdminIsRefusedAtThePlace(t *testing.T) {
	h := newHarness(t)
	ada := h.as("ada")
	const why = "Nobody else who is a member of a tenant has this role"
	ada.post("/console/users/ada", form{"do": {"save"}, "name": {"Ada B."}, "email": {"ada@acme.example"}}).want(409).says(why).
		has(`value="Ada B."`, "<legend>Roles in the account")
	ada.post("/console/tenants/berlin/members", form{"user": {"ada"}, "role": {""}}).want(409).says(why).
		has(`class="member-fault"`, `aria-label="Role in Berlin" aria-invalid="true"`)
	ada.post("/console/users/ada", form{"do": {"disable"}}).want(409).says(why)
	ada.get("/console/tenants/berlin/suspend").want(409).says(why) // Ada's only one
	ada.post("/console/tenants/berlin/suspend", typed("Berlin", form{})).want(409).says(why)
}

// Two who change the same person's role, or the same tenant, are told, and see both values.
func TestTwoAdminsChangeAMemberAndATenant(t *testing.T) { onEachStore(t, testTwoAdminsChangeAMember) }

func testTwoAdminsChangeAMember(t *testing.T, h *harness) {
	h.giveGrace(policy.RoleAccountAdmin)
	ada, grace := h.as("ada"), h.as("grace")
	const user, members, oslo = "/console/users/linus", "/console/tenants/berlin/members", "/console/tenants/oslo/suspend"
	m, err := h.store.Membership(t.Context(), "berlin", "linus")
	h.must(err)
	tag := ada.get(user).want(200).tagOf("berlin")
	grace.post(members, form{"user": {"linus"}, "role": {"tenant_admin"}, "if_match": {tag}}).leadsTo(user)
	for _, role := range []string{"", "member", "tenant_admin"} {
		ada.post(members, form{"user": {"linus"}, "role": {role}, "if_match": {tag}}).want(409).
			says("Grace Hopper has changed this", "Now: Tenant admin")
	}
	told := ada.post(members, form{"user": {"linus"}, "role": {""}, "if_match": {tag}}).want(409)
	if now, err := h.store.Membership(t.Context(), "berlin", "linus"); err != nil || now.Role == m.Role {
		t.Fatalf("it is %v, %v", now.Role, err)
	}
	ada.post(members, yes(form{"user": {"linus"}, "role": {""}, "if_match": {told.tagOf("berlin")}})).leadsTo(user)
	if _, err := h.store.Membership(t.Context(), "berlin", "linus"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("still a member: %v", err)
	}

	first, second := ada.get(oslo).want(200), grace.get(oslo).want(200)
	grace.post(oslo, second.edited(typed("Oslo", form{"reason": {"by Grace"}}))).want(303)
	ada.post(oslo, first.edited(typed("Oslo", form{"reason": {"by Ada"}}))).want(409).
		says("has changed this", "It is suspended", "by Grace").has(`value="by Ada"`)
}

// tagOf is the tag of the role that the page of a user shows for a tenant.
func (p page) tagOf(tenant string) string {
	p.Helper()
	_, rest, _ := strings.Cut(p.body, `action="/console/tenants/`+tenant+`/members"`)
	tag := regexp.MustCompile(`name="if_match" value="([^"]+)"`).FindStringSubmatch(rest)
	if tag == nil {
		p.Fatalf("%s has no tag for %s", p.what, tenant)
	}
	return tag[1]
}

func (p page) hasNot(texts ...string) page {
	p.Helper()
	for _, text := range texts {
		if strings.Contains(p.body, text) {
			p.Fatalf("%s has %q", p.what, text)
		}
	}
	return p
}
