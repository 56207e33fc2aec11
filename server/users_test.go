package server_test

import (
	"strings"
	"testing"

	"mintkey/policy"
)

const acmeUsers = "/admin/v1/accounts/acme/users"

func TestUsers(t *testing.T) {
	onEachStore(t, func(w *world) {
		a := w.post(w.ada, acmeUsers, `{"id":"zoe","name":"Zoë","email":"Zoe@Acme.example",`+
			`"roles":["account_admin","account_admin"],"password":"correct horse"}`).want(201)
		a.golden("user")
		w.get(w.ada, a.location()).want(200).golden("user")
		w.post(w.ada, acmeUsers, `{"email":"zoe@acme.EXAMPLE"}`).wantCode(409, "email_taken")
		w.post(w.gus, "/admin/v1/accounts/globex/users", `{"email":"zoe@acme.example"}`).want(201) // addresses are unique in the account

		w.patch(w.ada, acmeUsers+"/zoe", `{"name":"Zoe","email":"z@acme.example","roles":[],"password":null}`).want(200).golden("user_patched")
		w.patch(w.ada, acmeUsers+"/zoe", `{}`).want(200).golden("user_patched")
		w.patch(w.ada, acmeUsers+"/zoe", `{"email":"mia@acme.example"}`).wantCode(409, "email_taken")
		w.post(w.ada, acmeUsers, `{"email":"zoe@acme.example"}`).want(201) // the old address is free

		w.delete(w.ada, acmeUsers+"/zoe").want(204)
		w.get(w.ada, acmeUsers+"/zoe").wantCode(404, "not_found")
		w.delete(w.ada, acmeUsers+"/zoe").wantCode(404, "not_found")
		w.post(w.ada, acmeUsers, `{"email":"z@acme.example"}`).want(201)
	})
}

func TestPasswordsOfUsers(t *testing.T) {
	w := newWorld(t)
	hash := func() string {
		user, err := w.store.User(w.Context(), "acme", "mia")
		w.must(err)
		return user.PasswordHash
	}
	w.patch(w.ada, acmeUsers+"/mia", `{"password":"correct horse"}`).want(200)
	if right, err := w.hasher.Verify(t.Context(), hash(), "correct horse"); err != nil || !right {
		t.Errorf("the password does not fit its hash %q: %v", hash(), err)
	}
	w.patch(w.ada, acmeUsers+"/mia", `{"name":"Mia"}`).want(200)
	if hash() == "" {
		t.Error("a patch of the name took the password away")
	}
	for _, password := range []any{
		"", "short", "ninechars", "password2026", "mia@acme.example", "Mia-2026-2026", strings.Repeat("x", 257), "            ",
	} {
		w.patch(w.ada, acmeUsers+"/mia", map[string]any{"password": password}).wantCode(422, "invalid_password")
		w.post(w.ada, acmeUsers, map[string]any{"email": "mia@acme.example", "name": "Mia", "password": password}).
			wantCode(422, "invalid_password")
	}
	for _, password := range []any{1, true, []string{"correct horse"}, map[string]string{}} {
		w.patch(w.ada, acmeUsers+"/mia", map[string]any{"password": password}).wantCode(400, "invalid_request")
	}
	a := w.patch(w.ada, acmeUsers+"/mia", `{"password":null}`).want(200)
	if hash() != "" || !strings.Contains(a.body, `"has_password":false`) {
		t.Errorf("the password is still there: %s", a.body)
	}
}

func TestEmailsOfUsers(t *testing.T) {
	w := newWorld(t)
	for _, email := range []string{
		"", "x", "@acme.example", "x@", "a@b@c", "Zoe <zoe@acme.example>", "a@acme.example,b@acme.example",
		"a@acme.example\n", "a\r\nBcc: b@acme.example", strings.Repeat("x", 250) + "@acme.example",
	} {
		w.post(w.ada, acmeUsers, map[string]string{"email": email}).wantCode(422, "invalid_email")
		w.patch(w.ada, acmeUsers+"/mia", map[string]string{"email": email}).wantCode(422, "invalid_email")
	}
	w.patch(w.ada, acmeUsers+"/mia", `{"name":""}`).wantCode(422, "invalid_name")
}

