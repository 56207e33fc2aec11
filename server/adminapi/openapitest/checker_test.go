package openapitest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/server/adminapi/openapitest"
)

// reports stands in for a test that is meant to fail, and keeps what was reported.
type reports struct {
	testing.TB
	texts []string
}

func (r *reports) Helper() {}

func (r *reports) Errorf(format string, args ...any) {
	r.texts = append(r.texts, fmt.Sprintf(format, args...))
}

// reply is what a server that forgot its contract answers to everything.
type reply struct {
	status int
	header map[string]string
	body   string
}

// ask sends one request through a Checker, and returns what it reported.
func ask(t *testing.T, method, target string, r reply) []string {
	t.Helper()
	text, found := document(t), &reports{TB: t}
	checker := openapitest.Handler(found, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.URL.Path == openapitest.DocumentPath {
			_, _ = w.Write(text)
			return
		}
		for name, value := range r.header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(r.status)
		_, _ = w.Write([]byte(r.body))
	}))
	passed := httptest.NewRecorder()
	checker.ServeHTTP(passed, httptest.NewRequest(method, target, strings.NewReader(`{"nonsense":true}`)))
	if passed.Code != r.status || passed.Body.String() != r.body {
		t.Errorf("the answer was not handed on unchanged: %d %s", passed.Code, passed.Body)
	}
	for name, value := range r.header {
		if passed.Header().Get(name) != value {
			t.Errorf("the header %s was handed on as %q, not %q", name, passed.Header().Get(name), value)
		}
	}
	return found.texts
}

func jsonHeader(more ...string) map[string]string {
	header := map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"}
	for pair := range slices.Chunk(more, 2) {
		header[pair[0]] = pair[1]
	}
	return header
}

func problemHeader(more ...string) map[string]string {
	header := jsonHeader(more...)
	header["Content-Type"] = "application/problem+json"
	return header
}

const (
	accounts = "/admin/v1/accounts"
	account  = `{"id":"acme","name":"Acme","created_at":"2025-10-05T08:00:00Z","second_factor":"optional"}`
	key      = `"client_id":"mk_1","tenant_id":"t1","user_id":"ada","user_name":"Ada","email":"ada@example.com","label":"","scopes":["api"],` +
		`"status":"active","created_at":"2025-10-05T08:00:00Z","secret_issued_at":"2025-10-05T08:00:00.5Z",` +
		`"last_access_at":null,"last_access_address":null,"secrets":[],"marks":["unused"]`
	claims = `"token_type":"Bearer","iss":"https://id.example.com","sub":"mk_1","aud":"api","scope":"api",` +
		`"tenant_id":"t1","account_id":"acme","user_id":"ada","jti":"j1","iat":1759651200,"exp":1759652100`
)

func problem(status int, code, more string) string {
	return fmt.Sprintf(`{"type":"about:blank","title":"T","status":%d,"detail":"D","code":%q%s}`, status, code, more)
}

func TestAnswersOfTheContractPass(t *testing.T) {
	challenge := []string{"WWW-Authenticate", `Bearer realm="https://id.example.com"`}
	for _, row := range []struct {
		name, method, target string
		reply                reply
	}{
		{"a list", "GET", accounts, reply{200, jsonHeader(), `{"items":[` + account + `],"next":"acme"}`}},
		{
			"a media type with a parameter", "GET", accounts,
			reply{200, jsonHeader("Content-Type", "application/json; charset=utf-8"), `{"items":[]}`},
		},
		{"a created resource", "POST", accounts, reply{201, jsonHeader("Location", accounts+"/acme"), account}},
		{"nothing", "DELETE", "/admin/v1/tenants/t1/keys/mk_1", reply{204, map[string]string{"Cache-Control": "no-store"}, ""}},
		{"null for never", "GET", "/admin/v1/tenants/t1/keys/mk_1", reply{200, jsonHeader(), `{` + key + `,"expires_at":null}`}},
		{"a problem", "GET", accounts, reply{401, problemHeader(challenge...), problem(401, "unauthorized", "")}},
		{
			"the keys that exist", "POST", "/admin/v1/tenants/t1/keys",
			reply{409, problemHeader(), problem(409, "key_limit_reached", `,"client_ids":["mk_1","mk_2"]`)},
		},
		{
			"a policy", "PUT", accounts + "/acme/expiration-policy",
			reply{
				200, jsonHeader(),
				`{"enabled":true,"period_days":90,"revisions":[{"at":"2025-10-05T08:00:00Z","enabled":true,"period_days":90}]}`,
			},
		},
		{"a dry run", "PUT", accounts + "/acme/expiration-policy?dry_run=true", reply{200, jsonHeader(), `{"affected":[]}`}},
		{"an inactive token", "POST", "/oauth2/introspect", reply{200, jsonHeader(), `{"active":false}`}},
		{"an active token", "POST", "/oauth2/introspect", reply{200, jsonHeader(), `{"active":true,` + claims + `}`}},
		{
			"a status list", "GET", "/oauth2/status-lists/0",
			reply{200, jsonHeader("Content-Type", "application/statuslist+jwt", "ETag", `"1"`, "Cache-Control", "max-age=10"), "a.b.c"},
		},
		{
			"an expiring key", "POST", "/oauth2/token",
			reply{
				200, jsonHeader("Mintkey-Key-Expires", "2025-10-05T08:00:00Z"),
				`{"access_token":"a.b.c","token_type":"Bearer","expires_in":900,"scope":"api"}`,
			},
		},
		{"HEAD", "HEAD", accounts, reply{200, jsonHeader(), ""}},
		{"an unknown path", "GET", "/nothing", reply{404, nil, ""}},
		{"a method that the path does not know", "PATCH", accounts, reply{405, map[string]string{"Allow": "GET, POST, HEAD"}, ""}},
		{"a path that is not clean", "GET", "/admin//v1/accounts", reply{301, map[string]string{"Location": accounts}, ""}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if texts := ask(t, row.method, row.target, row.reply); len(texts) > 0 {
				t.Errorf("reported: %s", texts)
			}
		})
	}
}

