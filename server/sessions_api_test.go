package server_test

import (
	"errors"
	"testing"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// An admin signs a user out of the console, and nobody signs out somebody of higher authority (R32).
func TestEndingSessionsByAPI(t *testing.T) {
	w := newWorld(t)
	service := &admin.Service{Store: w.store}
	subject, err := w.store.Subject(t.Context(), "forge", "mia")
	w.must(err)
	mia := admin.Actor{Subject: subject, Via: admin.ViaConsole, At: w.clock.now()}
	w.must(service.StartSession(t.Context(), mia, admin.Session{ID: "s1", Started: mia.At, Seen: mia.At, Method: policy.MethodPassword}))
	const of = "/admin/v1/accounts/acme/users/"
	w.delete(w.tom, of+"mia/sessions").want(403)
	w.delete(w.gus, of+"mia/sessions").want(404)
	w.delete(w.ada, of+"olga/sessions").want(403)
	w.delete(w.ada, of+"nobody/sessions").want(404)
	if _, err := service.Session(t.Context(), "mia", "s1", mia.At); err != nil {
		t.Fatalf("ended by a refused request: %v", err)
	}
	w.delete(w.ada, of+"mia/sessions").want(204)
	w.delete(w.ada, of+"mia/sessions").want(204)
	if _, err := service.Session(t.Context(), "mia", "s1", mia.At); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the session goes on: %v", err)
	}
}
