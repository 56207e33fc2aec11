package server_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/tokens"
)

const ownKeys = "/me/v1/keys"

// A token is taken from one well-formed header and from nowhere else.
func TestBearerHeader(t *testing.T) {
	w := newWorld(t)
	token := w.tokenOf(w.mia, "")
	for _, values := range [][]string{{"Bearer " + token}, {"bearer " + token}, {"BEARER " + token}} {
		r := w.request("GET", ownKeys, nil)
		authorization(values...)(r)
		w.do(r).want(200)
	}
	for _, value := range []string{
		"", "Bearer", "Bearer ", "Bearer\t" + token, "Bearer  " + token, " Bearer " + token,
		"Bearer " + token + " ", "Bearer " + token + ",", "Bearer " + token + ", Bearer " + token,
		"Bearer " + token + "=", "Bearer " + token + "\n", "Bearer\u00a0" + token, "Bearer:" + token,
		token, "Token " + token, "Basic " + token, `Bearer "` + token + `"`, "Bearer " + token + " " + token,
	} {
		r := w.request("GET", ownKeys, nil)
		authorization(value)(r)
		a := w.do(r).wantCode(401, "unauthorized")
		if !strings.Contains(a.header.Get("WWW-Authenticate"), `error="invalid_token"`) || strings.Contains(a.body, token) {
			t.Errorf("%q: %v %s", value, a.header, a.body)
		}
	}
	twice := w.request("GET", ownKeys, nil)
	authorization("Bearer "+token, "Bearer "+token)(twice)
	w.do(twice).wantCode(400, "invalid_request")
	w.do(w.request("GET", ownKeys+"?access_token="+token, nil)).wantCode(401, "unauthorized")
	inBody := w.request("GET", ownKeys, "access_token="+token)
	header("Content-Type", "application/x-www-form-urlencoded")(inBody)
	w.do(inBody).wantCode(401, "unauthorized")
}

// A token signed by this server is refused unless its issuer, audience and subject are right too.
func TestClaimsOfOthers(t *testing.T) {
	w := newWorld(t)
	good := w.claims(w.tokenOf(w.ada, ""))
	const path = "/admin/v1/accounts"
	w.get(w.signed(tokens.TypeAccessToken, good), path).want(200)
	for name, change := range map[string]func(*tokens.Claims){
		"another issuer":          func(c *tokens.Claims) { c.Issuer = "https://stranger.example" },
		"issuer with a slash":     func(c *tokens.Claims) { c.Issuer += "/" },
		"no issuer":               func(c *tokens.Claims) { c.Issuer = "" },
		"another audience":        func(c *tokens.Claims) { c.Audience = tokens.Audience{"https://stranger.example"} },
		"no audience":             func(c *tokens.Claims) { c.Audience = nil },
		"another tenant":          func(c *tokens.Claims) { c.TenantID = "mill" },
		"another account's":       func(c *tokens.Claims) { c.TenantID = "dome" },
		"no tenant":               func(c *tokens.Claims) { c.TenantID = "" },
		"another user":            func(c *tokens.Claims) { c.UserID = "olga" },
		"nobody":                  func(c *tokens.Claims) { c.UserID = "nobody" },
		"no user":                 func(c *tokens.Claims) { c.UserID = "" },
		"another's key":           func(c *tokens.Claims) { c.ClientID = w.olga.clientID },
		"no key, as a password's": func(c *tokens.Claims) { c.ClientID = "" }, // R27
		"a key that is none":      func(c *tokens.Claims) { c.ClientID = "mk_unknown" },
		"past":                    func(c *tokens.Claims) { c.ExpiresAt = tokens.At(w.clock.now().Truncate(time.Second)) },
		"future":                  func(c *tokens.Claims) { c.NotBefore = tokens.At(w.clock.now().Add(time.Minute)) },
	} {
		claims := good
		change(&claims)
		if a := w.get(w.signed(tokens.TypeAccessToken, claims), path); a.status != 401 {
			t.Errorf("%s: answered %d: %s", name, a.status, a.body)
		}
	}
	w.get(w.signed("JWT", good), path).wantCode(401, "unauthorized")
	w.get(w.signed("statuslist+jwt", good), path).wantCode(401, "unauthorized")

	more := good
	more.Scope = "keys:read accounts:write" // a token never carries it for an account admin; if it did, the role is asked again
	w.post(w.signed(tokens.TypeAccessToken, more), path, `{"name":"x"}`).wantCode(403, "insufficient_scope")
}

// signed returns a token signed with the server's own key.
func (w *world) signed(typ string, claims tokens.Claims) bearer {
	w.Helper()
	token, err := w.ring.Sign(w.clock.now(), tokens.ES256, typ, claims)
	w.must(err)
	return bearer(token)
}

