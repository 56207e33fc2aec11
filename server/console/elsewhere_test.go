package console_test

import (
	"net/http"
	"testing"
)

// A page says which methods it has. What is no page is not found, whatever the method.
func TestMethodsOfPages(t *testing.T) {
	h := newHarness(t)
	ada := h.as("ada")
	for path, allowed := range map[string]string{
		"/console":               "GET, HEAD",
		"/console/users":         "GET, HEAD",
		"/console/users/new":     "GET, HEAD, POST",
		"/console/sign-out":      "POST",
		"/console/static/a.css":  "GET, HEAD",
		"/console/tenants/x/key": "",
	} {
		for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodOptions} {
			want := http.StatusMethodNotAllowed
			if allowed == "" {
				want = http.StatusNotFound
			}
			if got := ada.send(method, path, nil).want(want).header.Get("Allow"); got != allowed {
				t.Errorf("%s %s: Allow %q, want %q", method, path, got, allowed)
			}
		}
	}
	ada.get("/console/sign-out").want(http.StatusMethodNotAllowed)
	h.visitor().send(http.MethodPut, "/console/nowhere", nil).leadsTo("/console/sign-in?next=%2Fconsole%2Fnowhere")
}
