package console_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"mintkey/policy"
)

// ceiling is what the key of the user in the tenant can do at most.
func (h *harness) ceiling(tenant, user, clientID string) policy.Role {
	h.Helper()
	m, err := h.store.Membership(h.Context(), tenant, user)
	h.must(err)
	key, err := m.Key(clientID)
	h.must(err)
	return key.Ceiling
}

// giveGrace makes these the roles of Grace in the account.
func (h *harness) giveGrace(roles ...policy.Role) {
	h.Helper()
	h.must(h.store.UpdateUser(h.Context(), "acme", "grace", func(u policy.User) (policy.User, []policy.Event, error) {
		u.Roles = roles
		return u, nil, nil
	}))
}

// accessToken fetches a token with the secret.
func (h *harness) accessToken(clientID, secret string) string {
	h.Helper()
	response, err := http.PostForm(h.url+"/oauth2/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret},
	})
	h.must(err)
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	h.must(json.NewDecoder(response.Body).Decode(&answer))
	return answer.AccessToken
}

// useToken is the status with which the administration API answers a token.
func (h *harness) useToken(token string) int {
	h.Helper()
	request, err := http.NewRequestWithContext(h.Context(), http.MethodGet, h.url+"/admin/v1/accounts", nil)
	h.must(err)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	h.must(err)
	h.must(response.Body.Close())
	return response.StatusCode
}

// R9: only a secret that its owner is shown, signed in, takes the owner's present authority; and that of the key's tenant, whichever one
// the session is for.
func TestOnlyTheOwnerInASessionRaisesTheCeiling(t *testing.T) {
	h := newHarness(t)
	here, _ := h.key("lisbon", "tom", "made by ada", 1)
	there, _ := h.key("berlin", "grace", "made by ada", 1)
	h.giveGrace(policy.RoleOperator)
	h.as("ada").submit(berlinKeys+"/"+there+"/refresh", form{"overlap": {"0"}}).revealed()
	if got := h.ceiling("berlin", "grace", there); got != policy.RoleMember {
		t.Errorf("refreshed by somebody else the key can do what an %s can", got)
	}
	_, known := h.as("ada").submit(berlinKeys+"/"+there+"/refresh", form{"overlap": {"0"}}).revealed()
	token := h.accessToken(there, known)
	h.as("grace").submit("/console/account/keys/"+there+"/refresh", form{"overlap": {"3600"}}).revealed()
	if got := h.ceiling("berlin", "grace", there); got != policy.RoleMember {
		t.Errorf("with an old secret that others know, the key can do what an %s can", got)
	}
	if status := h.useToken(token); status != http.StatusForbidden { // alive, without a scope for this
		t.Errorf("a token from before is answered %d", status)
	}
	h.as("grace").submit("/console/account/keys/"+there+"/refresh", form{"overlap": {"0"}}).revealed()
	if status := h.useToken(token); status != http.StatusUnauthorized {
		t.Errorf("a token that others may have is answered %d, though its key can do more now", status)
	}
	if got := h.ceiling("berlin", "grace", there); got != policy.RoleOperator {
		t.Errorf("refreshed by its owner the key can do what a %s can", got)
	}
	tom := h.as("tom") // a tenant admin in berlin, which his session is for, and a member of lisbon
	tom.submit("/console/account/keys/"+here+"/refresh", form{"overlap": {"0"}}).revealed()
	if got := h.ceiling("lisbon", "tom", here); got != policy.RoleMember {
		t.Errorf("the key of a member can do what a %s can", got)
	}
	waiting := h.waiting("lisbon", "tom", "to pick up")
	clientID, _ := tom.post(waiting, form{}).revealed()
	if got := h.ceiling("lisbon", "tom", clientID); got != policy.RoleMember {
		t.Errorf("the picked-up key of a member can do what a %s can", got)
	}
}

func TestTheConsoleSaysWhichScopesWereDropped(t *testing.T) {
	h := newHarness(t)
	tom := h.as("tom")
	clientID, _ := tom.submit(newKey, form{"user": {"tom"}, "scope": {"api", "keys:read"}}).revealed()
	h.must(h.store.UpdateMembership(t.Context(), "berlin", "tom", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.Role = policy.RoleMember
		return m, nil, nil
	}))
	h.as("tom").submit("/console/account/keys/"+clientID+"/refresh", form{"overlap": {"0"}}).
		says("Scopes that the key has lost", "keys:read")
}

// The refusals of R9 and R32, in words for people.
func TestTheConsoleExplainsRefusalsOfAuthority(t *testing.T) {
	h := newHarness(t)
	h.as("tom").submit(newKey, form{"user": {"linus"}, "scope": {"api", "keys:read"}}).want(422).
		says("does not allow keys:read", "self, rotate, tokens:introspect")
	ada := h.as("ada")
	ada.post("/console/users/ada", yes(form{"do": {"disable"}})).want(409).says("Nobody else who is a member of a tenant has this role")
	without := form{"do": {"save"}, "name": {"Ada"}, "email": {"ada@acme.example"}} // any role
	ada.post("/console/users/ada", without).want(409).says("Nobody else who is a member")
	ada.post("/console/tenants/berlin/members", yes(form{"user": {"ada"}, "role": {""}})).want(409).
		says("Nobody else who is a member of a tenant has this role")
	h.giveGrace(policy.RoleOperator)
	ada.post("/console/tenants/berlin/members", yes(form{"user": {"grace"}, "role": {""}})).want(403).says("Not yours to change")
	ada.post("/console/users/grace", yes(form{"do": {"disable"}})).want(403).says("Not yours to change")
}
