package server_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
	"mintkey/tokens"
)

// basic authenticates as oauth2.Transport and openid-client do, with every odd character encoded, or as curl does, with none.
func basic(id, secret string) func(*http.Request) {
	return authorization("Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret)))
}

func authorization(values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header["Authorization"] = values }
}

func grantType() form { return form{"grant_type": {"client_credentials"}} }

func with(values form, name string, value ...string) form {
	values[name] = value
	return values
}

// inBody are the parameters of a good request of the person.
func inBody(p person) form {
	return form{"grant_type": {"client_credentials"}, "client_id": {p.clientID}, "client_secret": {p.secret}}
}

func TestTokenResponse(t *testing.T) {
	w := newWorld(t)
	a := w.exchange(w.mia).want(200)
	a.golden("token")
	a.wantHeader("Content-Type", "application/json").wantHeader("Cache-Control", "no-store").wantHeader("Pragma", "no-cache")
	if a.header.Get("X-Request-Id") == "" || a.header.Get("Mintkey-Key-Expires") != "" {
		t.Errorf("headers %v", a.header)
	}

	parts := strings.Split(a.field("access_token"), ".")
	var header map[string]string
	var claims map[string]any
	for i, into := range []any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		w.must(err)
		w.must(json.Unmarshal(text, into))
	}
	if diff := cmp.Diff(map[string]string{"typ": "at+jwt", "alg": "ES256", "kid": w.signingKey(tokens.ES256)}, header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if id, _ := claims["jti"].(string); len(id) < 22 {
		t.Errorf("jti %q is guessable", id)
	}
	delete(claims, "jti")
	issued := float64(start.Unix())
	if diff := cmp.Diff(map[string]any{
		"iss": issuer, "sub": w.mia.clientID, "client_id": w.mia.clientID, "aud": "https://api.example",
		"iat": issued, "exp": issued + 900, "scope": "api reports",
		"tenant_id": "forge", "account_id": "acme", "user_id": "mia",
	}, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if again := w.exchange(w.mia).field("access_token"); w.claims(again).ID == w.claims(a.field("access_token")).ID {
		t.Error("two tokens have one jti")
	}
}

func (w *world) signingKey(algorithm tokens.Algorithm) string {
	for _, key := range w.ring.SigningKeys(w.clock.now()) {
		if key.Algorithm == algorithm && key.State == tokens.Active {
			return key.KID
		}
	}
	return ""
}

// claims are those of a token that is good now.
func (w *world) claims(token string) tokens.Claims {
	w.Helper()
	claims, err := w.ring.Verify(token, tokens.TypeAccessToken, w.clock.now())
	w.must(err)
	return claims
}

func TestClientAuthentication(t *testing.T) {
	w := newWorld(t)
	for name, ask := range map[string]func(p person) answer{
		"body":                   w.exchange,
		"Basic as curl sends it": func(p person) answer { return w.postForm(grantType(), basic(p.clientID, p.secret)) },
		"Basic as RFC 6749 says": func(p person) answer {
			return w.postForm(grantType(), basic(url.QueryEscape(p.clientID), url.QueryEscape(p.secret)))
		},
		"Basic with all encoded": func(p person) answer { return w.postForm(grantType(), basic(percent(p.clientID), percent(p.secret))) },
		"scheme in lower case":   func(p person) answer { return w.postForm(grantType(), basic(p.clientID, p.secret), lowerCaseScheme) },
		"the same client_id twice": func(p person) answer {
			return w.postForm(with(grantType(), "client_id", p.clientID), basic(p.clientID, p.secret))
		},
		"an empty secret in a body": func(p person) answer {
			return w.postForm(with(grantType(), "client_secret", ""), basic(p.clientID, p.secret))
		},
		"parameters nobody knows": func(p person) answer { return w.postForm(with(inBody(p), "nonce", "1")) },
		"charset in the media type": func(p person) answer {
			return w.postForm(inBody(p), func(r *http.Request) {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
			})
		},
	} {
		if got := w.claims(ask(w.mia).want(200).field("access_token")).Subject; got != w.mia.clientID {
			t.Errorf("%s: the token is for %s", name, got)
		}
	}
}

func percent(text string) string {
	var encoded strings.Builder
	for _, c := range []byte(text) {
		encoded.WriteString("%" + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]))
	}
	return encoded.String()
}

func lowerCaseScheme(r *http.Request) {
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "Basic", "basic", 1))
}

