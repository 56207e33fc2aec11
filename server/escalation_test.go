package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mintkey/policy"
)

// newKey is the body that creates a key.
func newKey(owner string, scopes ...string) map[string]any {
	return map[string]any{"user_id": owner, "scopes": scopes}
}

// Creating or refreshing a key never gives callers more than their own token allows.
func TestCreatingAKeyGivesNoPower(t *testing.T) {
	w := newWorld(t)
	const keys = "/admin/v1/tenants/forge/keys"
	onlyKeys := scoped{w.ada, "keys:read keys:write"}
	for _, c := range []struct {
		name  string
		actor caller
		body  any
	}{
		{"a tenant admin, through an account admin", w.tom, newKey("ada", "keys:read")},
		{"a tenant admin, through an account admin's own keys", w.tom, newKey("ada", "self")},
		{"a tenant admin, through an operator", w.tom, newKey("olga", "api", "keys:write")},
		{"a tenant admin, through an operator's right to introspect", w.tom, newKey("olga", "tokens:introspect")},
		{"a tenant admin, for a role that may come", w.tom, newKey("tom", "users:write")},
		{"a tenant admin, with all at once", w.tom, newKey("tom", everyScope()...)},
		{"a tenant admin whose token cannot introspect", scoped{w.tom, "keys:write"}, newKey("tom", "tokens:introspect")},
		{"an account admin, through an operator", w.ada, newKey("olga", "keys:read")},
		{"an account admin, with an operator's scope", w.ada, newKey("ada", "accounts:write")},
		{"an account admin whose token is for keys, for herself", onlyKeys, newKey("ada", "users:write")},
		{"an account admin whose token is for keys, for another", onlyKeys, newKey("tom", "policy:write")},
	} {
		if a := w.post(c.actor, keys, c.body); a.status != 403 || a.peek("code") != "not_grantable" {
			t.Errorf("%s: answered %d: %s", c.name, a.status, a.body)
		}
	}
	for _, p := range []person{w.ada, w.olga, w.tom} {
		if ids, _ := w.get(w.ada, keys+"?user_id="+p.id).values("client_id"); !slices.Equal(ids, []string{p.clientID}) {
			t.Errorf("%s has got keys: %q", p.id, ids)
		}
	}
	w.post(w.tom, keys, newKey("mia", "api", "self")).want(201) // what he may do, and what a member may have
	w.post(w.tom, keys, newKey("ada", "api", "reports")).want(201)
	w.post(w.ada, keys, newKey("tom", "api", "keys:write", "keys:read")).want(201)
}

func TestRefreshingAKeyGivesNoPower(t *testing.T) {
	w := newWorld(t)
	refresh := func(actor caller, p person) answer {
		return w.post(actor, fmt.Sprintf("/admin/v1/tenants/%s/keys/%s/refresh", p.tenant, p.clientID), nil)
	}
	refresh(w.tom, w.ada).wantCode(403, "not_grantable")
	refresh(w.tom, w.olga).wantCode(403, "not_grantable")
	refresh(w.ada, w.olga).wantCode(403, "not_grantable")
	refresh(scoped{w.ada, "keys:write"}, w.ada).wantCode(403, "not_grantable")
	for _, p := range []person{w.ada, w.olga} {
		w.exchange(p).want(200)
	}
	harmless := w.giveKey(w.ada, "api")
	refresh(w.tom, harmless).want(200)
}

// A token that is little more than "self" can't be turned into the secret of a key that does more, be it one's own.
func TestRefreshingOnesOwnKeyGivesNoPower(t *testing.T) {
	w := newWorld(t)
	small := w.giveKey(w.ada, "api", "self")
	w.post(small, ownKeys+"/"+w.ada.clientID+"/refresh", nil).wantCode(403, "not_grantable")
	w.post(scoped{w.ada, "self"}, ownKeys+"/"+w.ada.clientID+"/refresh", nil).wantCode(403, "not_grantable")
	w.exchange(w.ada).want(200)
	w.post(scoped{w.ada, "self"}, ownKeys+"/"+small.clientID+"/refresh", nil).want(200)
	// What the key could do in a role that its owner has not got does not count.
	w.post(w.mia, ownKeys+"/"+w.mia.clientID+"/refresh", nil).want(200)
}

