package server_test

import (
	"testing"
	"time"
)

// A token from a password ends with what it came from, at everybody who judges it, and no undoing revives it (R27).
func TestTokensFromPasswordsEnd(t *testing.T) {
	const path, member = acmeUsers + "/pia", "/admin/v1/tenants/mill/members/pia"
	for name, end := range map[string]func(w *world){
		"password changed":    func(w *world) { w.patch(w.ada, path, `{"password":"another horse battery"}`).want(200) },
		"same password again": func(w *world) { w.patch(w.ada, path, map[string]string{"password": password}).want(200) },
		"password taken away": func(w *world) { w.patch(w.ada, path, `{"password":null}`).want(200) },
		"disabled":            func(w *world) { w.patch(w.ada, path, `{"disabled":true}`).want(200) },
		"disabled and enabled": func(w *world) {
			w.patch(w.ada, path, `{"disabled":true}`).want(200)
			w.patch(w.ada, path, `{"disabled":false}`).want(200)
		},
		"removed": func(w *world) { w.delete(w.ada, member).want(204) },
		"removed and added": func(w *world) {
			w.delete(w.ada, member).want(204)
			w.put(w.ada, member, `{"role":"tenant_admin"}`).want(201)
		},
		"deleted": func(w *world) { w.delete(w.ada, path).want(204) },
		"deleted, and the ID asked for again": func(w *world) {
			w.delete(w.ada, path).want(204)
			w.post(w.ada, acmeUsers, map[string]string{"id": "pia", "email": "other@acme.example", "password": password})
			w.put(w.ada, member, `{"role":"member"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(w *world) {
				p := w.withPassword("pia", "mill")
				key := w.makeKey(w.max, p, "api", "self")
				byKey := w.tokenOf(key, "api")
				token := w.postForm(login("mill", "pia", password)).want(200).field("access_token")
				second := w.postForm(login("mill", "pia", password)).want(200).field("access_token")
				w.wantAlive("before", token)
				if !sameIndex(w, token, second) {
					w.Error("each token from a password has a status index of its own")
				}
				w.clock.advance(time.Second)
				end(w)
				w.wantDead(name, token)
				if name == "password changed" {
					w.wantAlive("the access key", byKey) // of the same person
					again := w.postForm(login("mill", "pia", "another horse battery")).want(200).field("access_token")
					w.wantAlive("with the new password", again)
					w.wantDead(name, token)
				}
			})
		})
	}
}

// A token from a password can be given back by whoever holds it (RFC 7009): it has no client with a secret.
func TestTokensFromPasswordsCanBeRevoked(t *testing.T) {
	w := newWorld(t)
	w.withPassword("pia", "mill")
	fresh := func() string { return w.postForm(login("mill", "pia", password)).want(200).field("access_token") }
	revoke := func(values form) answer {
		r := w.request("POST", "/oauth2/revoke", values.Encode())
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return w.do(r)
	}
	gone := func(token string) bool { return w.introspect(w.tom, token).want(200).body == inactive }
	for name, values := range map[string]form{"alone": {}, "with the client_id": {"client_id": {"pia"}}} {
		token, other := fresh(), fresh()
		values.Set("token", token)
		revoke(values).want(200)
		if !gone(token) || gone(other) {
			t.Errorf("%s: not exactly the token that was given back is dead", name)
		}
		revoke(values).want(200)
	}
	token := fresh()
	w.sendForm(w.max, "/oauth2/revoke", form{"token": {token}}).want(200) // a gateway that holds it
	if !gone(token) {
		t.Error("the token lives")
	}
	token = fresh()
	revoke(form{"token": {token}, "client_id": {"tom"}}).wantError(400, "invalid_grant")
	revoke(form{"token": {w.tokenOf(w.mia, "")}}).wantError(401, "invalid_client")
	revoke(form{"token": {"nonsense"}}).wantError(401, "invalid_client")
	w.sendForm(person{clientID: w.max.clientID, secret: "x"}, "/oauth2/revoke", form{"token": {token}}).wantError(401, "invalid_client")
	if gone(token) {
		t.Error("a refused revocation has ended the token")
	}
}
