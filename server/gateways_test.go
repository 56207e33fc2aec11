package server_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"mintkey/store"
)

// sendForm posts a form to an OAuth endpoint as a client, by HTTP Basic.
func (w *world) sendForm(p person, path string, values form) answer {
	w.Helper()
	r := w.request("POST", path, values.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(p.clientID), url.QueryEscape(p.secret))
	return w.do(r)
}

func (w *world) introspect(p person, token string) answer {
	w.Helper()
	return w.sendForm(p, "/oauth2/introspect", form{"token": {token}})
}

// newMember adds a member to forge, without an access key.
func (w *world) newMember() person {
	w.Helper()
	email := strings.ToLower(rand.Text()) + "@acme.example"
	user := w.post(w.ada, "/admin/v1/accounts/acme/users", map[string]string{"email": email}).want(201)
	p := person{account: "acme", tenant: "forge", id: user.field("id")}
	w.put(w.ada, "/admin/v1/tenants/forge/members/"+p.id, map[string]string{"role": "member"}).want(201)
	return p
}

// eventually polls until the condition holds.
func (w *world) eventually(what string, holds func() bool) {
	w.Helper()
	const patience = 3 * time.Minute // far beyond what anything takes
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatalf("never came about: %s", what)
		}
	}
}

const inactive = "{\"active\":false}\n"

// makeKey makes an access key through the API, so that its secret has a status index.
func (w *world) makeKey(by caller, p person, scopes ...string) person {
	w.Helper()
	a := w.post(by, "/admin/v1/tenants/"+p.tenant+"/keys", newKey(p.id, scopes...)).want(201)
	p.clientID, p.secret = a.field("client_id"), a.field("client_secret")
	return p
}

func TestIntrospection(t *testing.T) {
	onEachStore(t, func(w *world) {
		token := w.tokenOf(w.mia, "")
		claims := claimsOf(w, token)
		var got map[string]any
		a := w.introspect(w.tom, token).want(200)
		a.wantHeader("Cache-Control", "no-store")
		a.into(&got)
		for _, name := range []string{"iss", "sub", "client_id", "aud", "exp", "iat", "nbf", "jti", "tenant_id", "account_id", "user_id"} {
			if fmt.Sprint(got[name]) != fmt.Sprint(claims[name]) {
				w.Errorf("%s is %v, in the token %v", name, got[name], claims[name])
			}
		}
		if got["active"] != true || got["token_type"] != "Bearer" || got["scope"] != claims["scope"] {
			w.Errorf("answered %s", a.body)
		}
		// A token of another account is inactive, and so is anything that is not a token.
		for _, dead := range []string{w.tokenOf(w.gil, ""), token + "x", "x", strings.Repeat(".", 20_000)} {
			if a := w.introspect(w.tom, dead).want(200); a.body != inactive {
				w.Errorf("for %.40q answered %s", dead, a.body)
			}
		}
	})
}

func TestIntrospectionFollowsTheSubject(t *testing.T) {
	w := newWorld(t)
	for name, kill := range map[string]func(p person, token string){
		"the key is revoked": func(p person, _ string) { w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+p.clientID).want(204) },
		"the user is disabled": func(p person, _ string) {
			w.patch(w.ada, "/admin/v1/accounts/acme/users/"+p.id, map[string]any{"disabled": true}).want(200)
		},
		"the member is removed": func(p person, _ string) { w.delete(w.ada, "/admin/v1/tenants/forge/members/"+p.id).want(204) },
		"the token was revoked": func(p person, token string) { w.sendForm(p, "/oauth2/revoke", form{"token": {token}}).want(200) },
		"the secret's tokens too": func(p person, _ string) {
			w.post(w.ada, "/admin/v1/tenants/forge/keys/"+p.clientID+"/refresh", map[string]any{"revoke_tokens": true}).want(200)
		},
	} {
		p := w.makeKey(w.ada, w.newMember(), "api")
		token := w.tokenOf(p, "")
		if a := w.introspect(w.tom, token).want(200); a.body == inactive {
			t.Fatalf("%s: not active before", name)
		}
		kill(p, token)
		if a := w.introspect(w.tom, token).want(200); a.body != inactive {
			t.Errorf("%s: answered %s", name, a.body)
		}
	}
	// A lost role takes effect at once; the other scopes stay.
	token := w.tokenOf(w.tom, "keys:read self")
	w.put(w.ada, "/admin/v1/tenants/forge/members/tom", map[string]string{"role": "member"}).want(200)
	if scope := w.introspect(w.ada, token).field("scope"); scope != "self" {
		t.Errorf("a demoted admin's token has the scope %q", scope)
	}
	w.clock.advance(tokenLifetime + time.Second)
	if a := w.introspect(w.ada, token); a.body != inactive {
		t.Errorf("an expired token: %s", a.body)
	}
}

