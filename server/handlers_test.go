package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"mintkey/server"
)

// The administration API and the console can have a listener of their own: then none of their paths is on the public one. All that is on
// the public one is on theirs too, so that a command fetches its token where it uses it.
func TestHandlersAreApart(t *testing.T) {
	w := newWorld(t)
	for path, public := range map[string]bool{
		"/.well-known/jwks.json":                  true,
		"/.well-known/oauth-authorization-server": true,
		"/oauth2/forward-auth":                    true,
		"/oauth2/revocations":                     true,
		"/oauth2/status-lists/0":                  true,
		"/oauth2/token":                           true,
		"/v1/auth":                                true,
		"/me/v1/keys":                             true,
		"/openapi.json":                           true,
		"/":                                       false,
		"/favicon.ico":                            false,
		"/.well-known/change-password":            false,
		"/admin/v1/accounts":                      false,
		"/admin/v1/signing-keys":                  false,
		"/console":                                false,
		"/console/sign-in":                        false,
	} {
		if status := statusOf(w.server.Handler(), path); status == http.StatusNotFound {
			t.Errorf("%s is nowhere", path)
		}
		if status := statusOf(w.server.PublicHandler(), path); (status != http.StatusNotFound) != public {
			t.Errorf("%s is public: want %v, answered %d", path, public, status)
		}
	}
}

func statusOf(handler http.Handler, path string) int {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code
}

// Operators see at a glance what is unsafe in how a server is set up; a probe's answer stays as short as it was.
func TestReadyListsWarnings(t *testing.T) {
	w := newWorld(t)
	ready := func() (answer map[string]any) {
		recorder := httptest.NewRecorder()
		w.server.OpsHandler().ServeHTTP(recorder, w.request("GET", "/readyz?verbose", nil))
		w.must(json.Unmarshal(recorder.Body.Bytes(), &answer))
		return answer
	}
	if warnings, ok := ready()["warnings"].([]any); !ok || len(warnings) != 0 {
		t.Errorf("answered %v", ready())
	}
	w.serve(func(o *server.Options) { o.Warnings = []string{"tls.key: others can read it (mode 0644)"} })
	if warnings, _ := ready()["warnings"].([]any); len(warnings) != 1 || warnings[0] != "tls.key: others can read it (mode 0644)" {
		t.Errorf("answered %v", ready())
	}
	var now []string
	w.serve(func(o *server.Options) { o.WarningsNow = func() []string { return now } })
	for _, now = range [][]string{nil, {"one that came"}, nil} {
		if warnings, _ := ready()["warnings"].([]any); len(warnings) != len(now) {
			t.Errorf("answered %v, want %v", warnings, now)
		}
	}
	recorder := httptest.NewRecorder()
	w.server.OpsHandler().ServeHTTP(recorder, w.request("GET", "/readyz", nil))
	if got := recorder.Body.String(); got != `{"status":"ready"}`+"\n" && got != `{"status":"ready"}` {
		t.Errorf("without verbose: %q", got)
	}
}
