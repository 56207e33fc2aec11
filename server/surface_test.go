package server_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"mintkey/policy"
)

// metrics are what Prometheus reads.
func (w *world) metrics() string {
	w.Helper()
	recorder := httptest.NewRecorder()
	w.server.OpsHandler().ServeHTTP(recorder, w.request("GET", "/metrics", nil))
	return recorder.Body.String()
}

// raw goes past the checker of openapi.json, which does not know what strangers invent.
func (w *world) raw(method, path string, adjust ...func(*http.Request)) answer {
	w.Helper()
	r := w.request(method, path, nil)
	for _, change := range adjust {
		change(r)
	}
	recorder := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(recorder, r)
	return answer{w.T, method + " " + path, recorder.Code, recorder.Header(), recorder.Body.String()}
}

// Invented methods are one: each would be a line of the metrics for ever (CVE-2022-21698).
func TestInventedMethodsAreOne(t *testing.T) {
	w := newWorld(t)
	w.raw("BREW", "/oauth2/token").want(405)
	w.raw("GET", "/oauth2/token").want(405)
	before := w.metrics()
	if !strings.Contains(before, `method="other",route="/oauth2/token"`) || !strings.Contains(before, `method="GET",route="/oauth2/token"`) {
		t.Errorf("the metrics are %s", before)
	}
	for i := range 200 {
		w.raw("M"+strconv.Itoa(i)+strings.Repeat("A", 20_000), "/oauth2/token").want(405)
	}
	if after := w.metrics(); len(after) > len(before)+2_000 {
		t.Errorf("the metrics grew from %d to %d bytes", len(before), len(after))
	}
	if log := w.log.String(); len(log) > 200_000 {
		t.Errorf("the log has %d bytes", len(log))
	}
}

// A client ID that is too long to be one is the same unknown client as any other, and nothing is kept or logged of it.
func TestLongClientIDs(t *testing.T) {
	w := newWorld(t)
	long := func(end string) form {
		return form{"grant_type": {"client_credentials"}, "client_id": {strings.Repeat("A", 48_000) + end}, "client_secret": {"mks_guess"}}
	}
	unknown := w.postForm(inBody(person{clientID: "mk_0123456789012345678901", secret: "mks_guess"})).want(401)
	if got := w.postForm(long("")).want(401); got.body != unknown.body {
		t.Errorf("a long one answers %s, an unknown one %s", got.body, unknown.body)
	}
	w.postForm(nil, func(r *http.Request) {
		r.Body = http.NoBody
		r.Header.Set("Authorization", "Basic "+strings.Repeat("A", 30_000))
	})
	for i := range 100 {
		w.postForm(long(strconv.Itoa(i)), from("10.0.0.1")).want(401)
	}
	w.run()()
	if log := w.log.String(); strings.Contains(log, "AAAAAAAAAAAA") || len(log) > 100_000 {
		t.Errorf("the log has %d bytes", len(log))
	}
	for i := 0; w.postForm(long(strconv.Itoa(i)), from("10.0.0.2")).status == 401; i++ {
		if i > 1_000 {
			t.Fatal("they do not count as guesses from the address")
		}
	}
}

// Where the path can't be read by a prefix, there is nothing: a proxy that closes /admin/ need not decode.
func TestDisguisedPathsAreNotFound(t *testing.T) {
	w := newWorld(t)
	as := authorization("Bearer " + w.ada.token(w))
	w.raw("GET", "/admin/v1/accounts", as).want(200)
	w.raw("GET", "/admin/v1/accounts/acme%24", as).wantCode(404, "not_found") // a reserved character has to be encoded
	for _, path := range []string{
		"/%61dmin/v1/accounts", "/admin%2fv1%2Faccounts", "/admin/v1/%61ccounts", "/admin/v1/accounts/%61cme", "/admin%5cv1/accounts",
		"/%6De/v1/keys", "/%63onsole", "/console%2fsign-in", "/console/sign%2Din", "/console/%2e%2e/admin/v1/accounts", "/%6fauth2/token",
		"//admin/v1/accounts", "/./admin/v1/accounts", "/admin/v1/accounts/", "/Admin/v1/accounts", "/admin;x/v1/accounts",
		"/admin%00/v1/accounts",
	} {
		if a := w.raw("GET", path, as); a.status != 404 {
			t.Errorf("%s answered %d", path, a.status)
		}
	}
}

// An X-Request-Id goes into the log, the audit trail and the answer, so it must not be a secret or a token (R3).
func TestRequestIDsHoldNoSecret(t *testing.T) {
	w := newWorld(t)
	secret := policy.NewClientSecret([32]byte{7}).Reveal()
	w.secrets.add(secret)
	if got := w.raw("GET", "/x", header("X-Request-Id", "edge-1.A_b")).header.Get("X-Request-Id"); got != "edge-1.A_b" {
		t.Errorf("a proxy's ID became %q", got)
	}
	for _, id := range []string{secret, "x." + secret, "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwcyJ9.c2ln"} {
		if got := w.raw("GET", "/x", header("X-Request-Id", id)).header.Get("X-Request-Id"); got == id || got == "" {
			t.Errorf("%q became %q", id, got)
		}
	}
}

// What is typed in the wrong place does not reach the log: a token in a path, a password as the client ID.
func TestLogHoldsNoTokenAndNoPassword(t *testing.T) {
	w := newWorld(t)
	token := w.tokenOf(w.mia, "")
	w.raw("GET", "/x/"+token+"/y").want(404)
	w.postForm(form{"grant_type": {"client_credentials"}, "client_id": {"correct horse battery"}, "client_secret": {"x"}}).want(401)
	w.run()()
	log := w.log.String()
	if strings.Contains(log, token[:20]) || strings.Contains(log, "horse") {
		t.Errorf("the log has it: %s", log)
	}
	if !strings.Contains(log, `"client refused","client_id":"unknown, mark `) {
		t.Errorf("the refusal is not in the log: %s", log)
	}
}

// Over TLS of its own the server tells browsers to stay there (RFC 6797); over plain http, as behind a proxy, it says nothing.
func TestStrictTransportSecurity(t *testing.T) {
	w := newWorld(t)
	own := func(r *http.Request) { r.TLS = &tls.ConnectionState{} }
	for _, path := range []string{"/console/sign-in", "/x", "/oauth2/token"} {
		if got := w.raw("GET", path, own).header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
			t.Errorf("%s: %q", path, got)
		}
		if got := w.raw("GET", path).header.Get("Strict-Transport-Security"); got != "" {
			t.Errorf("%s without TLS: %q", path, got)
		}
	}
}

// A client secret where a name belongs is refused, before it is in a list, a mail and the store.
func TestSecretsAreNoNames(t *testing.T) {
	w := newWorld(t)
	secret := policy.NewClientSecret([32]byte{9}).Reveal()
	w.post(w.olga, acmeUsers, map[string]string{"email": "x@acme.example", "name": secret}).wantCode(422, "invalid_name")
	w.patch(w.olga, acmeUsers+"/mia", map[string]string{"name": "Mia " + secret}).wantCode(422, "invalid_name")
	w.post(w.olga, "/admin/v1/accounts", map[string]string{"name": secret}).wantCode(422, "invalid_name")
	w.post(w.ada, "/admin/v1/accounts/acme/tenants", map[string]string{"name": secret, "release": "24.3"}).wantCode(422, "invalid_name")
	w.delete(w.tom, forgeKeys+"/"+w.mia.clientID).want(204)
	w.post(w.tom, forgeKeys, map[string]string{"user_id": "mia", "label": secret}).wantCode(422, "invalid_label")
}
