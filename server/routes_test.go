package server_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"mintkey/policy"
)

// route is an operation of the administration or self-service API, as the document describes it.
type route struct {
	method, path string
	scopes       []string // any one of these will do
}

// fill puts IDs in the place of the path's parameters.
func (r route) fill(ids map[string]string) string {
	path := r.path
	for name, id := range ids {
		path = strings.ReplaceAll(path, "{"+name+"}", id)
	}
	return path
}

// has says whether the path has the parameter.
func (r route) has(name string) bool { return strings.Contains(r.path, "{"+name+"}") }

// body is one that would pass, or nil where the operation takes none.
func (r route) body() any {
	switch r.method {
	case "GET", "DELETE":
		return nil
	}
	if text := bodies()[r.method+" "+r.path]; text != "" {
		return text
	}
	return nil
}

// bodies lists every operation that changes something, with a body if it takes one. A new one must be added here,
// so that the walls are tried on it.
func bodies() map[string]string {
	return map[string]string{
		"POST /admin/v1/accounts":                                      `{"id":"new","name":"New"}`,
		"PUT /admin/v1/accounts/{account}/expiration-policy":           `{"enabled":true,"period_days":360}`,
		"POST /admin/v1/accounts/{account}/tenants":                    `{"id":"new","name":"New","release":"24.3"}`,
		"POST /admin/v1/accounts/{account}/users":                      `{"id":"new","email":"new@acme.example"}`,
		"PATCH /admin/v1/accounts/{account}":                           `{"second_factor":"optional"}`,
		"PATCH /admin/v1/tenants/{tenant}":                             `{"tokens_per_minute":1000}`,
		"PATCH /admin/v1/tenants/{tenant}/keys/{client_id}":            `{"tokens_per_minute":1000}`,
		"PATCH /admin/v1/accounts/{account}/users/{user}":              `{"name":"Renamed"}`,
		"PUT /admin/v1/tenants/{tenant}/members/{user}":                `{"role":"tenant_admin"}`,
		"POST /admin/v1/tenants/{tenant}/keys":                         `{"user_id":"mia"}`,
		"POST /admin/v1/tenants/{tenant}/keys/revoke":                  `{"user_id":"nobody"}`,
		"POST /admin/v1/tenants/{tenant}/keys/{client_id}/refresh":     `{}`,
		"POST /admin/v1/accounts/{account}/users/{user}/password-link": ``,
		"POST /admin/v1/tenants/{tenant}/keys/{client_id}/suspend":     `{"reason":"leaked"}`,
		"POST /admin/v1/tenants/{tenant}/keys/{client_id}/resume":      `{}`,
		"POST /admin/v1/tenants/{tenant}/keys/{client_id}/transfer":    `{"user_id":"mia"}`,
		"POST /me/v1/keys/{client_id}/refresh":                         `{}`,
		"POST /me/v1/keys/{client_id}/suspend":                         `{}`,
		"POST /me/v1/keys/{client_id}/resume":                          `{}`,
		"POST /me/v1/key/refresh":                                      `{}`,
		"POST /admin/v1/signing-keys/rotate":                           `{}`,
	}
}

// routes reads every operation that needs a token from the document that the server serves.
func (w *world) routes() []route {
	w.Helper()
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	w.do(w.request("GET", "/openapi.json", nil)).want(200).into(&document)
	var all []route
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		if !strings.HasPrefix(path, "/admin/") && !strings.HasPrefix(path, "/me/") {
			continue
		}
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			raw, ok := document.Paths[path][strings.ToLower(method)]
			if !ok {
				continue
			}
			var operation struct {
				Security []map[string][]string `json:"security"`
			}
			w.must(json.Unmarshal(raw, &operation))
			r := route{method: method, path: path}
			for _, one := range operation.Security {
				r.scopes = append(r.scopes, one["bearer"]...)
			}
			all = append(all, r)
		}
	}
	return all
}

func TestEveryRouteIsTried(t *testing.T) {
	w := newWorld(t)
	missing := bodies()
	for _, r := range w.routes() {
		name := r.method + " " + r.path
		if _, ok := missing[name]; !ok && r.method != "GET" && r.method != "DELETE" {
			t.Errorf("%s is missing in bodies", name)
		}
		delete(missing, name)
		for part := range strings.SplitSeq(r.path, "/") {
			if strings.HasPrefix(part, "{") && !slices.Contains([]string{"{account}", "{tenant}", "{user}", "{client_id}"}, part) {
				t.Errorf("%s: the walls are not tried with a foreign %s", name, part)
			}
		}
	}
	for name := range missing {
		t.Errorf("the document has no %s", name)
	}
}

