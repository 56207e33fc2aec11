package server_test

import (
	"testing"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/store"
)

// An admin has a link mailed with which a user chooses a password: three an hour at most, for nobody of higher authority, and only where
// there is mail.
func TestSendingAPasswordLinkByAPI(t *testing.T) {
	w := newWorld(t)
	const of = "/admin/v1/accounts/acme/users/"
	w.post(w.ada, of+"mia/password-link", nil).wantCode(409, "no_mail")
	w.serve(func(o *server.Options) { o.Mail = true })
	w.post(w.tom, of+"mia/password-link", nil).want(403)
	w.post(w.gus, of+"mia/password-link", nil).want(404)
	w.post(w.ada, of+"olga/password-link", nil).want(403)
	w.post(w.ada, of+"nobody/password-link", nil).want(404)
	sent := func() (n int) {
		events, err := w.store.Events(t.Context(), "acme", store.EventsQuery{Limit: 1000})
		w.must(err)
		for _, event := range events {
			if event.Action == policy.ActionPasswordLinkSent && event.UserID == "mia" {
				n++
			}
		}
		return n
	}
	for want := 1; want <= 3; want++ {
		w.post(w.ada, of+"mia/password-link", nil).want(204)
		if got := sent(); got != want {
			t.Fatalf("sent %d, want %d", got, want)
		}
	}
	w.post(w.ada, of+"mia/password-link", nil).want(429)
}
