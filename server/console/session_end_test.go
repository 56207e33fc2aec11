package console_test

import (
	"testing"
	"time"

	"mintkey/policy"
)

// A session ends with what it began with, and no undoing brings it back (R8, R31).
func TestSessionsEndForGood(t *testing.T) { onEachStore(t, testSessionsEndForGood) }

func testSessionsEndForGood(t *testing.T, h *harness) {
	ada := h.as("ada")
	change := func(fields form) func() {
		return func() { ada.post("/console/users/grace", fields).want(303) }
	}
	removed := func(tenant string) func() {
		return func() {
			ada.post("/console/tenants/"+tenant+"/members", yes(form{"user": {"grace"}, "role": {""}})).want(303)
		}
	}
	added := func(tenant string) func() {
		return func() {
			ada.post("/console/tenants/"+tenant+"/members", yes(form{"user": {"grace"}, "role": {"member"}})).want(303)
		}
	}
	for name, steps := range map[string][]func(){
		"disabled and enabled": {change(yes(form{"do": {"disable"}})), change(form{"do": {"enable"}})},
		"removed and added":    {removed("berlin"), removed("lisbon"), added("berlin"), added("lisbon")},
		"another address and back": {
			change(form{"do": {"save"}, "name": {"Grace"}, "email": {"new@acme.example"}}),
			change(form{"do": {"save"}, "name": {"Grace"}, "email": {"grace@acme.example"}}),
		},
	} {
		v := h.as("grace")
		for _, step := range steps {
			h.advance(time.Second)
			step()
		}
		if v.signedIn() {
			t.Errorf("%s: the session goes on", name)
		}
	}
	if !ada.signedIn() {
		t.Error("the session of the admin has ended")
	}
}

// A user without a password is no less a person: somebody else under the same ID gets no session of theirs.
func TestSessionsOfADeletedUserEnd(t *testing.T) {
	h, _, _ := openIDHarness(t)
	bob := policy.User{ID: "grace", AccountID: "acme", Name: "Grace", Email: "grace@acme.example", Generation: "first"}
	h.must(h.store.UpdateUser(t.Context(), "acme", "grace", func(policy.User) (policy.User, []policy.Event, error) { return bob, nil, nil }))
	v := h.visitor()
	v.arrive("grace-1").leadsTo("/console")
	if !v.signedIn() {
		t.Fatal("not signed in")
	}
	h.must(h.store.UpdateUser(t.Context(), "acme", "grace", func(u policy.User) (policy.User, []policy.Event, error) {
		u.Generation = "second" // as a user who is made again
		return u, nil, nil
	}))
	if v.signedIn() {
		t.Error("the session of the deleted user goes on")
	}
}

// An admin who unbinds a user from the provider lets somebody else in, and the one before out.
func TestSessionsOfAnotherIdentityEnd(t *testing.T) {
	h, _, _ := openIDHarness(t)
	v, ada := h.visitor(), h.as("ada")
	v.arrive("grace-1").leadsTo("/console")
	if !v.signedIn() {
		t.Fatal("not signed in")
	}
	ada.post("/console/users/grace", yes(form{"do": {"forget-openid"}})).want(303)
	if v.signedIn() {
		t.Error("the session goes on")
	}
}

// A link to choose a password that was asked for before the user was disabled stays dead, even when its mail goes out afterwards; so does
// a link to pick up a key.
func TestLinksFromBeforeDisablingStayDead(t *testing.T) {
	h := newHarness(t)
	link := h.waiting("berlin", "grace", "ci")
	owner := func() *visitor { return h.as("grace") }
	owner().get(link).want(200)
	h.advance(time.Second)
	ada := h.as("ada")
	ada.post("/console/users/grace", yes(form{"do": {"disable"}})).want(303)
	h.advance(time.Second)
	ada.post("/console/users/grace", form{"do": {"enable"}}).want(303)
	h.advance(time.Second)
	owner().get(link).want(410)
}
