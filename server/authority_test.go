package server_test

import (
	"slices"
	"strings"
	"testing"
)

// scopesOf are the scopes of a token that the key of the person gets.
func (w *world) scopesOf(p person) []string {
	w.Helper()
	return strings.Fields(w.claims(w.tokenOf(p, "")).Scope)
}

const (
	forge = "/admin/v1/tenants/forge"
)

// R9: whoever made a key for somebody else, or has refreshed one, does not get what its owner may do after a promotion.
func TestAKeyNeverGainsByAPromotion(t *testing.T) {
	onEachStore(t, func(w *world) {
		made := w.makeKey(w.tom, w.mia, "api", "self", "tokens:introspect")
		refreshed := w.refreshed(w.tom, w.giveKey(w.newMember(), "api", "tokens:introspect"))

		w.patch(w.olga, acmeUsers+"/mia", `{"roles":["operator"]}`).want(200)
		w.patch(w.olga, acmeUsers+"/"+refreshed.id, `{"roles":["operator"]}`).want(200)
		for _, p := range []person{made, refreshed} {
			key := w.get(w.olga, forge+"/keys/"+p.clientID).want(200)
			if got := strings.Join(w.scopesOf(p), " "); strings.Contains(got, "keys") {
				t.Errorf("a copy of the key %s gets %s", key.body, got)
			}
			// Not even what reaches further in higher hands: "self" and "tokens:introspect" of an operator see their own account alone.
			w.get(p, "/admin/v1/accounts/globex").wantCode(404, "not_found")
		}
	})
}

// R9: the second way of S4, through an account admin.
func TestAnAccountAdminGetsNoOperatorByPromotion(t *testing.T) {
	w := newWorld(t)
	w.post(w.ada, forge+"/keys", newKey("mia", "api", "users:write")).wantCode(422, "scope_above_owner")
	w.patch(w.ada, acmeUsers+"/mia", `{"roles":["account_admin"]}`).want(200)
	hers := w.makeKey(w.ada, w.mia, "api", "users:write")
	w.patch(w.olga, acmeUsers+"/mia", `{"roles":["operator"]}`).want(200)
	w.post(hers, "/admin/v1/accounts/globex/users", `{"email":"x@globex.example","roles":["operator"]}`).wantCode(404, "not_found")
	w.post(hers, acmeUsers, `{"email":"x@acme.example","roles":["operator"]}`).wantCode(403, "not_grantable")
	w.post(hers, acmeUsers, `{"email":"x@acme.example","roles":["account_admin"]}`).want(201)
	// A refresh by the key's own token raises nothing either.
	again := w.refreshed(scoped{w.olga, "keys:write self users:write"}, hers)
	w.post(again, acmeUsers, `{"email":"y@acme.example","roles":["operator"]}`).wantCode(403, "not_grantable")
}

// R9: scopes above the owner are refused with those that are allowed.
func TestScopesAboveTheOwnerAreRefused(t *testing.T) {
	w := newWorld(t)
	a := w.post(w.tom, forge+"/keys", newKey("mia", "keys:read", "keys:write", "self", "tokens:introspect", "api"))
	a.wantCode(422, "scope_above_owner")
	if text := a.peek("detail"); !strings.Contains(text, "keys:read, keys:write") ||
		!strings.Contains(text, "self, rotate, tokens:introspect") || !strings.Contains(text, "new key") {
		t.Errorf("the refusal reads %q", text)
	}
	if !strings.Contains(a.body, `"allowed":["self","rotate","tokens:introspect"]`) {
		t.Errorf("the refusal does not list what is allowed: %s", a.body)
	}
	w.post(w.tom, forge+"/keys", map[string]any{"user_id": "mia", "scopes": []string{"keys:read"}, "pick_up": true}).
		wantCode(422, "scope_above_owner")
}

// R9: a refresh drops what the owner may not do, for good, and says so.
func TestARefreshDropsScopesAboveTheOwner(t *testing.T) {
	onEachStore(t, func(w *world) {
		admin := w.newMember()
		role := forge + "/members/" + admin.id
		w.put(w.ada, role, `{"role":"tenant_admin"}`).want(200)
		key := w.makeKey(w.ada, admin, "api", "keys:read", "keys:write")
		token := bearer(w.tokenOf(key, ""))
		w.put(w.ada, role, `{"role":"member"}`).want(200)
		a := w.refresh(w.ada, key, nil).want(200)
		if !strings.Contains(a.body, `"dropped_scopes":["keys:read","keys:write"]`) || !strings.Contains(a.body, `"scopes":["api"]`) {
			t.Errorf("the answer is %s", a.body)
		}
		key.secret = a.peek("client_secret")
		w.put(w.ada, role, `{"role":"tenant_admin"}`).want(200)
		if got := w.scopesOf(key); !slices.Equal(got, []string{"api"}) {
			t.Errorf("after a promotion the key gets %q", got)
		}
		w.get(token, forge+"/keys").wantCode(403, "insufficient_scope")
		events := w.get(w.ada, "/admin/v1/accounts/acme/audit?action=key.refreshed").want(200)
		if !strings.Contains(events.body, `"dropped_scopes":"keys:read keys:write"`) {
			t.Errorf("the audit trail has %s", events.body)
		}
		only := w.giveKey(admin, "keys:read")
		w.put(w.ada, role, `{"role":"member"}`).want(200)
		w.refresh(w.ada, only, nil).wantCode(422, "scope_above_owner")
	})
}

