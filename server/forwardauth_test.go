package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"mintkey/server"
	"mintkey/tokens"
)

// forwardAuth asks as a gateway that got the token in the Authorization header; an empty one is none.
func (w *world) forwardAuth(query, token string, adjust ...func(*http.Request)) answer {
	w.Helper()
	path := "/oauth2/forward-auth"
	if query != "" {
		path += "?" + query
	}
	r := w.request("GET", path, nil)
	if token != "" {
		authorization("Bearer " + token)(r)
	}
	for _, change := range adjust {
		change(r)
	}
	return w.do(r)
}

// forAPI names the audience, before other parameters.
const forAPI = "audience=https://api.example&"

// Some gateways ask by the method of the request that they check, and some send its body too. OpenAPI has no word for every method.
func TestForwardAuthTakesEveryMethod(t *testing.T) {
	w := newWorld(t)
	const ours = "/oauth2/forward-auth?" + forAPI
	good, dead := authorization("Bearer "+w.tokenOf(w.mia, "api")), authorization("Bearer x")
	body := func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(`{"a":`)), 5
		r.Header.Set("Content-Type", "application/json")
	}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"} {
		w.raw(method, ours+"scope=api", good).want(204).wantHeader("X-Mintkey-User-Id", "mia")
		w.raw(method, ours+"scope=api", good, body).want(204)
		w.raw(method, ours+"scope=reports", good).want(403)
		w.raw(method, ours+"scope=api", dead).want(401)
		w.raw(method, ours+"scope=api").want(401).wantHeader("WWW-Authenticate", `Bearer realm="`+issuer+`"`)
	}
}

// A requirement that is not known, misspelt or empty is refused and in the log, and never taken for none.
func TestForwardAuthRefusesWhatItDoesNotUnderstand(t *testing.T) {
	w := newWorld(t)
	good := w.tokenOf(w.mia, "api")
	for _, query := range []string{
		"", "scope=api", "tenant=forge", // of several audiences one must be named
		forAPI + "scopes=self", forAPI + "scopes", forAPI + "Scope=api", forAPI + "scope%20=api", forAPI + "=api",
		forAPI + "aud=https://api.example",
		forAPI + "scope=", forAPI + "scope", forAPI + "scope=+", forAPI + "scope=api&scope=", forAPI + "scope=apii",
		forAPI + "scope=api,reports", forAPI + "scope=API",
		forAPI + "tenant=", forAPI + "tenant=forge&tenant=", forAPI + "tenant=FORGE", forAPI + "tenant=forge,foundry",
		"audience=", forAPI + "audience=", forAPI + "audience=https://stranger.example",
		"audience=https://api.example/", "audience=https://api.example,https://other.example",
		forAPI + "cookie=", forAPI + "cookie=a&cookie=b", forAPI + "cookie=a;b", forAPI + "cookie=a%20b",
		forAPI + "tenant=forge;scope=reports", forAPI + "scope=%zz",
	} {
		before := len(w.log.String())
		a := w.forwardAuth(query, good).wantError(403, "insufficient_scope")
		a.wantHeader("WWW-Authenticate", `Bearer realm="`+issuer+`", error="insufficient_scope"`)
		if said := w.log.String()[before:]; strings.Count(said, `"level":"WARN"`) != 1 || !strings.Contains(said, "The gateway asks in a way") {
			t.Errorf("%q: the log says %s", query, said)
		}
	}
	w.forwardAuth(forAPI+"scope=api&tenant=forge&cookie=SESSION", good).want(204)
	w.forwardAuth(forAPI+"audience=https://other.example&tenant=foundry&tenant=forge", good).want(204)
	w.forwardAuth("audience=https://other.example&audience="+issuer, good).wantError(401, "invalid_token")
	w.forwardAuth("audience="+issuer, w.tokenOf(w.mia, "self")).want(204)
}

// One configured audience is implied; where there is none, the issuer is.
func TestForwardAuthImpliesTheOneAudience(t *testing.T) {
	w := newWorld(t, func(o *server.Options) {
		o.Audiences = []server.Audience{{Name: "https://api.example", Algorithm: tokens.ES256}, {Name: issuer, Algorithm: tokens.ES256}}
	})
	w.forwardAuth("scope=api", w.tokenOf(w.mia, "api")).want(204)
	w.forwardAuth("", w.tokenOf(w.mia, "self")).wantError(401, "invalid_token") // is for the server itself
	w.forwardAuth("audience="+issuer, w.tokenOf(w.mia, "self")).want(204)
	w.serve(withoutAPIs)
	w.forwardAuth("scope=api", w.tokenOf(w.mia, "api")).want(204)
}

