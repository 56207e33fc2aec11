package server_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/server"
	"mintkey/tokens"
)

// withoutAPIs is a server on which no audience is configured: the issuer serves for the APIs too.
func withoutAPIs(o *server.Options) {
	o.Audiences = []server.Audience{{Name: issuer, Algorithm: tokens.ES256}}
}

// introspectAs asks about a token with another one.
func (w *world) introspectAs(as caller, token string) answer {
	w.Helper()
	r := w.request("POST", "/oauth2/introspect", form{"token": {token}}.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	authorization("Bearer " + as.token(w))(r)
	return w.do(r)
}

// fence makes an access key that is limited to audiences.
func (w *world) fence(p person, scopes []string, audiences ...string) person {
	w.Helper()
	return w.post(w.ada, "/admin/v1/tenants/forge/keys", map[string]any{"user_id": p.id, "scopes": scopes, "audiences": audiences}).
		want(201).created(p)
}

// Without resource a token is for the server itself if all scopes in question are for administration, and else for the first API (R29).
func TestDefaultAudienceOfToken(t *testing.T) {
	w := newWorld(t)
	admin := w.giveKey(w.gus, "keys:read", "self")
	billing := w.fence(w.newMember(), []string{"api", "self"}, "https://other.example")
	none := w.postForm(with(inBody(w.giveKey(w.newMember(), "api")), "resource", issuer)).wantError(400, "invalid_scope")
	if got := none.field("error_description"); !strings.Contains(got, "None of these scopes is for "+issuer+": api.") {
		t.Errorf("a key without a scope for the server is told: %s", got)
	}
	for _, c := range []struct {
		name            string
		p               person
		scope, resource string
		audience, got   string
	}{
		{"all of a key with both kinds", w.mia, "", "", "https://api.example", "api reports"},
		{"all of a key with both kinds, for the server", w.mia, "", issuer, issuer, "self rotate tokens:introspect"},
		{"a scope of the catalogue", w.mia, "reports", "", "https://api.example", "reports"},
		{"a scope for administration", w.mia, "self", "", issuer, "self"},
		{"a key for administration", admin, "", "", issuer, "keys:read self"},
		{"an API by name", w.mia, "", "https://edge.example", "https://edge.example", "api reports"},
		{"a fence", billing, "", "", "https://other.example", "api"},
		{"a fence, by name", billing, "api", "https://other.example", "https://other.example", "api"},
		{"a fence leaves the server open", billing, "self", "", issuer, "self"},
		{"a fence leaves the server open, by name", billing, "", issuer, issuer, "self"},
	} {
		a := w.postForm(with(with(inBody(c.p), "scope", c.scope), "resource", c.resource)).want(200)
		claims := claimsOf(w, a.field("access_token"))
		if claims["aud"] != c.audience || a.field("scope") != c.got || claims["scope"] != c.got {
			t.Errorf("%s: aud %v, scope %q, in the token %v", c.name, claims["aud"], a.field("scope"), claims["scope"])
		}
	}
	for _, c := range []struct {
		p                     person
		scope, resource, code string
	}{
		{w.mia, "api self", "", "invalid_scope"},
		{w.mia, "self api", issuer, "invalid_scope"},
		{w.mia, "api self", "https://api.example", "invalid_scope"},
		{w.mia, "self", "https://api.example", "invalid_scope"},
		{w.mia, "api", issuer, "invalid_scope"},
		{admin, "", "https://api.example", "invalid_scope"},
		{billing, "", "https://api.example", "invalid_target"},
		{billing, "", "https://edge.example", "invalid_target"},
	} {
		a := w.postForm(with(with(inBody(c.p), "scope", c.scope), "resource", c.resource)).wantError(400, c.code)
		if c.code == "invalid_scope" && !strings.Contains(a.field("error_description"), "resource") {
			t.Errorf("%q for %q: %s", c.scope, c.resource, a.body)
		}
	}
}

// Where no audience is configured, the issuer serves for both.
func TestIssuerServesForBoth(t *testing.T) {
	w := newWorld(t, withoutAPIs)
	a := w.postForm(with(inBody(w.mia), "scope", "api self")).want(200)
	if claims := w.claims(a.field("access_token")); !slices.Equal(claims.Audience, []string{issuer}) || claims.Scope != "api self" {
		t.Errorf("aud %q, scope %q", claims.Audience, claims.Scope)
	}
	w.get(bearer(a.field("access_token")), ownKeys).want(200)
	w.forwardAuth("scope=api", a.field("access_token")).want(204)
	w.postForm(with(inBody(w.mia), "resource", "https://api.example")).wantError(400, "invalid_target")
}

// The paths for plugins have no parameter for the audience: they make tokens for the default one.
func TestPluginsGetTheDefaultAudience(t *testing.T) {
	w := newWorld(t)
	fenced := w.fence(w.newMember(), []string{"api"}, "https://edge.example")
	for p, want := range map[person]string{w.mia: "https://api.example", fenced: "https://edge.example"} {
		body := map[string]string{"client_id": p.clientID, "client_secret": p.secret}
		token := w.do(w.request("POST", "/v1/auth-client?TENANTID=forge", body)).want(200).field("token")
		if got := claimsOf(w, token)["aud"]; got != want {
			t.Errorf("aud is %v, want %s", got, want)
		}
	}
}

// A key can be limited to some of the APIs that are configured, when it is made.
func TestFenceOfAudiences(t *testing.T) {
	w := newWorld(t)
	const keys = "/admin/v1/tenants/forge/keys"
	owner := w.newMember()
	for _, bad := range []string{"https://stranger.example", issuer, ""} {
		for _, pickUp := range []bool{false, true} {
			body := map[string]any{"user_id": owner.id, "pick_up": pickUp, "audiences": []string{"https://api.example", bad}}
			w.post(w.ada, keys, body).wantCode(422, "invalid_target")
		}
	}
	fence := []string{"https://other.example", "https://api.example"}
	made := w.post(w.ada, keys, map[string]any{"user_id": owner.id, "audiences": append(fence, fence...)}).want(201)
	var shown struct{ Audiences []string }
	path := keys + "/" + made.field("client_id")
	for _, a := range []answer{made, w.get(w.ada, path), w.post(w.ada, path+"/refresh", nil)} {
		a.into(&shown)
		if diff := cmp.Diff(fence, shown.Audiences); diff != "" {
			t.Errorf("%s (-want +got):\n%s", a.request, diff)
		}
	}
	free := w.post(w.ada, keys, newKey(owner.id, "api")).want(201)
	if strings.Contains(free.body, "audiences") {
		t.Errorf("a key without a fence: %s", free.body)
	}
}

// Introspection tells of tokens for every audience, and a gateway whose key has audiences of tokens for these alone (RFC 7662 section 4).
func TestIntrospectionIsForTheAudiencesOfTheCaller(t *testing.T) {
	onEachStore(t, func(w *world) {
		gateway := w.fence(w.newMember(), []string{"tokens:introspect"}, "https://other.example", "https://edge.example")
		for audience, seen := range map[string]bool{
			"https://api.example": false, "https://other.example": true, "https://edge.example": true, issuer: false,
		} {
			token := w.tokenFor(w.mia, audience, "")
			if a := w.introspect(w.tom, token).want(200); a.body == inactive {
				w.Errorf("%s: an unlimited caller does not see it", audience)
			}
			if a := w.introspect(gateway, token).want(200); (a.body != inactive) != seen {
				w.Errorf("%s: with a secret: %s", audience, a.body)
			}
			if a := w.introspectAs(gateway, token).want(200); (a.body != inactive) != seen {
				w.Errorf("%s: with a token: %s", audience, a.body)
			}
		}
	})
}

// A token for an audience that is no longer configured is for nobody.
func TestAudienceThatIsGone(t *testing.T) {
	w := newWorld(t)
	token := w.tokenFor(w.mia, "https://other.example", "")
	fenced := w.fence(w.newMember(), []string{"api", "tokens:introspect"}, "https://other.example")
	w.serve(withoutAPIs)
	for _, asker := range []person{w.tom, fenced} {
		if a := w.introspect(asker, token).want(200); a.body != inactive {
			t.Errorf("introspection: %s", a.body)
		}
	}
	w.forwardAuth("", token).wantError(401, "invalid_token")
	w.exchange(fenced).wantError(400, "invalid_target")
	w.postForm(with(inBody(fenced), "scope", "tokens:introspect")).want(200)
}