// R30: with "self" a program refreshes what it holds itself, and no more.
func TestSelfHandsOutNoMoreThanItHolds(t *testing.T) {
	w := newWorld(t)
	p := w.newMember()
	billing, ci := w.giveKey(p, "reports"), w.giveKey(p, "api", "self")
	w.post(ci, ownKeys+"/"+billing.clientID+"/refresh", nil).wantCode(403, "not_grantable")
	w.exchange(billing).want(200)
	w.post(ci, ownKeys+"/"+ci.clientID+"/refresh", nil).want(200)
}

// R32: who may not change a person by one route may not by another.
func TestNobodyPutsHigherAuthorityOutOfOffice(t *testing.T) {
	onEachStore(t, func(w *world) {
		for name, a := range map[string]answer{
			"an account admin removes an operator": w.delete(w.ada, forge+"/members/olga"),
			"an account admin changes her role":    w.put(w.ada, forge+"/members/olga", `{"role":"tenant_admin"}`),
			"an account admin revokes her key":     w.delete(w.ada, forge+"/keys/"+w.olga.clientID),
			"a tenant admin revokes her key":       w.delete(w.tom, forge+"/keys/"+w.olga.clientID),
			"a tenant admin revokes ada's key":     w.delete(w.tom, forge+"/keys/"+w.ada.clientID),
		} {
			if a.status != 403 || a.peek("code") != "not_grantable" {
				t.Errorf("%s: answered %d: %s", name, a.status, a.body)
			}
		}
		w.exchange(w.olga).want(200)
		w.exchange(w.ada).want(200)
		plain := w.giveKey(w.olga, "api", "self", "tokens:introspect")
		w.delete(w.tom, forge+"/keys/"+plain.clientID).want(204) // any other key of the tenant he may stop
		w.delete(w.olga, forge+"/keys/"+w.ada.clientID).want(204)
	})
}

// R32: the last operator of the server and the last account admin of an account stay, by whichever route they would go.
func TestTheLastAdminStays(t *testing.T) {
	onEachStore(t, func(w *world) {
		for name, a := range map[string]answer{
			"demote the operator":           w.patch(w.olga, acmeUsers+"/olga", `{"roles":[]}`),
			"make her an account admin":     w.patch(w.olga, acmeUsers+"/olga", `{"roles":["account_admin"]}`),
			"disable her":                   w.patch(w.olga, acmeUsers+"/olga", `{"disabled":true}`),
			"delete her":                    w.delete(w.olga, acmeUsers+"/olga"),
			"end her only membership":       w.delete(w.olga, forge+"/members/olga"),
			"demote the account admin":      w.patch(w.ada, acmeUsers+"/ada", `{"roles":[]}`),
			"disable the account admin":     w.patch(w.olga, acmeUsers+"/ada", `{"disabled":true}`),
			"delete the account admin":      w.delete(w.olga, acmeUsers+"/ada"),
			"demote another account's only": w.patch(w.olga, "/admin/v1/accounts/globex/users/gus", `{"roles":[]}`),
		} {
			if a.status != 409 || a.peek("code") != "last_admin" {
				t.Errorf("%s: answered %d: %s", name, a.status, a.body)
			}
		}
		w.exchange(w.olga).want(200)
		w.patch(w.olga, "/admin/v1/accounts/globex/users/gil", `{"roles":["operator"]}`).want(200) // the server's, in whichever account
		w.patch(w.ada, acmeUsers+"/tom", `{"roles":["account_admin"],"disabled":true}`).want(200)
		w.patch(w.ada, acmeUsers+"/ada", `{"roles":[]}`).wantCode(409, "last_admin") // who is disabled does not count
		w.patch(w.ada, acmeUsers+"/tom", `{"disabled":false}`).want(200)
		w.patch(w.ada, acmeUsers+"/ada", `{"roles":[]}`).want(200)
		w.delete(w.olga, acmeUsers+"/olga").want(204)
	})
}

// refreshed is the person with the secret that the caller gets for their key.
func (w *world) refreshed(by caller, p person) person {
	w.Helper()
	p.secret = w.refresh(by, p, nil).want(200).peek("client_secret")
	w.secrets.add(p.secret)
	return p
}