// Plugins send the token in a cookie after /v1/auth. A gateway says so, and an Authorization header goes before.
func TestForwardAuthTakesACookie(t *testing.T) {
	w := newWorld(t)
	token := w.tokenOf(w.mia, "api")
	const named = forAPI + "cookie=LWSSO_COOKIE_KEY"
	cookie := func(text string) func(*http.Request) { return header("Cookie", text) }
	w.forwardAuth(named, "", cookie("a=b; LWSSO_COOKIE_KEY="+token)).want(204).wantHeader("X-Mintkey-User-Id", "mia")
	w.forwardAuth(named, token, cookie("LWSSO_COOKIE_KEY=dead")).want(204)
	w.forwardAuth(named, "dead", cookie("LWSSO_COOKIE_KEY="+token)).wantError(401, "invalid_token")
	w.forwardAuth(named, "", authorization("Basic "+token), cookie("LWSSO_COOKIE_KEY="+token)).wantError(401, "invalid_token")
	w.forwardAuth(forAPI, "", cookie("LWSSO_COOKIE_KEY="+token)).want(401)
	w.forwardAuth(named, "", cookie("lwsso_cookie_key="+token)).want(401).wantHeader("WWW-Authenticate", `Bearer realm="`+issuer+`"`)
	for _, bad := range []string{"", "dead", token + "; LWSSO_COOKIE_KEY=" + token, token + " x", "Bearer " + token} {
		w.forwardAuth(named, "", cookie("LWSSO_COOKIE_KEY="+bad)).wantError(401, "invalid_token")
	}
}

// Where the parameter that names the cookie is misspelt, a request that has the cookie is refused in words and with a line in the log: no
// login of the client's would help. One that has it not is told to log in.
func TestForwardAuthSaysThatCookieIsMisspelt(t *testing.T) {
	w := newWorld(t, withoutAPIs)
	sent := header("Cookie", "a=b; SESSION="+w.tokenOf(w.mia, "api"))
	for _, query := range []string{"Cookie=SESSION", "cokie=SESSION", "scope=api&cookies=other&cookies=SESSION"} {
		before := len(w.log.String())
		w.forwardAuth(query, "", sent).wantError(403, "insufficient_scope")
		if said := w.log.String()[before:]; !strings.Contains(said, "is not known; known are audience, tenant, scope and cookie") {
			t.Errorf("%q: the log says %s", query, said)
		}
		w.forwardAuth(query, "").want(401).wantHeader("WWW-Authenticate", `Bearer realm="`+issuer+`"`)
		w.forwardAuth(query, "", header("Cookie", "a=b")).want(401)
	}
	w.forwardAuth("cookie=SESSION", "", sent).want(204)
	w.forwardAuth("Cookie=session", "", sent).want(401) // of another name
}

// Clients log in again on 401 only, and nginx makes a 500 of a 400: a token that is dead is 401 whatever the reason, however the gateway
// asks.
func TestDeadTokensAreAlways401(t *testing.T) {
	w := newWorld(t, withoutAPIs)
	p := w.withPassword("pia", "mill")
	token := w.postForm(login("mill", p.id, password)).want(200).field("access_token")
	w.forwardAuth("scope=api", token).want(204)
	w.patch(w.ada, "/admin/v1/accounts/acme/users/pia", `{"password":null}`).want(200)
	asks := []string{"", "scope=api", "scopes=api", "cookie=", "cookie=a&cookie=b", "scope=%zz", "scope=api;tenant=mill"}
	for _, query := range asks {
		w.forwardAuth(query, token).wantError(401, "invalid_token")
	}
	w.get(bearer(token), ownKeys).wantCode(401, "unauthorized")
	w.introspectAs(bearer(token), token).wantError(401, "invalid_token")
	w.get(bearer(token), "/oauth2/revocations").wantError(401, "invalid_token")

	key := w.makeKey(w.ada, w.newMember(), "api")
	token = w.tokenOf(key, "")
	w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+key.clientID).want(204)
	for _, query := range asks {
		w.forwardAuth(query, token).wantError(401, "invalid_token")
	}
	w.forwardAuth("cookie=", "").wantError(403, "insufficient_scope") // nothing says where the token is
}
