package server_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// The administration API and the console can have their own listener: then none of their paths is on the public one, and vice versa.
func TestHandlersAreApart(t *testing.T) {
	w := newWorld(t)
	apart := w.server.Handlers()
	for path, public := range map[string]bool{
		"/.well-known/jwks.json":                  true,
		"/.well-known/oauth-authorization-server": true,
		"/oauth2/forward-auth":                    true,
		"/oauth2/revocations":                     true,
		"/oauth2/status-lists/0":                  true,
		"/oauth2/token":                           true,
		"/v1/auth":                                true,
		"/":                                       false,
		"/admin/v1/accounts":                      false,
		"/console/sign-in":                        false,
		"/me/v1/keys":                             false,
		"/openapi.json":                           false,
	} {
		here, there := apart.Admin, apart.Public
		if public {
			here, there = there, here
		}
		if status := statusOf(here, path); status == http.StatusNotFound {
			t.Errorf("%s is not where it belongs", path)
		}
		if status := statusOf(there, path); status != http.StatusNotFound {
			t.Errorf("%s is on the wrong listener too: %d", path, status)
		}
	}
}

func statusOf(handler http.Handler, path string) int {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code
}
