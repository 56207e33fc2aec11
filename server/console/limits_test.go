package console_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/tokens"
)

// withAudiences configures two APIs.
func withAudiences(o *server.Options) {
	for _, name := range []string{"https://api.example", "https://billing.example"} {
		o.Audiences = append(o.Audiences, server.Audience{Name: name, Algorithm: tokens.ES256})
	}
}

// limit changes a key of the tenant berlin in the store.
func (h *harness) limit(user, clientID string, patch policy.KeyPatch) {
	h.Helper()
	h.must(h.store.UpdateMembership(h.Context(), "berlin", user, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		key, err := m.Key(clientID)
		h.must(err)
		key, err = key.Patched(patch)
		h.must(err)
		m, err = m.WithPatchedKey(key, []policy.IndexRenewal{{Index: 1 << 20}})
		return m, nil, err
	}))
}

// keyOfLinus is a key of Linus in berlin.
func (h *harness) keyOfLinus(clientID string) policy.AccessKey {
	h.Helper()
	m, err := h.store.Membership(h.Context(), "berlin", "linus")
	h.must(err)
	key, err := m.Key(clientID)
	h.must(err)
	return key
}

// A key is created with limits, and its page changes label and limits; errors keep what was typed (R33).
func TestLimits(t *testing.T) {
	h := newHarness(t, withAudiences)
	tom := h.as("tom")
	end := h.now().Add(20 * policy.Day).UTC().Truncate(time.Minute)
	limits := form{
		"user": {"linus"}, "label": {"contractor"}, "scope": {"api"}, "networks": {"192.0.2.0/24\r\n2001:db8::/32 "},
		"audiences": {"https://billing.example"}, "lifetime": {"300"}, "tokens_per_minute": {"60"},
		"expires_at": {end.Format("2006-01-02T15:04")},
	}
	tom.get(newKey).want(200).says("Limits").has(`<details class="more limits">`)
	for field, wrong := range map[string]struct{ value, says string }{
		"networks":          {"192.0.2.0/24\nbuild.example", "Enter at most 20 networks"},
		"audiences":         {"https://unknown.example", "allowed are"},
		"lifetime":          {"59", "Enter a whole number of seconds"},
		"tokens_per_minute": {"1000001", "Enter a whole number from 1 to 1,000,000"},
		"expires_at":        {"2020-01-31T10:00", "Choose a time in the future"},
	} {
		bad := maps.Clone(limits)
		bad[field] = []string{wrong.value}
		p := tom.submit(newKey, bad).want(422).has(`<details class="more limits" open>`, `value="contractor"`)
		if field != "audiences" {
			p.says(wrong.says, bad["networks"][0][:12]).has(`id="` + field + `-error"`)
		}
	}
	clientID, _ := tom.submit(newKey, limits).revealed()
	key := h.keyOfLinus(clientID)
	if len(key.AllowedNetworks) != 2 || len(key.Audiences) != 1 || key.TokenLifetimeSeconds != 300 || key.TokensPerMinute != 60 ||
		!key.ExpiresAt.Equal(end) {
		t.Errorf("made with %+v", key)
	}
	tom.get(berlinKeys).says("2 networks, 1 API, tokens of 5 minutes", "for good")
	tom.get(berlinKeys + "/" + clientID).says("Edit")
	tom.get(berlinKeys + "/" + clientID + "/revoke").
		says("from 192.0.2.0/24, 2001:db8::/32; for https://billing.example; tokens of 300 seconds")

	edit := berlinKeys + "/" + clientID + "/edit"
	tom.get(edit).want(200).says("Edit “contractor”").has(`value="300"`, `value="60"`, `value="`+end.Format("2006-01-02T15:04")+`"`,
		"192.0.2.0/24\n2001:db8::/32", `value="https://billing.example" checked`)
	delete(limits, "user")
	limits["label"], limits["lifetime"] = []string{"agency"}, []string{"5"}
	tom.post(edit, limits).want(422).says("Enter a whole number of seconds").has(`value="agency"`, `value="5"`, `id="lifetime-error"`)
	limits["lifetime"], limits["networks"] = []string{""}, []string{""}
	tom.post(edit, limits).want(303)
	if key = h.keyOfLinus(clientID); key.Label != "agency" || key.TokenLifetimeSeconds != 0 || len(key.AllowedNetworks) != 0 ||
		!key.ExpiresAt.Equal(end) || key.TokensPerMinute != 60 || len(key.Audiences) != 1 {
		t.Errorf("changed to %+v", key)
	}
	tom.get(berlinKeys).says("Changed " + clientID).saysNot("have ended")
	limits["lifetime"] = []string{"60"}
	tom.post(edit, limits).want(303)
	tom.get(berlinKeys).says("have ended")
	tom.post(edit, form{"label": {""}, "scope": {"api"}}).want(303)
	if key = h.keyOfLinus(clientID); !key.ExpiresAt.IsZero() || key.TokensPerMinute != 0 || key.Audiences != nil {
		t.Errorf("all taken away, and it has %+v", key)
	}
}

