package server_test

import (
	"encoding/json"
	"slices"
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

func publicDocuments() []string {
	return []string{
		"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/.well-known/jwks.json", "/openapi.json",
		"/oauth2/status-lists", "/oauth2/status-lists/0",
	}
}

// Pages of every origin may read what is public, errors included, and nothing else.
func TestPublicDocumentsAreOpenToPages(t *testing.T) {
	w := newWorld(t)
	w.exchange(w.mia).want(200) // so that there is a status list
	origin := header("Origin", "https://app.example.com")
	for _, path := range append(publicDocuments(), "/oauth2/status-lists/9") {
		for _, method := range []string{"GET", "HEAD"} {
			r := w.request(method, path, nil)
			origin(r)
			a := w.do(r).wantHeader("Access-Control-Allow-Origin", "*")
			if exposed := a.header.Get("Access-Control-Expose-Headers"); !strings.Contains(exposed, "ETag") {
				t.Errorf("%s: the page may read %q", a.request, exposed)
			}
		}
		r := w.request("OPTIONS", path, nil)
		origin(r)
		header("Access-Control-Request-Method", "GET")(r)
		header("Access-Control-Request-Headers", "if-none-match")(r)
		a := w.do(r).want(204).wantHeader("Access-Control-Allow-Origin", "*").wantHeader("Access-Control-Allow-Methods", "GET, HEAD")
		if allowed := a.header.Get("Access-Control-Allow-Headers"); !strings.Contains(allowed, "If-None-Match") {
			t.Errorf("%s: allows %q", a.request, allowed)
		}
	}
	for method, path := range map[string]string{"GET": "/me/v1/keys", "POST": "/oauth2/token", "OPTIONS": "/oauth2/token"} {
		r := w.request(method, path, nil)
		origin(r)
		if a := w.do(r); a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: pages of other origins may read it", a.request)
		}
	}
}

// The address that discovery by OpenID Connect has to name says what there is instead.
func TestThereIsNoAuthorizationEndpoint(t *testing.T) {
	w := newWorld(t)
	for _, method := range []string{"GET", "POST"} {
		a := w.do(w.request(method, "/oauth2/authorize?response_type=code&client_id=x", nil)).wantError(400, "invalid_request")
		if !strings.Contains(a.field("error_description"), "/oauth2/token") {
			t.Errorf("%s: %s", a.request, a.body)
		}
	}
}

// Resources are named in the metadata by what RFC 9728 takes for an identifier, and strangers are not told the administration scopes.
func TestMetadataNamesResources(t *testing.T) {
	w := newWorld(t, func(o *server.Options) {
		for _, name := range []string{"https://api.example/v1?x=1", "https://api.example/#a", "api", "urn:example:api"} {
			o.Audiences = append(o.Audiences, server.Audience{Name: name, Algorithm: tokens.ES256})
		}
	})
	var document struct {
		Resources []string `json:"protected_resources"`
		Scopes    []string `json:"scopes_supported"`
	}
	w.do(w.request("GET", "/.well-known/oauth-authorization-server", nil)).want(200).into(&document)
	for _, resource := range document.Resources {
		if !strings.HasPrefix(resource, "https://") || strings.Contains(resource, "#") || resource == issuer {
			t.Errorf("the resource %s", resource)
		}
	}
	if !slices.Contains(document.Resources, "https://api.example/v1?x=1") {
		t.Errorf("resources %q", document.Resources)
	}
	if diff := cmp.Diff([]string{"api", "reports"}, document.Scopes); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
}

// A document that has not changed is not sent again.
func TestDocumentsHaveETags(t *testing.T) {
	w := newWorld(t)
	w.exchange(w.mia).want(200) // so that there is a status list
	for _, path := range publicDocuments() {
		first := w.do(w.request("GET", path, nil)).want(200)
		r := w.request("GET", path, nil)
		header("If-None-Match", "W/"+first.header.Get("ETag"))(r)
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
	first := w.do(w.request("GET", "/.well-known/jwks.json", nil)).want(200) // which is kept, until the keys change
	w.must(w.ring.Rotate(t.Context(), w.clock.now(), false))
	r := w.request("GET", "/.well-known/jwks.json", nil)
	header("If-None-Match", first.header.Get("ETag"))(r)
	var set struct{ Keys []json.RawMessage }
	w.do(r).want(200).into(&set)
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
