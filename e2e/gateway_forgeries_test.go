package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"mintkey/tokens"
)

// No gateway lets a token pass that is not good, and the API never sees the request.
func testForgeries(t *testing.T, s *site, gateways []*gateway) {
	forgeries := s.forgeries()
	for _, g := range gateways {
		t.Run("refuse/"+g.name, func(t *testing.T) {
			for where, present := range map[string]presenter{"header": inHeader, "cookie": inCookie} {
				for name, token := range forgeries {
					status, _, err := g.askBy(present, token)
					if err != nil || status != http.StatusUnauthorized && status != http.StatusForbidden {
						t.Errorf("%s, in the %s: %v %d; want 401 or 403", name, where, err, status)
					}
				}
			}
		})
	}
}

// forgeries are tokens that no gateway may accept, by what is wrong with them. Each has one thing wrong: those with a wrong claim or type
// are signed with the issuer's own key.
func (s *site) forgeries() map[string]string {
	s.t.Helper()
	key := s.client("forger")
	good := s.admin.mustFetch(key)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	kid := header(s.t, good)["kid"]
	return map[string]string{
		"no token":               "",
		"not a token":            "nonsense",
		"a changed signature":    changeSignature(good),
		"a stranger's signature": s.forge(good, jwt.SigningMethodES256, stranger, map[string]any{"kid": kid}),
		"an embedded key":        s.forge(good, jwt.SigningMethodES256, stranger, map[string]any{"jwk": publicJWK(s.t, stranger)}),
		"an embedded key, known kid": s.forge(good, jwt.SigningMethodES256, stranger,
			map[string]any{"kid": kid, "jwk": publicJWK(s.t, stranger)}),
		"HMAC with the public key": s.forge(good, jwt.SigningMethodHS256, s.publicPEM(), map[string]any{"kid": kid}),
		"no algorithm":             s.forge(good, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, map[string]any{"kid": kid}),
		"no algorithm, spelled oddly": s.forge(good, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType,
			map[string]any{"kid": kid, "alg": "nOnE"}),
		"the algorithm none, unsigned": good[:strings.LastIndex(good, ".")+1],
		"another issuer":               s.sign(good, tokens.TypeAccessToken, map[string]any{"iss": "https://other.example.com"}),
		"another audience":             s.tokenFor(key, otherAudience),
		"no audience":                  s.sign(good, tokens.TypeAccessToken, map[string]any{"aud": nil}),
		"another type":                 s.sign(good, "JWT", nil),
		"expired":                      s.sign(good, tokens.TypeAccessToken, map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}),
		"another scope":                s.admin.mustFetch(s.newKeyFor("forger", s.first.TenantID, "reports")),
		"another tenant":               s.admin.mustFetch(s.strangersKey()),
	}
}

// sign makes a token of a good one, with other claims (nil takes one away), signed by the issuer's active key.
func (s *site) sign(good, typ string, changes map[string]any) string {
	s.t.Helper()
	claims := payload(s.t, good)
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	token, err := s.ring.Sign(time.Now(), tokens.ES256, typ, claims)
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

// forge makes a token of a good one that somebody else has signed.
func (s *site) forge(good string, method jwt.SigningMethod, key any, changes map[string]any) string {
	s.t.Helper()
	token := jwt.NewWithClaims(method, jwt.MapClaims(payload(s.t, good)))
	token.Header["typ"] = tokens.TypeAccessToken
	maps.Copy(token.Header, changes)
	signed, err := token.SignedString(key)
	if err != nil {
		s.t.Fatal(err)
	}
	return signed
}

// tokenFor asks for a token for an audience.
func (s *site) tokenFor(key accessKey, audience string) string {
	s.t.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "resource": {audience},
		"client_id": {key.ClientID}, "client_secret": {key.ClientSecret},
	}
	response, err := http.PostForm(s.issuer()+"/oauth2/token", form)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	var answer tokenResponse
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.AccessToken == "" {
		s.t.Fatalf("a token for %s: %s %v", audience, response.Status, err)
	}
	return answer.AccessToken
}

// strangersKey makes an access key in another tenant of the account.
func (s *site) strangersKey() accessKey {
	s.t.Helper()
	s.admin.must(http.StatusCreated, http.MethodPost, "/admin/v1/accounts/"+s.first.AccountID+"/tenants",
		map[string]any{"id": "strangers", "name": "Strangers", "release": "24.3"}, nil)
	path := "/admin/v1/tenants/strangers/members/" + s.first.UserID
	if a, err := s.admin.try(http.MethodPut, path, map[string]any{"role": "member"}); err != nil || a.status/100 != 2 {
		s.t.Fatalf("a member of another tenant: %v %s", err, a)
	}
	return s.newKeyFor(s.first.UserID, "strangers", "api")
}

// publicPEM is the signing key as "mintkey signing-keys export" prints it, which some gateways take for a secret if they let the
// token choose the algorithm.
func (s *site) publicPEM() []byte {
	s.t.Helper()
	var keys struct {
		Items []struct {
			PublicPEM string `json:"public_pem"`
		} `json:"items"`
	}
	s.admin.must(http.StatusOK, http.MethodGet, "/admin/v1/signing-keys", nil, &keys)
	if len(keys.Items) != 1 {
		s.t.Fatalf("there are %d signing keys; want 1", len(keys.Items))
	}
	return []byte(keys.Items[0].PublicPEM)
}

func publicJWK(t *testing.T, key *ecdsa.PrivateKey) map[string]string {
	t.Helper()
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return map[string]string{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": encode(point[1:33]), "y": encode(point[33:])}
}

func changeSignature(token string) string {
	middle := len(token) - 40
	changed := byte('A')
	if token[middle] == changed {
		changed = 'B'
	}
	return token[:middle] + string(changed) + token[middle+1:]
}

func header(t *testing.T, token string) map[string]any {
	t.Helper()
	return tokenPart(t, token, 0)
}

func payload(t *testing.T, token string) map[string]any {
	t.Helper()
	return tokenPart(t, token, 1)
}

func tokenPart(t *testing.T, token string, part int) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[part])
	if err != nil {
		t.Fatal(err)
	}
	return decode[map[string]any](t, text)
}