// Disabling a user stops the keys in every tenant, as one record that is asked at each use; enabling gives back exactly those (R8).
func TestDisabledUsersHaveNoUseOfTheirKeys(t *testing.T) {
	onEachStore(t, func(w *world) {
		mia := w.mia
		w.put(w.ada, "/admin/v1/tenants/mill/members/mia", `{"role":"member"}`).want(201)
		elsewhere := mia
		elsewhere.tenant = "mill"
		elsewhere = w.giveKey(elsewhere, "api")

		a := w.patch(w.ada, acmeUsers+"/mia", `{"disabled":true}`).want(200)
		if !strings.Contains(a.body, `"disabled":true`) {
			w.Error(a.body)
		}
		w.patch(w.ada, acmeUsers+"/mia", `{"disabled":true}`).want(200)
		w.exchange(mia).want(401)
		w.exchange(elsewhere).want(401)
		w.get(w.ada, "/admin/v1/tenants/forge/keys/"+mia.clientID).want(200)
		w.post(w.ada, "/admin/v1/tenants/forge/keys", newKey("mia", "api")).wantCode(409, "user_disabled")
		revoked := w.makeKey(w.ada, w.newMember(), "api")
		w.patch(w.ada, acmeUsers+"/"+revoked.id, `{"disabled":true}`).want(200)
		w.delete(w.ada, keyPath(revoked)).want(204)

		w.patch(w.ada, acmeUsers+"/mia", `{"disabled":false}`).want(200)
		w.patch(w.ada, acmeUsers+"/"+revoked.id, `{"disabled":false}`).want(200)
		w.exchange(mia).want(200)
		w.exchange(elsewhere).want(200)
		w.exchange(revoked).want(401)
		w.post(w.ada, "/admin/v1/tenants/mill/keys", newKey("mia", "api")).want(201)
	})
}

func TestDeletedUsersLoseEverything(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.put(w.ada, "/admin/v1/tenants/mill/members/mia", `{"role":"member"}`).want(201)
		w.delete(w.ada, acmeUsers+"/mia").want(204)
		w.exchange(w.mia).want(401)
		for _, tenant := range []string{"forge", "mill"} {
			members, _ := w.get(w.ada, "/admin/v1/tenants/"+tenant+"/members").values("user_id")
			if strings.Contains(strings.Join(members, " "), "mia") {
				w.Errorf("still a member of %s: %q", tenant, members)
			}
		}
		// Nobody gets the same ID again, and somebody new with the same address starts with nothing.
		w.post(w.ada, acmeUsers, `{"id":"mia","email":"mia@acme.example"}`).wantCode(409, "id_taken")
		w.post(w.ada, acmeUsers, `{"id":"mia-2","email":"mia@acme.example"}`).want(201)
		w.post(w.ada, "/admin/v1/tenants/forge/keys", newKey("mia-2", "api")).wantCode(422, "not_a_member")
		w.exchange(w.mia).want(401)
	})
}

func TestMembers(t *testing.T) {
	onEachStore(t, func(w *world) {
		const path = "/admin/v1/tenants/mill/members"
		w.clock.advance(policy.Day)
		w.put(w.ada, path+"/mia", `{"role":"member"}`).want(201).golden("member")
		w.clock.advance(policy.Day)
		w.put(w.ada, path+"/mia", `{"role":"member"}`).want(200).golden("member")
		w.put(w.ada, path+"/mia", `{"role":"tenant_admin"}`).want(200).golden("member_promoted")
		w.get(w.tom, "/admin/v1/tenants/forge/members?limit=2").want(200).golden("members")
		w.put(w.ada, path+"/nobody", `{"role":"member"}`).wantCode(404, "not_found")
		w.put(w.ada, path+"/mia", `{}`).wantCode(422, "invalid_role")

		elsewhere := w.mia
		elsewhere.tenant = "mill"
		elsewhere = w.giveKey(elsewhere, "api")
		w.exchange(elsewhere).want(200)
		w.delete(w.ada, path+"/mia").want(204)
		w.exchange(elsewhere).want(401)
		w.exchange(w.mia).want(200) // her key in the other tenant lives
		w.delete(w.ada, path+"/mia").wantCode(404, "not_found")
		w.put(w.ada, path+"/mia", `{"role":"member"}`).want(201)
		w.exchange(elsewhere).want(401) // and does not come back
	})
}