func TestScopeOfToken(t *testing.T) {
	w := newWorld(t)
	for asked, granted := range map[string]string{
		"":                     "api reports", // without what is for the server itself
		"api":                  "api",
		"reports api":          "reports api",
		"api api":              "api",
		"self keys:write":      "self", // the key has it, the role does not allow it
		"self keys:write self": "self",
	} {
		var body struct{ Scope, AccessToken string }
		a := w.postForm(with(inBody(w.mia), "scope", asked)).want(200)
		a.into(&body)
		if claimed := w.claims(a.field("access_token")).Scope; body.Scope != granted || claimed != granted {
			t.Errorf("asked for %q: the response says %q and the token %q, want %q", asked, body.Scope, claimed, granted)
		}
	}
	limited := w.giveKey(w.mia, "api")
	for _, asked := range []string{
		"reports", "api reports", "nothing", "API", "api  api", " api", "api ",
		"api\treports", "api\n", "api,reports", "self", `a"b`, `a\b`, "á", " ",
	} {
		w.postForm(with(inBody(limited), "scope", asked)).wantError(400, "invalid_scope")
	}
	powerless := w.giveKey(w.gil, "keys:write", "users:write")
	w.exchange(powerless).wantError(400, "invalid_scope")
}

func TestAudienceOfToken(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		resources []string
		audience  tokens.Audience
		algorithm tokens.Algorithm
	}{
		{nil, tokens.Audience{"https://api.example"}, tokens.ES256},
		{[]string{""}, tokens.Audience{"https://api.example"}, tokens.ES256}, // without a value is omitted (RFC 6749 section 3.2)
		{[]string{"https://other.example"}, tokens.Audience{"https://other.example"}, tokens.ES256},
		{[]string{"https://edge.example"}, tokens.Audience{"https://edge.example"}, tokens.EdDSA},
		{[]string{issuer}, tokens.Audience{issuer}, tokens.ES256},
	} {
		token := w.postForm(with(inBody(w.mia), "resource", c.resources...)).want(200).field("access_token")
		if diff := cmp.Diff(c.audience, w.claims(token).Audience); diff != "" {
			t.Errorf("asked for %q (-want +got):\n%s", c.resources, diff)
		}
		header, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
		if !strings.Contains(string(header), `"`+w.signingKey(c.algorithm)+`"`) {
			t.Errorf("asked for %q: not signed with the key for %s: %s", c.resources, c.algorithm, header)
		}
	}
	for _, resources := range [][]string{
		{"https://stranger.example"},
		{"https://api.example/"},
		{"HTTPS://API.EXAMPLE"},
		{"https://api.example", "https://stranger.example"},
		{"https://api.example", "https://edge.example"},
		{"https://other.example", "https://api.example"},
		{"https://other.example", "https://other.example"},
		{issuer + "/"},
	} {
		w.postForm(with(inBody(w.mia), "resource", resources...)).wantError(400, "invalid_target")
	}
}

// A token never outlives its key (R13), and the program is warned in time (R25).
func TestTokenNearTheEndOfItsKey(t *testing.T) {
	w := newWorld(t)
	expiry := start.Add(90 * policy.Day)
	for _, c := range []struct {
		before    time.Duration
		expiresIn int64
		warned    bool
	}{
		{30*policy.Day + time.Nanosecond, 900, false},
		{30 * policy.Day, 900, true},
		{15 * time.Minute, 900, true},
		{10 * time.Minute, 600, true},
		{1500 * time.Millisecond, 2, true}, // issued at …58.00 as the token counts, dead at …00.00
		{time.Second, 1, true},
		{600 * time.Millisecond, 1, true},
	} {
		w.clock.set(expiry.Add(-c.before))
		a := w.exchange(w.mia).want(200)
		var body struct {
			ExpiresIn int64 `json:"expires_in"`
		}
		a.into(&body)
		claims := w.claims(a.field("access_token"))
		life := int64(claims.ExpiresAt.Sub(claims.IssuedAt.Time) / time.Second)
		if life != body.ExpiresIn || life != c.expiresIn || claims.ExpiresAt.After(expiry) {
			t.Errorf("%s before the key expires: expires_in %d, exp-iat %d, exp %s", c.before, body.ExpiresIn, life, claims.ExpiresAt)
		}
		warning := slices.Clone(a.header.Values("Mintkey-Key-Expires"))
		if want := []string{expiry.Format(time.RFC3339)}; c.warned != slices.Equal(warning, want) || !c.warned && warning != nil {
			t.Errorf("%s before the key expires: Mintkey-Key-Expires %q", c.before, warning)
		}
	}
	w.clock.set(expiry.Add(-200 * time.Millisecond)) // a token issued in this second would have expired already
	w.exchange(w.mia).wantError(401, "invalid_client")
	w.clock.set(expiry)
	w.exchange(w.mia).wantError(401, "invalid_client")
}