func TestRolesAreNotHandedUp(t *testing.T) {
	w := newWorld(t)
	const users = "/admin/v1/accounts/acme/users"
	for name, a := range map[string]answer{
		"make an operator":               w.post(w.ada, users, `{"email":"x@acme.example","roles":["operator"]}`),
		"make both":                      w.post(w.ada, users, `{"email":"x@acme.example","roles":["account_admin","operator"]}`),
		"become an operator":             w.patch(w.ada, users+"/ada", `{"roles":["operator","account_admin"]}`),
		"make another an operator":       w.patch(w.ada, users+"/mia", `{"roles":["operator"]}`),
		"rename an operator":             w.patch(w.ada, users+"/olga", `{"name":"Olga"}`),
		"take an operator's address":     w.patch(w.ada, users+"/olga", `{"email":"ada2@acme.example"}`),
		"set an operator's password":     w.patch(w.ada, users+"/olga", `{"password":"correct horse"}`),
		"take an operator's password":    w.patch(w.ada, users+"/olga", `{"password":null}`),
		"disable an operator":            w.patch(w.ada, users+"/olga", `{"disabled":true}`),
		"enable an operator":             w.patch(w.ada, users+"/olga", `{"disabled":false,"name":"x"}`),
		"take an operator's role":        w.patch(w.ada, users+"/olga", `{"roles":[]}`),
		"delete an operator":             w.delete(w.ada, users+"/olga"),
		"make a stranger's account-role": w.post(w.ada, users, `{"email":"x@acme.example","roles":["operator","operator"]}`),
	} {
		if a.status != 403 || a.peek("code") != "not_grantable" {
			t.Errorf("%s: answered %d: %s", name, a.status, a.body)
		}
	}
	w.exchange(w.olga).want(200)
	olga, err := w.store.User(w.Context(), "acme", "olga")
	w.must(err)
	if olga.Disabled || olga.Name != "olga" || !slices.Equal(olga.Roles, []policy.Role{policy.RoleOperator}) {
		t.Errorf("olga is now %+v", olga)
	}
	for _, role := range []string{"tenant_admin", "member", "root", "", "Operator"} {
		w.post(w.olga, users, map[string]any{"email": "x@acme.example", "roles": []string{role}}).wantCode(422, "invalid_role")
	}
	for _, role := range []string{"operator", "account_admin", "root", ""} {
		w.put(w.olga, "/admin/v1/tenants/forge/members/mia", map[string]string{"role": role}).wantCode(422, "invalid_role")
	}
	if ids, _ := w.get(w.ada, users).values("id"); strings.Join(ids, " ") != "ada max mia olga tom" {
		t.Errorf("users are now %q", ids)
	}
	w.patch(w.ada, users+"/tom", `{"roles":["account_admin"]}`).want(200) // her own authority she may share
	w.patch(w.olga, users+"/mia", `{"roles":["operator"]}`).want(200)
}

// Whoever made somebody a key knows its secret. When its owner has become an admin, that secret does not stop the owner's keys that
// administer; the owner does, with a key of that authority (R9, R32).
func TestAKeyFromBeforeAPromotionStopsNoAdminKey(t *testing.T) {
	w := newWorld(t)
	w.delete(w.tom, forgeKeys+"/"+w.mia.clientID).want(204)
	made := w.post(w.tom, forgeKeys, newKey("mia", "api", "self")).want(201)
	before := w.mia
	before.clientID, before.secret = made.field("client_id"), made.field("client_secret")
	w.secrets.add(before.secret)
	w.patch(w.ada, acmeUsers+"/mia", map[string]any{"roles": []string{"account_admin"}}).want(200)
	after := w.giveKey(w.mia, everyScope()...)
	for _, of := range []struct {
		actor person
		key   string
		want  int
	}{{before, after.clientID, 403}, {after, before.clientID, 200}, {after, after.clientID, 200}} {
		if a := w.post(of.actor, "/me/v1/keys/"+of.key+"/suspend", map[string]any{}); a.status != of.want {
			t.Errorf("%s suspends %s: %d %s", of.actor.clientID, of.key, a.status, a.body)
		}
	}
}