func TestViolationsAreReported(t *testing.T) {
	for _, row := range []struct {
		name, method, target string
		reply                reply
		report               string // a part of it
	}{
		{
			"extra field", "GET", accounts + "/acme",
			reply{200, jsonHeader(), `{"id":"acme","name":"Acme","created_at":"2025-10-05T08:00:00Z","secret":1}`},
			"secret",
		},
		{
			"extra field in a list", "GET", accounts,
			reply{200, jsonHeader(), `{"items":[{"id":"acme","name":"Acme","created_at":"2025-10-05T08:00:00Z","secret":1}]}`},
			"secret",
		},
		{
			"extra field in a token", "POST", "/v1/auth-client?TENANTID=t1",
			reply{200, jsonHeader(), `{"token":"a.b.c","expires_in":900}`},
			"expires_in",
		},
		{
			"missing field", "GET", accounts + "/acme",
			reply{200, jsonHeader(), `{"id":"acme","created_at":"2025-10-05T08:00:00Z","second_factor":"optional"}`},
			"name",
		},
		{"missing nullable field", "GET", "/admin/v1/tenants/t1/keys/mk_1", reply{200, jsonHeader(), `{` + key + `}`}, "expires_at"},
		{"null for a list", "GET", accounts, reply{200, jsonHeader(), `{"items":null}`}, "items"},
		{"null for a time", "GET", accounts + "/acme", reply{200, jsonHeader(), `{"id":"acme","name":"Acme","created_at":null}`}, "created_at"},
		{
			"text for a number", "POST", "/oauth2/token",
			reply{200, jsonHeader(), `{"access_token":"a.b.c","token_type":"Bearer","expires_in":"900","scope":"api"}`},
			"expires_in",
		},
		{
			"fraction for a whole number", "POST", "/oauth2/token",
			reply{200, jsonHeader(), `{"access_token":"a.b.c","token_type":"Bearer","expires_in":1.5,"scope":"api"}`},
			"expires_in",
		},
		{"no time", "GET", accounts + "/acme", reply{200, jsonHeader(), `{"id":"acme","name":"Acme","created_at":"yesterday"}`}, "RFC 3339"},
		{
			"time in another zone", "GET", accounts + "/acme",
			reply{200, jsonHeader(), `{"id":"acme","name":"Acme","created_at":"2025-10-05T08:00:00+02:00"}`},
			"UTC",
		},
		{
			"zero time for null", "GET", "/admin/v1/tenants/t1/keys/mk_1",
			reply{200, jsonHeader(), `{` + key + `,"expires_at":"0001-01-01T00:00:00Z"}`},
			"zero time",
		},
		{
			"value out of its list", "GET", "/admin/v1/tenants/t1/keys",
			reply{200, jsonHeader(), `{"items":[{` + strings.Replace(key, "unused", "lost", 1) + `,"expires_at":null}]}`},
			"marks",
		},
		{
			"malformed secret", "POST", "/admin/v1/tenants/t1/keys/mk_1/refresh",
			reply{200, jsonHeader(), `{` + key + `,"expires_at":null,"client_secret":"mks_short"}`},
			"client_secret",
		},
		{
			"inactive token that tells more", "POST", "/oauth2/introspect",
			reply{200, jsonHeader(), `{"active":false,"sub":"mk_1"}`},
			"additional properties 'sub'",
		},
		{
			"private signing key", "GET", "/.well-known/jwks.json",
			reply{
				200, jsonHeader("Content-Type", "application/jwk-set+json", "ETag", `"1"`),
				`{"keys":[{"kty":"EC","kid":"1","alg":"ES256","use":"sig","d":"x"}]}`,
			},
			"not",
		},
		{"wrong status", "GET", accounts, reply{202, jsonHeader(), `{"items":[]}`}, "does not have this status"},
		{"status of another operation", "GET", accounts, reply{201, jsonHeader("Location", "/"), account}, "does not have this status"},
		{"undocumented route", "GET", "/admin/v1/secrets", reply{200, jsonHeader(), `{}`}, "no such route"},
		{"undocumented method", "DELETE", accounts + "/acme", reply{204, nil, ""}, "no such route"},
		{"404 in place of 405", "DELETE", accounts + "/acme", reply{404, problemHeader(), problem(404, "not_found", "")}, "no such route"},
		{"405 without Allow", "PATCH", accounts, reply{405, nil, ""}, "Allow"},
		{"405 with another Allow", "PATCH", accounts, reply{405, map[string]string{"Allow": "GET, DELETE"}, ""}, "Allow"},
		{"wrong content type", "GET", accounts, reply{200, jsonHeader("Content-Type", "text/html"), `{"items":[]}`}, "text/html"},
		{"no content type", "GET", accounts, reply{200, map[string]string{"Cache-Control": "no-store"}, `{"items":[]}`}, "Content-Type"},
		{"problem as plain JSON", "GET", accounts, reply{404, jsonHeader(), problem(404, "not_found", "")}, "status"},
		{
			"OAuth error on the administration API", "GET", accounts + "/acme",
			reply{404, jsonHeader(), `{"error":"x","error_description":"y"}`},
			"application/json",
		},
		{
			"problem with another status than the answer", "GET", accounts + "/acme",
			reply{404, problemHeader(), problem(400, "not_found", "")},
			"status",
		},
		{"code of another status", "GET", accounts + "/acme", reply{404, problemHeader(), problem(404, "id_taken", "")}, "code"},
		{"unknown code", "GET", accounts + "/acme", reply{404, problemHeader(), problem(404, "lost", "")}, "code"},
		{
			"key limit without the keys", "POST", "/admin/v1/tenants/t1/keys",
			reply{409, problemHeader(), problem(409, "key_limit_reached", "")},
			"client_ids",
		},
		{"missing header", "POST", accounts, reply{201, jsonHeader(), account}, "Location"},
		{
			"malformed header", "POST", "/oauth2/token",
			reply{200, jsonHeader("Mintkey-Key-Expires", "soon"), `{"access_token":"a.b.c","token_type":"Bearer","expires_in":900,"scope":"api"}`},
			"Mintkey-Key-Expires",
		},
		{
			"cacheable secret", "POST", "/oauth2/token",
			reply{200, jsonHeader("Cache-Control", "max-age=60"), `{"access_token":"a.b.c","token_type":"Bearer","expires_in":900,"scope":"api"}`},
			"Cache-Control",
		},
		{"no JSON", "GET", accounts, reply{200, jsonHeader(), `items`}, "one JSON value"},
		{"two bodies", "GET", accounts, reply{200, jsonHeader(), `{"items":[]}{"items":[]}`}, "one JSON value"},
		{"a body where there is none", "POST", "/oauth2/revoke", reply{200, jsonHeader(), `{}`}, "no body"},
	} {
		t.Run(row.name, func(t *testing.T) {
			texts := ask(t, row.method, row.target, row.reply)
			if len(texts) != 1 || !strings.Contains(texts[0], row.report) {
				t.Errorf("reported %q, want one report with %q", texts, row.report)
			}
		})
	}
}

