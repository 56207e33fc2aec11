package tokens_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"mintkey/tokens"
)

// Verifiers hold the alg of a token against that of the JWK with its kid. So with the name of RFC 9864 there is another signing key, and
// tokens from before the setting changed are verified as what they are.
func TestTheNameOfRFC9864(t *testing.T) {
	docs := newDocuments()
	made, kids := map[string]string{}, map[string]string{}
	for _, name := range []string{"EdDSA", "Ed25519"} {
		ring := openRing(t, docs, tokens.Options{Algorithms: []tokens.Algorithm{tokens.Algorithm(name)}}, start)
		token := sign(t, ring, tokens.Algorithm(name), start)
		made[name] = token
		head := header(t, token)
		if head.Alg != name {
			t.Errorf("%s: the header is %+v", name, head)
		}
		kids[head.Kid] = name
		statement, public, err := ring.SignStatement(start, tokens.Algorithm(name), "statement+jwt", claimsAt(start))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tokens.VerifyStatement(statement, public, "statement+jwt", &tokens.Claims{}); err != nil {
			t.Errorf("%s: a statement: %v", name, err)
		}
	}
	ring := openRing(t, docs, tokens.Options{Algorithms: []tokens.Algorithm{tokens.Ed25519}}, start)
	jwks, err := ring.JWKS(start)
	if err != nil {
		t.Fatal(err)
	}
	var published struct {
		Keys []struct{ Alg, Kid string }
	}
	if err := json.Unmarshal(jwks, &published); err != nil || len(published.Keys) != 2 || len(kids) != 2 {
		t.Fatalf("the JWK Set is %s, %v", jwks, err)
	}
	for _, jwk := range published.Keys {
		if kids[jwk.Kid] != jwk.Alg {
			t.Errorf("the signing key %s of %s is published for %s", jwk.Kid, kids[jwk.Kid], jwk.Alg)
		}
	}
	for _, token := range made {
		mustVerify(t, ring, token, start)
	}
}

// jose is what tests look at in the header of a token.
type jose struct{ Alg, Kid string }

func header(t *testing.T, token string) (header jose) {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(token[:strings.Index(token, ".")])
	mustDo(t, err)
	mustDo(t, json.Unmarshal(text, &header))
	return header
}
