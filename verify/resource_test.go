package verify_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/verify"
)

// A client that is refused finds the metadata in the challenge, and in them the issuer (RFC 9728 sections 2 and 5.1).
func TestMetadataOfTheResource(t *testing.T) {
	const url = "https://api.example.com/.well-known/oauth-protected-resource"
	i := newIssuer(t)
	v := newVerifier(t, i, func(c *verify.Config) { c.MetadataURL = url })
	realm := `Bearer realm="` + i.url + `", resource_metadata="` + url + `"`
	handler := v.Require("orders:read")(greet(t))
	for authorization, want := range map[string]answer{
		"":         {401, realm, ""},
		"Bearer x": {401, realm + `, error="invalid_token", error_description="The token is not valid here"`, ""},
	} {
		if diff := cmp.Diff(want, ask(handler, "/", authorization)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", authorization, diff)
		}
	}
	get := func(method string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		v.Metadata("orders:read", "orders:write").ServeHTTP(w, httptest.NewRequest(method, url, nil))
		return w
	}
	w := get(http.MethodGet)
	var document object
	mustDo(t, json.Unmarshal(w.Body.Bytes(), &document))
	want := object{
		"resource": audience, "authorization_servers": []any{i.url}, "bearer_methods_supported": []any{"header"},
		"scopes_supported": []any{"orders:read", "orders:write"},
	}
	if diff := cmp.Diff(want, document); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	if h := w.Header(); h.Get("Content-Type") != "application/json" || h.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("headers %v", h)
	}
	if w := get(http.MethodPost); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
		t.Errorf("POST: %d %v", w.Code, w.Header())
	}
}