// What a form can't show, or the settings no longer allow, stays as it is unless it is touched.
func TestEditLeavesWhatIsNotTouched(t *testing.T) {
	h := newHarness(t)
	clientID, _ := h.key("berlin", "linus", "old", 1)
	end := h.now().Add(30*policy.Day + 17*time.Second + 5)
	h.limit("linus", clientID, policy.KeyPatch{
		Audiences: &[]string{"https://gone.example"}, TokenLifetimeSeconds: new(86400), ExpiresAt: &end,
	})
	h.as("tom").post(berlinKeys+"/"+clientID+"/edit", form{
		"label": {"new"}, "scope": {"api"}, "audiences": {"https://gone.example"}, "lifetime": {"86400"},
		"expires_at": {end.UTC().Format("2006-01-02T15:04")},
	}).want(303)
	if key := h.keyOfLinus(clientID); key.Label != "new" || !key.ExpiresAt.Equal(end) || key.TokenLifetimeSeconds != 86400 {
		t.Errorf("it is %+v", key)
	}
}

// A form can choose several APIs.
func TestSeveralAPIsAreChosen(t *testing.T) {
	h := newHarness(t, withAudiences)
	tom := h.as("tom")
	both := []string{"https://api.example", "https://billing.example"}
	clientID, _ := tom.submit(newKey, form{"user": {"linus"}, "label": {""}, "scope": {"api"}, "audiences": both}).revealed()
	if key := h.keyOfLinus(clientID); !slices.Equal(key.Audiences, both) {
		t.Errorf("made for %v", key.Audiences)
	}
	tom.post(berlinKeys+"/"+clientID+"/edit", form{"label": {"both"}, "scope": {"api"}, "audiences": both}).want(303)
	if key := h.keyOfLinus(clientID); !slices.Equal(key.Audiences, both) || key.Label != "both" {
		t.Errorf("changed to %+v", key)
	}
}

// The page of a key takes scopes away and never adds one (R9).
func TestEditTakesScopesAway(t *testing.T) {
	h := newHarness(t)
	tom := h.as("tom")
	clientID, secret := tom.submit(newKey, form{"user": {"tom"}, "scope": {"api", "reports", "keys:read"}}).revealed()
	token := h.accessToken(clientID, secret)
	edit := berlinKeys + "/" + clientID + "/edit"
	tom.get(edit).want(200).says("Scopes", "can only become fewer", "reports", "keys:read").saysNot("keys:write").
		has(`name="scope" value="reports" checked`)
	tom.post(edit, form{"label": {"less"}}).want(422).says("Choose at least one of the scopes").has(`id="scope-error"`, `value="less"`)
	tom.post(edit, form{"label": {"less"}, "scope": {"api", "keys:write"}}).want(422).says("gets no more scopes once it is made")
	tom.post(edit, form{"label": {"less"}, "scope": {"api", "keys:read"}}).want(303)
	tom.get(berlinKeys).says("without reports from now on", "have ended")
	m, err := h.store.Membership(t.Context(), "berlin", "tom")
	h.must(err)
	if key, err := m.Key(clientID); err != nil || !slices.Equal(key.Scopes, []string{"api", "keys:read"}) {
		t.Errorf("it has %v, %v", key.Scopes, err)
	}
	if status := h.useToken(token); status != 401 {
		t.Errorf("a token with the scope that was taken away is answered %d", status)
	}
	tom.get(edit).want(200).saysNot("reports")
}

// An expired key gets no other end, and nobody edits what is not theirs to stop.
func TestEditIsRefused(t *testing.T) {
	h := newHarness(t)
	clientID, _ := h.key("berlin", "linus", "old", 100)
	h.as("tom").post(berlinKeys+"/"+clientID+"/edit", form{"label": {"old"}, "scope": {"api"}, "expires_at": {"2099-01-01T00:00"}}).want(409).
		says("has expired").has(`value="2099-01-01T00:00"`)
	h.as("grace").get(berlinKeys + "/" + clientID + "/edit").want(403)
	h.as("tom").get(berlinKeys + "/mk_unknown/edit").want(404)
}
