package verify_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/verify"
)

func containsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

type answer struct {
	Status    int
	Challenge string
	Retry     string
}

func ask(handler http.Handler, path string, authorization ...string) answer {
	return askFor(handler, path, http.Header{"Authorization": authorization})
}

func askWith(handler http.Handler, header http.Header) answer { return askFor(handler, "/", header) }

func askFor(handler http.Handler, path string, header http.Header) answer {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header = header
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return answer{w.Code, w.Header().Get("WWW-Authenticate"), w.Header().Get("Retry-After")}
}

// greet answers 204 to whom the context names as the user.
func greet(t testing.TB) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if claims, ok := verify.FromContext(r.Context()); !ok || claims.UserID != "ada" {
			t.Errorf("claims %+v, %t, want those of ada", claims, ok)
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

func TestChallenges(t *testing.T) {
	i := newIssuer(t)
	v := newVerifier(t, i)
	i.revoke(9)
	handler := v.Require("orders:read", "orders:write")(greet(t))
	token := i.mint(nil)
	realm := `Bearer realm="` + i.url + `"`
	invalid := answer{401, realm + `, error="invalid_token", error_description="The token is not valid here"`, ""}
	scope := answer{403, realm + `, error="insufficient_scope", scope="orders:read orders:write"`, ""}
	for name, test := range map[string]struct {
		authorization []string
		want          answer
	}{
		"a good token":           {[]string{"Bearer " + token}, answer{204, "", ""}},
		"scheme in lower case":   {[]string{"bearer " + token}, answer{204, "", ""}},
		"no header":              {nil, answer{401, realm, ""}},
		"an empty header":        {[]string{""}, answer{401, realm, ""}},
		"another scheme":         {[]string{"Basic bWs6bWtz"}, answer{401, realm, ""}},
		"no token":               {[]string{"Bearer"}, invalid},
		"an empty token":         {[]string{"Bearer "}, invalid},
		"only padding":           {[]string{"Bearer =="}, invalid},
		"two spaces":             {[]string{"Bearer  " + token}, invalid},
		"a tab":                  {[]string{"Bearer\t" + token}, answer{401, realm, ""}},
		"a space and a tab":      {[]string{"Bearer \t" + token}, invalid},
		"a space before":         {[]string{" Bearer " + token}, answer{401, realm, ""}},
		"a space after":          {[]string{"Bearer " + token + " "}, invalid},
		"two tokens":             {[]string{"Bearer " + token + " " + token}, invalid},
		"two tokens and a comma": {[]string{"Bearer " + token + ", Bearer " + token}, invalid},
		"two headers": {
			[]string{"Bearer " + token, "Bearer " + token},
			answer{400, realm + `, error="invalid_request", error_description="More than one Authorization header"`, ""},
		},
		"a forged token": {[]string{"Bearer eyJhbGciOiJub25lIn0.e30."}, invalid},
		"an expired token": {
			[]string{"Bearer " + i.mint(object{"exp": 1})},
			answer{401, realm + `, error="invalid_token", error_description="The token has expired"`, ""},
		},
		"a revoked token": {
			[]string{"Bearer " + i.mint(i.status(9))},
			answer{401, realm + `, error="invalid_token", error_description="The token was revoked"`, ""},
		},
		"revoked, without scope": {
			[]string{"Bearer " + i.mint(object{"scope": "", "status": i.status(9)["status"]})},
			answer{401, realm + `, error="invalid_token", error_description="The token was revoked"`, ""},
		},
		"no scope":                {[]string{"Bearer " + i.mint(object{"scope": nil})}, scope},
		"one scope of two":        {[]string{"Bearer " + i.mint(object{"scope": "orders:read"})}, scope},
		"scopes that begin alike": {[]string{"Bearer " + i.mint(object{"scope": "orders:reader orders:write"})}, scope},
		"scopes in another order": {[]string{"Bearer " + i.mint(object{"scope": "x orders:write y orders:read"})}, answer{204, "", ""}},
	} {
		if diff := cmp.Diff(test.want, ask(handler, "/", test.authorization...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := ask(handler, "/?access_token="+token); got.Status != 401 {
		t.Errorf("a token in the query: %v", got)
	}
}

func TestNoScopeAtAllIsRequired(t *testing.T) {
	i := newIssuer(t)
	handler := newVerifier(t, i).Require()(greet(t))
	if got := ask(handler, "/", "Bearer "+i.mint(object{"scope": nil})); got.Status != 204 {
		t.Errorf("a good token without scopes: %v", got)
	}
	if got := ask(handler, "/"); got.Status != 401 {
		t.Errorf("no token: %v", got)
	}
}

func TestWhatCannotBeJudgedIs503(t *testing.T) {
	i := newIssuer(t)
	i.down = true
	handler := newVerifier(t, i).Require("orders:read")(greet(t))
	if diff := cmp.Diff(answer{503, "", "5"}, ask(handler, "/", "Bearer "+i.mint(nil))); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if got := ask(handler, "/"); got.Status != 401 {
		t.Errorf("no token: %v", got)
	}
}

func TestATokenOpensItsTenantAlone(t *testing.T) {
	i := newIssuer(t)
	v := newVerifier(t, i)
	tenant := func(r *http.Request) string { return r.PathValue("tenant") }
	mux := http.NewServeMux()
	mux.Handle("GET /tenants/{tenant}/orders", v.RequireTenant(tenant, "orders:read")(greet(t)))
	mux.Handle("GET /nobody/{other}", v.RequireTenant(tenant)(greet(t)))
	realm := `Bearer realm="` + i.url + `"`
	other := answer{403, realm + `, error="insufficient_scope", error_description="The token is for another tenant"`, ""}
	for name, test := range map[string]struct {
		path   string
		claims object
		want   answer
	}{
		"its own":                        {"/tenants/acme-test/orders", nil, answer{204, "", ""}},
		"another":                        {"/tenants/acme-prod/orders", nil, other},
		"another, in other case":         {"/tenants/ACME-test/orders", nil, other},
		"none in the token":              {"/tenants/acme-test/orders", object{"tenant_id": nil}, other},
		"none in the token nor the path": {"/nobody/x", object{"tenant_id": nil}, other},
		"its own, without the scope": {
			"/tenants/acme-test/orders",
			object{"scope": "x"},
			answer{403, realm + `, error="insufficient_scope", scope="orders:read"`, ""},
		},
	} {
		if diff := cmp.Diff(test.want, ask(mux, test.path, "Bearer "+i.mint(test.claims))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestWithoutRequireThereAreNoClaims(t *testing.T) {
	if claims, ok := verify.FromContext(t.Context()); ok || claims.UserID != "" {
		t.Errorf("claims %+v out of nowhere", claims)
	}
	if claims, ok := verify.FromContext(verify.NewContext(t.Context(), verify.Claims{UserID: "ada"})); !ok || claims.UserID != "ada" {
		t.Errorf("claims %+v, want those put in", claims)
	}
}

func TestRequirePanicsOnWhatIsNoScope(t *testing.T) {
	i := newIssuer(t)
	v := newVerifier(t, i)
	for _, scope := range []string{"", "orders:read orders:write", `"`, `\`, "ä", "a\n"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Require(%q) did not panic", scope)
				}
			}()
			v.Require(scope)
		}()
	}
}