func TestIntrospectionIsForGateways(t *testing.T) {
	w := newWorld(t)
	token := w.tokenOf(w.mia, "")
	plain := w.makeKey(w.ada, w.mia, "api")
	if a := w.introspect(plain, token).wantError(403, "insufficient_scope"); a.header.Get("WWW-Authenticate") != "" {
		t.Errorf("a client that has authenticated is asked for %s", a.header.Get("WWW-Authenticate"))
	}
	w.introspect(person{clientID: w.tom.clientID, secret: w.mia.secret}, token).wantError(401, "invalid_client")
	w.introspect(w.tom, "").wantError(400, "invalid_request")

	byToken := func(authorization string) answer {
		r := w.request("POST", "/oauth2/introspect", form{"token": {token}}.Encode())
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", authorization)
		return w.do(r)
	}
	if a := byToken("Bearer " + w.tokenOf(w.tom, "tokens:introspect")).want(200); a.body == inactive {
		t.Error("a gateway with a token sees nothing")
	}
	byToken("Bearer "+w.tokenOf(w.tom, "self")).wantError(403, "insufficient_scope")
	byToken("Bearer "+w.tokenOf(w.tom, "api")).wantError(401, "invalid_token") // is for the API
	a := byToken("Bearer nonsense").wantError(401, "invalid_token")
	if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer ") {
		t.Errorf("challenge %q", a.header.Get("WWW-Authenticate"))
	}
}

func TestRevocationOfATokenIsForItsOwner(t *testing.T) {
	w := newWorld(t)
	token, other := w.tokenOf(w.mia, ""), w.tokenOf(w.mia, "")
	w.sendForm(w.tom, "/oauth2/revoke", form{"token": {token}}).wantError(400, "invalid_grant")
	w.get(bearer(token), ownKeys).want(200)
	w.sendForm(w.mia, "/oauth2/revoke", form{"token": {"nonsense"}, "token_type_hint": {"refresh_token"}}).want(200)
	w.sendForm(w.mia, "/oauth2/revoke", form{"token": {token}, "token_type_hint": {"access_token"}}).want(200)
	w.get(bearer(token), ownKeys).wantCode(401, "unauthorized")
	w.sendForm(w.mia, "/oauth2/revoke", form{"token": {token}}).want(200)
	w.get(bearer(other), ownKeys).want(200)
	w.sendForm(w.mia, "/oauth2/revoke", form{}).wantError(400, "invalid_request")
	w.sendForm(person{clientID: w.mia.clientID, secret: "x"}, "/oauth2/revoke", form{"token": {other}}).wantError(401, "invalid_client")
}

// A revocation that cannot be saved is never answered 200.
func TestRevocationWithoutStore(t *testing.T) {
	w := newWorld(t)
	token := w.tokenOf(w.mia, "")
	w.store = deafLog{w.store}
	w.serve()
	w.sendForm(w.mia, "/oauth2/revoke", form{"token": {token}}).wantError(503, "temporarily_unavailable")
}

func TestForwardAuth(t *testing.T) {
	w := newWorld(t)
	ask := func(path string, adjust ...func(*http.Request)) answer {
		r := w.request("GET", path, nil)
		for _, change := range adjust {
			change(r)
		}
		return w.do(r)
	}
	const path = "/oauth2/forward-auth"
	good := authorization("Bearer " + w.tokenOf(w.mia, "api"))
	const ours = path + "?audience=https://api.example"
	a := ask(ours, good).want(204)
	for name, want := range map[string]string{
		"X-Mintkey-Client-Id": w.mia.clientID, "X-Mintkey-Tenant-Id": "forge", "X-Mintkey-User-Id": "mia", "X-Mintkey-Scope": "api",
	} {
		a.wantHeader(name, want)
	}
	ask(ours+"&scope=api", good).want(204)
	both := authorization("Bearer " + w.tokenOf(w.mia, "api reports"))
	ask(ours+"&scope=api+reports", both).want(204)
	ask(ours+"&scope=api&scope=reports", both).want(204)
	ask(ours+"&scope=api&scope=reports", good).wantError(403, "insufficient_scope")
	a = ask(ours+"&scope=api+reports", good).wantError(403, "insufficient_scope")
	a.wantHeader("WWW-Authenticate", `Bearer realm="`+issuer+`", error="insufficient_scope", scope="reports"`)
	ask(path+"?audience=https://other.example&audience=https://api.example&tenant=foundry&tenant=forge&scope=api", good).want(204)
	ask(path+"?audience=https://other.example", good).wantError(401, "invalid_token")
	ask(ours+"&tenant=foundry", good).wantError(403, "insufficient_scope")
	ask(path).want(401).wantHeader("WWW-Authenticate", `Bearer realm="`+issuer+`"`)
	ask(path, authorization("Bearer x")).wantError(401, "invalid_token")
	// nginx supports no other refusals.
	ask(path, good, func(r *http.Request) { r.Header.Add("Authorization", "Bearer x") }).wantError(401, "invalid_token")
	w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+w.mia.clientID).want(204)
	ask(path, good).wantError(401, "invalid_token")
}

