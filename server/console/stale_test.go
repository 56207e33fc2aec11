package console_test

import (
	"maps"
	"regexp"
	"testing"
	"time"

	"mintkey/policy"
)

// edited returns the fields with the tag of the record that the page shows, as its form sends it.
func (p page) edited(values form) form {
	p.Helper()
	all := maps.Clone(values)
	if tag := regexp.MustCompile(`name="if_match" value="([^"]+)"`).FindStringSubmatch(p.body); tag != nil {
		all.Set("if_match", tag[1])
	}
	return all
}

// Who saves an access key over what somebody else has changed meanwhile is told, and keeps what they typed.
func TestTwoAdminsEditAKey(t *testing.T) { onEachStore(t, testTwoAdminsEditAKey) }

func testTwoAdminsEditAKey(t *testing.T, h *harness) {
	clientID, secret := h.key("berlin", "linus", "old", 1)
	edit := berlinKeys + "/" + clientID + "/edit"
	tom, ada := h.as("tom"), h.as("ada")
	first, second := tom.get(edit).want(200), ada.get(edit).want(200)
	h.token(clientID, secret) // being used is no change
	h.used(clientID, 0)
	ada.post(edit, second.edited(form{"label": {"by ada"}, "scope": {"api"}, "lifetime": {"300"}, "networks": {"192.0.2.0/24"}})).want(303)
	told := tom.post(edit, first.edited(form{"label": {"by tom"}, "scope": {"api"}, "lifetime": {"600"}})).want(409).
		says("Somebody has changed this", "Now: by ada", "Now: 300", "Now: 192.0.2.0/24").saysNot("Ada Lovelace has").
		has(`value="by tom"`, `value="600"`)
	if key := h.keyOfLinus(clientID); key.Label != "by ada" || key.TokenLifetimeSeconds != 300 {
		t.Fatalf("overwritten with %+v", key)
	}
	wrong := tom.post(edit, first.edited(form{"label": {"by tom"}, "scope": {"api"}, "lifetime": {"5"}})).want(422)
	tom.post(edit, wrong.edited(form{"label": {"by tom"}, "scope": {"api"}})).want(409) // a mistake in between changes nothing
	h.advance(time.Minute)
	tom.post(edit, told.edited(form{"label": {"by tom"}, "scope": {"api"}, "lifetime": {"600"}})).want(303)
	if key := h.keyOfLinus(clientID); key.Label != "by tom" || key.TokenLifetimeSeconds != 600 || key.AllowedNetworks != nil {
		t.Errorf("saved knowingly, it is %+v", key)
	}
	ada.post(edit, second.edited(form{"label": {"by ada"}, "scope": {"api"}})).want(409).says("Tom Kilburn has changed this", "Now: by tom")
}

func TestTwoAdminsEditAUser(t *testing.T) {
	h := newHarness(t)
	h.giveGrace(policy.RoleAccountAdmin)
	ada, grace := h.as("ada"), h.as("grace")
	const path = "/console/users/linus"
	first, second := ada.get(path).want(200), grace.get(path).want(200)
	save := func(name, email string) form { return form{"do": {"save"}, "name": {name}, "email": {email}} }
	grace.post(path, second.edited(save("Linus T.", "linus@acme.example"))).want(303)
	told := ada.post(path, first.edited(save("Linus Torvalds", "torvalds@acme.example"))).want(409).
		says("Grace Hopper has changed this", "Now: Linus T.", "Now: linus@acme.example").has(`value="torvalds@acme.example"`)
	if user, err := h.store.User(t.Context(), "acme", "linus"); err != nil || user.Name != "Linus T." {
		t.Fatalf("overwritten with %+v, %v", user, err)
	}
	h.advance(time.Minute)
	ada.post(path, told.edited(save("Linus Torvalds", "torvalds@acme.example"))).want(303)
	grace.post(path, second.edited(save("Linus", "linus@acme.example"))).want(409).says("Ada Lovelace has changed this")
}

func TestTwoAdminsChangeThePolicy(t *testing.T) {
	h := newHarness(t)
	h.giveGrace(policy.RoleAccountAdmin)
	ada, grace := h.as("ada"), h.as("grace")
	const path = "/console/security"
	first, second := ada.get(path).want(200), grace.get(path+"?enabled=on&period_days=120").want(200)
	grace.post(path, second.edited(form{"enabled": {"on"}, "period_days": {"120"}})).want(303)
	told := ada.post(path, first.edited(form{"enabled": {"on"}, "period_days": {"180"}})).want(409).
		says("Grace Hopper has changed this", "expire 120 days after").has(`value="180" selected`)
	preview := path + "?" + first.edited(form{"enabled": {"on"}, "period_days": {"180"}}).Encode()
	ada.get(preview).want(200).has(first.edited(form{}).Get("if_match"))
	ada.post(path, told.edited(form{"enabled": {"on"}, "period_days": {"180"}})).want(303)
}
