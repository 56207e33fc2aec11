package tokens_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"mintkey/tokens"
)

// The name of RFC 9864 is a spelling: the signing key stays the same when the setting changes, and so do tokens that were made before.
func TestTheNameOfRFC9864(t *testing.T) {
	docs := newDocuments()
	named := openRing(t, docs, tokens.Options{Algorithms: []tokens.Algorithm{tokens.Ed25519}}, start)
	other := openRing(t, docs, tokens.Options{Algorithms: []tokens.Algorithm{tokens.EdDSA}}, start)
	made := map[string]string{}
	for name, ring := range map[string]*tokens.KeyRing{"Ed25519": named, "EdDSA": other} {
		token := sign(t, ring, tokens.Algorithm(name), start)
		made[name] = token
		header, err := base64.RawURLEncoding.DecodeString(token[:strings.Index(token, ".")])
		if err != nil || !strings.Contains(string(header), `"alg":"`+name+`"`) {
			t.Errorf("%s: the header is %s, %v", name, header, err)
		}
		jwks, err := ring.JWKS(start)
		if err != nil || !strings.Contains(string(jwks), `"alg":"`+name+`"`) || strings.Count(string(jwks), `"kid"`) != 1 {
			t.Errorf("%s: the JWK Set is %s, %v", name, jwks, err)
		}
		statement, public, err := ring.SignStatement(start, tokens.Algorithm(name), "statement+jwt", claimsAt(start))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tokens.VerifyStatement(statement, public, "statement+jwt", &tokens.Claims{}); err != nil {
			t.Errorf("%s: a statement: %v", name, err)
		}
		if keys := ring.SigningKeys(start); string(keys[0].Algorithm) != name {
			t.Errorf("%s: the signing key is said to be for %s", name, keys[0].Algorithm)
		}
	}
	for _, token := range made {
		for _, ring := range []*tokens.KeyRing{named, other} {
			mustVerify(t, ring, token, start)
		}
	}
	_, err := tokens.OpenKeyRing(t.Context(), docs,
		tokens.Options{Algorithms: []tokens.Algorithm{tokens.EdDSA, tokens.Ed25519}, TokenLifetime: lifetime}, start)
	if err == nil {
		t.Error("one algorithm by two names at once")
	}
}