func TestForgedTokens(t *testing.T) {
	w := newWorld(t)
	token := w.tokenOf(w.ada, "")
	parts := strings.Split(token, ".")
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	kid := w.signingKey(tokens.ES256)
	withJKU := encode(`{"typ":"at+jwt","alg":"ES256","kid":"` + kid + `","jku":"https://stranger.example"}`)
	for name, forged := range map[string]string{
		"no signature":        parts[0] + "." + parts[1] + ".",
		"two parts":           parts[0] + "." + parts[1],
		"alg none":            encode(`{"typ":"at+jwt","alg":"none","kid":"`+kid+`"}`) + "." + parts[1] + ".",
		"alg nOnE":            encode(`{"typ":"at+jwt","alg":"nOnE","kid":"`+kid+`"}`) + "." + parts[1] + "." + parts[2],
		"alg HS256":           encode(`{"typ":"at+jwt","alg":"HS256","kid":"`+kid+`"}`) + "." + parts[1] + "." + parts[2],
		"jku":                 withJKU + "." + parts[1] + "." + parts[2],
		"another's payload":   parts[0] + "." + strings.Split(w.tokenOf(w.olga, ""), ".")[1] + "." + parts[2],
		"padding":             token + "=",
		"dots":                strings.Repeat(".", 100_000),
		"a client ID":         w.ada.clientID,
		"nothing but letters": "token",
	} {
		if a := w.get(bearer(forged), "/admin/v1/accounts"); a.status != 401 {
			t.Errorf("%s: answered %d: %s", name, a.status, a.body)
		}
	}
}

// A lost role or right takes effect at the very next request, even with an older token.
func TestPowerIsLostAtOnce(t *testing.T) {
	onEachStore(t, func(w *world) {
		hers, his := bearer(w.tokenOf(w.gus, "")), bearer(w.tokenOf(w.tom, ""))
		theirs, own := bearer(w.tokenOf(w.max, "")), bearer(w.tokenOf(w.mia, ""))
		gil, ada := bearer(w.tokenOf(w.gil, "")), bearer(w.tokenOf(w.ada, ""))
		w.admit(person{account: "globex", tenant: "dome", id: "gwen"}, policy.RoleMember, policy.RoleAccountAdmin) // so that gus is not the last

		w.get(hers, "/admin/v1/accounts/globex/users").want(200)
		w.patch(w.olga, "/admin/v1/accounts/globex/users/gus", `{"roles":[]}`).want(200)
		w.get(hers, "/admin/v1/accounts/globex/users").wantCode(403, "insufficient_scope")
		w.get(hers, ownKeys).want(200)

		w.get(his, "/admin/v1/tenants/forge/keys").want(200)
		w.put(w.ada, "/admin/v1/tenants/forge/members/tom", `{"role":"member"}`).want(200)
		w.get(his, "/admin/v1/tenants/forge/keys").wantCode(403, "insufficient_scope")
		w.put(w.ada, "/admin/v1/tenants/forge/members/tom", `{"role":"tenant_admin"}`).want(200)
		w.get(his, "/admin/v1/tenants/forge/keys").want(200)
		w.delete(w.ada, "/admin/v1/tenants/forge/members/tom").want(204)
		w.get(his, "/admin/v1/tenants/forge/keys").wantCode(401, "unauthorized")

		w.get(theirs, ownKeys).want(200)
		w.patch(w.ada, "/admin/v1/accounts/acme/users/max", `{"disabled":true}`).want(200)
		w.get(theirs, ownKeys).wantCode(401, "unauthorized")

		w.get(own, ownKeys).want(200)
		w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+w.mia.clientID).want(204)
		w.get(own, ownKeys).wantCode(401, "unauthorized")

		w.get(gil, ownKeys).want(200)
		w.delete(w.olga, "/admin/v1/accounts/globex/users/gil").want(204)
		w.get(gil, ownKeys).wantCode(401, "unauthorized")

		w.get(ada, ownKeys).want(200)
		w.disableInStore(w.ada)
		w.get(ada, ownKeys).wantCode(401, "unauthorized")
	})
}

func TestTokenDiesWithItsTimeAndItsKey(t *testing.T) {
	w := newWorld(t)
	token := bearer(w.tokenOf(w.ada, ""))
	w.clock.set(start.Truncate(time.Second).Add(tokenLifetime - time.Nanosecond))
	w.get(token, ownKeys).want(200)
	w.clock.advance(time.Nanosecond)
	a := w.get(token, ownKeys).wantCode(401, "unauthorized")
	a.wantHeader("WWW-Authenticate", `Bearer realm="`+issuer+`", error="invalid_token", error_description="the token has expired"`)

	// A token that by mistake has a later expiry than its key is invalid once the key has expired.
	w.clock.set(start.Add(90*policy.Day - time.Minute))
	claims := w.claims(w.tokenOf(w.ada, ""))
	claims.ExpiresAt = tokens.At(start.Add(100 * policy.Day))
	w.get(w.signed(tokens.TypeAccessToken, claims), ownKeys).want(200)
	w.clock.advance(time.Minute)
	w.get(w.signed(tokens.TypeAccessToken, claims), ownKeys).wantCode(401, "unauthorized")
}