func TestEveryRouteNeedsAToken(t *testing.T) {
	w := newWorld(t)
	for _, r := range w.routes() {
		a := w.do(w.request(r.method, r.fill(w.own(w.mia)), r.body())).wantCode(401, "unauthorized")
		a.wantHeader("WWW-Authenticate", `Bearer realm="`+issuer+`"`).wantHeader("Cache-Control", "no-store")
	}
}

// own are the IDs of somebody and of what is theirs.
func (w *world) own(p person) map[string]string {
	return map[string]string{"account": p.account, "tenant": p.tenant, "user": p.id, "client_id": p.clientID}
}

// Each operation takes exactly the scopes that the document says, even from an operator.
func TestScopesOfRoutes(t *testing.T) {
	w := newWorld(t)
	tokens := map[string]bearer{}
	for _, scope := range everyScope() {
		tokens[scope] = bearer(w.tokenOf(w.olga, scope))
	}
	ids := map[string]string{"account": "acme", "tenant": "forge", "user": "nobody", "client_id": "mk_unknown"}
	for _, r := range w.routes() {
		var body any
		if r.body() != nil {
			body = "[]" // is refused, once the scope is accepted
		}
		for scope, token := range tokens {
			a := w.ask(token, r.method, r.fill(ids), body)
			if slices.Contains(r.scopes, scope) {
				if a.status == 401 || a.status == 403 {
					t.Errorf("%s with %s answered %d", a.request, scope, a.status)
				}
				continue
			}
			if !policy.IsAdministrationScope(scope) { // its token is for the API
				a.wantCode(401, "unauthorized")
				continue
			}
			a.wantCode(403, "insufficient_scope")
			a.wantHeader("WWW-Authenticate", `Bearer realm="`+issuer+`", error="insufficient_scope", scope="`+strings.Join(r.scopes, " ")+`"`)
		}
	}
}

// A key's scopes give nothing that the owner's role does not allow.
func TestRolesOnRoutes(t *testing.T) {
	w := newWorld(t)
	forMembers := []string{"self", "rotate", "tokens:introspect"}
	forTenantAdmins := append([]string{"keys:read", "keys:write"}, forMembers...)
	takes := func(r route, scopes []string) bool {
		return slices.ContainsFunc(r.scopes, func(scope string) bool { return slices.Contains(scopes, scope) })
	}
	for _, r := range w.routes() {
		ids := w.own(w.mia)
		if slices.Equal(r.scopes, []string{"accounts:write"}) {
			w.ask(w.ada, r.method, r.fill(ids), r.body()).wantCode(403, "insufficient_scope")
		}
		if !takes(r, forMembers) {
			w.ask(w.mia, r.method, r.fill(ids), r.body()).wantCode(403, "insufficient_scope")
		}
		if !takes(r, forTenantAdmins) {
			w.ask(w.tom, r.method, r.fill(ids), r.body()).wantCode(403, "insufficient_scope")
		}
	}
}

// An address of an endpoint that is almost right, such as one made of a base URL with a slash at its end, is refused in the words of the
// endpoint, which plugins show.
func TestAlmostTheAddressOfAnEndpoint(t *testing.T) {
	w := newWorld(t)
	for path, meant := range map[string]string{
		"//oauth2/token": "/oauth2/token", "/oauth2/token/": "/oauth2/token", "/v1//auth-client": "/v1/auth-client",
		"//v1/auth": "/v1/auth", "/oauth2/./introspect": "/oauth2/introspect", "/oauth2/tokens": "", "/v1/projects": "",
	} {
		a := w.do(w.request("POST", path, nil)).wantError(404, "invalid_request")
		text, hinted := a.field("message"), meant != ""
		if text != a.field("error_description") || !strings.Contains(text, meant) || strings.Contains(text, "slash") != hinted {
			t.Errorf("%s: %s", path, a.body)
		}
	}
}

func TestUncleanPathsAreNothing(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{
		"//admin/v1/accounts", "/admin//v1/accounts", "/admin/v1/accounts/", "/admin/v1/../v1/accounts", "/admin/v1/accounts/..%2faccounts",
		"/admin/v1/tenants/forge/./keys", "/admin/v1/tenants/forge%2f..%2fdome/keys", "/Admin/v1/accounts", "/admin", "/me/v1",
	} {
		a := w.get(w.ada, path)
		if a.status != 404 || mask(a.body) != nothingHere {
			t.Errorf("%s answered %d: %s", a.request, a.status, a.body)
		}
	}
}
