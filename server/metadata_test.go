package server_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/server"
	"mintkey/tokens"
)

func TestMetadata(t *testing.T) {
	w := newWorld(t)
	for path, name := range map[string]string{
		"/.well-known/oauth-authorization-server": "metadata",
		"/.well-known/openid-configuration":       "openid_configuration",
	} {
		a := w.do(w.request("GET", path, nil)).want(200)
		a.wantHeader("Content-Type", "application/json").wantHeader("Cache-Control", "public, max-age=300")
		a.golden(name)
	}
}

func TestJWKS(t *testing.T) {
	w := newWorld(t)
	a := w.do(w.request("GET", "/.well-known/jwks.json", nil)).want(200)
	a.wantHeader("Content-Type", "application/jwk-set+json").wantHeader("Cache-Control", "public, max-age=300")
	var set struct{ Keys []map[string]any }
	a.into(&set)
	kinds := map[string]any{}
	for _, key := range set.Keys {
		kinds[key["kid"].(string)] = key["alg"]
		if key["use"] != "sig" {
			t.Errorf("use is %v", key["use"])
		}
		for _, private := range []string{"d", "p", "q", "k", "dp", "dq", "qi"} {
			if _, ok := key[private]; ok {
				t.Errorf("the private member %s is published", private)
			}
		}
	}
	if diff := cmp.Diff(map[string]any{w.signingKey(tokens.ES256): "ES256", w.signingKey(tokens.EdDSA): "EdDSA"}, kinds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A document that has not changed is not sent again.
func TestDocumentsHaveETags(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/.well-known/jwks.json", "/openapi.json"} {
		first := w.do(w.request("GET", path, nil)).want(200)
		r := w.request("GET", path, nil)
		header("If-None-Match", first.header.Get("ETag"))(r)
		if again := w.do(r).want(304); again.body != "" || again.header.Get("ETag") != first.header.Get("ETag") {
			t.Errorf("%s: %v %s", again.request, again.header, again.body)
		}
		r = w.request("GET", path, nil)
		header("If-None-Match", `"another"`)(r)
		w.do(r).want(200)
	}
	var document struct{ OpenAPI string }
	w.do(w.request("GET", "/openapi.json", nil)).into(&document)
	if !strings.HasPrefix(document.OpenAPI, "3.1") {
		t.Errorf("openapi is %q", document.OpenAPI)
	}
}

// A rotation of the signing keys reaches the JWKS before the first token that needs it.
func TestJWKSFollowsRotation(t *testing.T) {
	w := newWorld(t)
	w.must(w.ring.Rotate(t.Context(), w.clock.now(), false))
	var set struct{ Keys []json.RawMessage }
	w.do(w.request("GET", "/.well-known/jwks.json", nil)).want(200).into(&set)
	if len(set.Keys) != 4 {
		t.Errorf("%d keys, want the old and the next of each algorithm", len(set.Keys))
	}
	before := w.tokenOf(w.mia, "")
	w.clock.advance(tokens.DefaultPublishBefore + time.Second)
	after := w.tokenOf(w.mia, "")
	if strings.Split(before, ".")[0] == strings.Split(after, ".")[0] {
		t.Error("the next signing key does not sign")
	}
	w.get(bearer(before), ownKeys).want(200)
	w.get(bearer(after), ownKeys).want(200)
}

func TestServerNeedsAnAudience(t *testing.T) {
	if _, err := server.New(server.Options{}); err == nil {
		t.Error("a server without an audience was made")
	}
}