// This test is for the race detector: a server under test answers many requests at once.
func TestManyAtOnce(t *testing.T) {
	text := document(t)
	checker := openapitest.Handler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == openapitest.DocumentPath {
			_, _ = w.Write(text)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = fmt.Fprintf(w, `{"items":[{%s,"expires_at":null}]}`, key)
	}))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			checker.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/admin/v1/tenants/t1/keys", nil))
		})
	}
	group.Wait()
	if diff := cmp.Diff([]string{"GET /admin/v1/tenants/{tenant}/keys 200"}, checker.Seen()); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
}

func TestUncovered(t *testing.T) {
	text := []byte(`{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{"/things/{id}":{
		"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],
		"get":{"responses":{"200":{"description":"It."},"404":{"description":"No."}}},
		"put":{"responses":{"200":{"description":"Changed."},"201":{"description":"Made."}}}}}}`)
	status := http.StatusOK
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == openapitest.DocumentPath {
			_, _ = w.Write(text)
			return
		}
		w.WriteHeader(status)
	})
	first, second := openapitest.Handler(t, handler), openapitest.Handler(t, handler)
	uncovered := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, openapitest.Uncovered(first, second)); diff != "" {
			t.Errorf("uncovered (-want +got):\n%s", diff)
		}
	}

	uncovered("GET /things/{id} 200", "PUT /things/{id} 200", "PUT /things/{id} 201")
	status = http.StatusNotFound
	first.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/things/1", nil))
	uncovered("GET /things/{id} 200", "PUT /things/{id} 200", "PUT /things/{id} 201") // a refusal is not enough
	status = http.StatusOK
	first.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/things/1", nil))
	second.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPut, "/things/2", nil))
	uncovered("PUT /things/{id} 201")
	status = http.StatusCreated
	second.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPut, "/things/2", nil))
	if left := openapitest.Uncovered(first, second); len(left) > 0 {
		t.Errorf("uncovered: %q", left)
	}
	if diff := cmp.Diff([]string{"GET /things/{id} 200", "GET /things/{id} 404"}, first.Seen()); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
}
