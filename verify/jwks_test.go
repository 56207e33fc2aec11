package verify_test

import (
	"crypto/ecdsa"
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"mintkey/verify"
)

// One odd key costs itself alone (RFC 7517 section 5).
func TestOddKeysCostThemselvesAlone(t *testing.T) {
	for name, odd := range map[string]any{
		"a number as kid":         object{"kty": "EC", "kid": 7},
		"a text as x5c":           object{"kty": "RSA", "kid": "a", "x5c": "MII"},
		"a text as key_ops":       object{"kty": "EC", "kid": "a", "key_ops": "verify"},
		"a list as kty":           object{"kty": []string{"EC"}, "kid": "a"},
		"a text among the keys":   "MII",
		"a number among the keys": 7,
		"null among the keys":     nil,
		"a list among the keys":   []any{object{"kty": "EC"}},
	} {
		i := newIssuer(t)
		i.addToJWKS = []any{odd}
		v := newVerifier(t, i)
		if _, err := v.Verify(t.Context(), i.mint(nil)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A point that is not on the curve is no key: an implementation that multiplies it gives secrets away.
func TestAKeyOffTheCurveIsNotUsed(t *testing.T) {
	i := newIssuer(t)
	point, err := i.keys[0].private.Public().(*ecdsa.PublicKey).Bytes()
	mustDo(t, err)
	encode := base64.RawURLEncoding.EncodeToString
	off := object{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "es1", "x": encode(point[1:33]), "y": encode(point[1:33])}
	i.addToJWKS = []any{off} // before the good one of the same kid: of two keys with one kid the first counts
	mustVerify(t, newVerifier(t, i), i.mint(nil))
}

// ed25519 is EdDSA by the name of RFC 9864.
type ed25519Named struct{ *jwt.SigningMethodEd25519 }

func (ed25519Named) Alg() string { return "Ed25519" }

// Ed25519 is the same as EdDSA, in the configuration, in keys and in tokens, in every combination.
func TestTheNameOfRFC9864(t *testing.T) {
	for _, configured := range []string{"", "EdDSA", "Ed25519"} {
		for _, published := range []string{"EdDSA", "Ed25519"} {
			for _, method := range []jwt.SigningMethod{jwt.SigningMethodEdDSA, ed25519Named{jwt.SigningMethodEdDSA}} {
				i := newIssuer(t)
				key := i.addKey("ed1", jwt.SigningMethodEdDSA)
				key.method = method
				i.editJWKS = func(set *jwkset.JWKSMarshal) { set.Keys[1].ALG = jwkset.ALG(published) }
				v := newVerifier(t, i, func(c *verify.Config) {
					if configured != "" {
						c.Algorithms = []string{configured}
					}
				})
				if _, err := v.Verify(t.Context(), i.mint(nil)); err != nil {
					t.Errorf("configured %q, published %q, in the token %q: %v", configured, published, method.Alg(), err)
				}
			}
		}
	}
	i := newIssuer(t)
	i.addKey("ed1", jwt.SigningMethodEdDSA).method = ed25519Named{jwt.SigningMethodEdDSA}
	wantError(t, newVerifier(t, i, func(c *verify.Config) { c.Algorithms = []string{"ES256"} }), i.mint(nil), verify.ErrInvalidToken)
}

// Programs that send the token in a cookie have no Authorization header; where there is one, whatever it says, the cookie does not count.
func TestTheTokenInACookie(t *testing.T) {
	i := newIssuer(t)
	token := i.mint(nil)
	off := newVerifier(t, i).Require()(greet(t))
	on := newVerifier(t, i, func(c *verify.Config) { c.Cookie = "LWSSO_COOKIE_KEY" }).Require()(greet(t))
	for name, test := range map[string]struct {
		handler       http.Handler
		authorization []string
		cookies       string
		want          int
	}{
		"no cookie is configured":  {off, nil, "LWSSO_COOKIE_KEY=" + token, 401},
		"the cookie":               {on, nil, "LWSSO_COOKIE_KEY=" + token, 204},
		"among others":             {on, nil, "a=b; LWSSO_COOKIE_KEY=" + token + "; c=d", 204},
		"another cookie":           {on, nil, "LWSSO=" + token, 401},
		"two of the name":          {on, nil, "LWSSO_COOKIE_KEY=" + token + "; LWSSO_COOKIE_KEY=" + token, 401},
		"empty":                    {on, nil, "LWSSO_COOKIE_KEY=", 401},
		"beside a good header":     {on, []string{"Bearer " + token}, "LWSSO_COOKIE_KEY=x", 204},
		"beside a bad header":      {on, []string{"Bearer x"}, "LWSSO_COOKIE_KEY=" + token, 401},
		"beside another scheme":    {on, []string{"Basic bWs6bWtz"}, "LWSSO_COOKIE_KEY=" + token, 401},
		"beside an empty header":   {on, []string{""}, "LWSSO_COOKIE_KEY=" + token, 401},
		"a header, and no cookies": {on, []string{"Bearer " + token}, "", 204},
	} {
		got := askWith(test.handler, http.Header{"Authorization": test.authorization, "Cookie": {test.cookies}})
		if got.Status != test.want {
			t.Errorf("%s: %v, want %d", name, got, test.want)
		}
	}
}