// revokedIn reads the status list that a token names, and its entry there.
func (w *world) revokedIn(token string) bool {
	w.Helper()
	known, ok := claimsOf(w, token)["status"].(map[string]any)
	if !ok {
		w.Fatal("the token has no place in the status lists")
	}
	status := known["status_list"].(map[string]any)
	uri := status["uri"].(string)
	a := w.do(w.request("GET", strings.TrimPrefix(uri, issuer), nil)).want(200)
	a.wantHeader("Content-Type", "application/statuslist+jwt").wantHeader("Cache-Control", "public, max-age=5")
	list := claimsOf(w, a.body)
	if list["sub"] != uri || list["ttl"] != 5.0 {
		w.Errorf("the list has sub %v and ttl %v", list["sub"], list["ttl"])
	}
	content := list["status_list"].(map[string]any)
	packed, err := base64.RawURLEncoding.DecodeString(content["lst"].(string))
	w.must(err)
	reader, err := zlib.NewReader(bytes.NewReader(packed))
	w.must(err)
	bits, err := io.ReadAll(reader)
	w.must(err)
	index := int(status["idx"].(float64))
	return bits[index/8]>>(index%8)&1 == 1
}

func TestStatusList(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.makeKey(w.ada, w.mia, "api")
		bystander := w.makeKey(w.ada, w.tom, "api")
		token, other := w.tokenOf(p, ""), w.tokenOf(bystander, "")
		if w.revokedIn(token) || w.revokedIn(other) {
			w.Fatal("revoked before")
		}
		a := w.do(w.request("GET", "/oauth2/status-lists/0", nil)).want(200)
		r := w.request("GET", "/oauth2/status-lists/0", nil)
		header("If-None-Match", a.header.Get("ETag"))(r)
		w.do(r).want(304)
		// A refresh keeps the tokens of the old secret, unless it is asked to revoke them.
		w.post(w.ada, "/admin/v1/tenants/forge/keys/"+p.clientID+"/refresh", nil).want(200)
		if w.revokedIn(token) {
			w.Error("a refresh has killed tokens")
		}
		w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+bystander.clientID).want(204)
		if !w.revokedIn(other) || w.revokedIn(token) {
			w.Error("the key was revoked, and the list does not say just that")
		}
		for _, path := range []string{"1", "99999", "-1", "00", "x", "18446744073709551616"} {
			w.do(w.request("GET", "/oauth2/status-lists/"+path, nil)).want(404)
		}
		w.do(w.request("GET", "/oauth2/status-lists/0?time=1700000000", nil)).wantError(501, "invalid_request")
		var all struct {
			Lists []string `json:"status_lists"`
		}
		w.do(w.request("GET", "/oauth2/status-lists", nil)).want(200).into(&all)
		if len(all.Lists) == 0 || all.Lists[0] != issuer+"/oauth2/status-lists/0" {
			w.Errorf("the lists are %q", all.Lists)
		}
		w.do(r).want(200) // the list has changed, and with it the ETag
	})
}

// A server that has just started knows what was revoked before.
func TestRestartedServerKnowsRevocations(t *testing.T) {
	w := newWorld(t)
	p := w.makeKey(w.ada, w.mia, "api")
	token, single := w.tokenOf(p, ""), w.tokenOf(w.mia, "")
	w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+p.clientID).want(204)
	w.sendForm(w.mia, "/oauth2/revoke", form{"token": {single}}).want(200)
	w.serve() // another server on the same store
	w.get(bearer(single), ownKeys).want(401)
	w.serve()
	if !w.revokedIn(token) {
		t.Error("the list of the new server does not know")
	}
}

// A revocation at one replica takes effect at the other within a moment.
func TestReplicasFollowRevocations(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.makeKey(w.ada, w.mia, "api", "self")
		token, single := w.tokenOf(p, ""), w.tokenOf(w.mia, "")
		first := w.handler
		w.serve() // the other replica
		stop := w.run()
		defer stop()
		second := w.handler
		w.handler = first
		w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+p.clientID).want(204)
		w.sendForm(w.mia, "/oauth2/revoke", form{"token": {single}}).want(200)
		w.handler = second
		w.eventually("the list of the other replica", func() bool { return w.revokedIn(token) })
		w.eventually("the other replica refuses the token", func() bool { return w.get(bearer(single), ownKeys).status == 401 })
	})
}

// deafLog is a store whose log of revocations cannot be written.
type deafLog struct{ store.Store }

func (deafLog) RecordRevocations(context.Context, ...store.Revocation) error {
	return store.ErrUnavailable
}

func claimsOf(w *world, token string) map[string]any {
	w.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	w.must(err)
	var claims map[string]any
	w.must(json.Unmarshal(payload, &claims))
	return claims
}
