package console_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// The page of a user has their keys in all tenants, those that have expired apart, and when they signed in last.
func TestPageOfAUser(t *testing.T) {
	onEachStore(t, func(_ *testing.T, h *harness) {
		live, _ := h.key("berlin", "grace", "live", 12)
		_, _ = h.key("berlin", "grace", "expired", 95)
		_, _ = h.key("lisbon", "grace", "", 3)
		h.used(live, 3*time.Hour)
		ada := h.as("ada")
		ada.get("/console/users/grace").want(200).says(
			"2 keys, 1 expired", "1 key, 1 expired", "live", "3 hours ago", "Lisbon", "No recent sign-in in the audit trail.",
		).saysNot("3 access keys").has(`href="/console/tenants/berlin/keys/` + live + `"`)
		h.as("grace")
		ada.get("/console/users/grace").says("Signed in last 2 Mar 2026, 09:00 UTC", "just now, from 127.0.0.1")
		h.as("tom").get("/console/users/grace").want(http.StatusForbidden)
		h.as("rita").get("/console/users/grace").want(http.StatusNotFound)
	})
}

// A user with keys in very many tenants has pages of them.
func TestKeysOfAUserPage(t *testing.T) {
	h := newHarness(t)
	for i := range 55 {
		id := fmt.Sprintf("place-%02d", i)
		h.tenant("acme", id, "Place "+id, "24.3")
		h.member(id, "grace", policy.RoleMember)
		_, _ = h.key(id, "grace", "key of "+id, 1)
	}
	ada := h.as("ada")
	first := ada.get("/console/users/grace").says("50 keys on this page", "key of place-49").saysNot("key of place-50").body
	next := between(first, `href="/console/users/grace?after=`, "#keys")
	ada.get("/console/users/grace?after="+next).says("5 keys on this page", "key of place-54", "Back to the start").saysNot("key of place-49")
}

// Deleting a user asks, with what ends, and for the address; the trail keeps what they did.
func TestDeletingAUser(t *testing.T) {
	onEachStore(t, func(t *testing.T, h *harness) {
		clientID, secret := h.key("berlin", "grace", "nightly", 12)
		_, _ = h.key("berlin", "grace", "expired", 95)
		ada, deletion := h.as("ada"), "/console/users/grace/delete"
		ada.get("/console/users/grace").has(`href="` + deletion + `"`)
		ada.get(deletion).want(200).
			says("Delete Grace Hopper?", "1 access key, which stop working at once", "To confirm, type grace @acme.example")
		ada.post(deletion, form{}).want(422).says("That is not the e-mail address of this user.")
		ada.post(deletion, form{"confirm": {"linus@acme.example"}}).want(422)
		ada.post(deletion, form{"confirm": {emailOf("grace")}, "if_match": {"stale"}}).want(409).says("Somebody has changed this")
		if h.token(clientID, secret) != 200 {
			t.Fatal("the key has stopped before the user was deleted")
		}
		h.as("tom").post(deletion, form{"confirm": {emailOf("grace")}}).want(http.StatusForbidden)
		h.as("rita").post(deletion, form{"confirm": {emailOf("grace")}}).want(http.StatusNotFound)
		tag := between(ada.get(deletion).body, `name="if_match" value="`, `"`)
		ada.post(deletion, form{"confirm": {" GRACE@acme.example"}, "if_match": {tag}}).leadsTo("/console/users")
		ada.get("/console/users").says("Deleted Grace Hopper. All that they had has stopped working.")
		if h.token(clientID, secret) == 200 {
			t.Error("the key still works")
		}
		if _, err := h.store.User(t.Context(), "acme", "grace"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the user is still there: %v", err)
		}
		ada.get(deletion).want(http.StatusNotFound)
		ada.get("/console/activity").says("Deleted user")
		ada.get("/console/users/ada").saysNot("Delete Ada Lovelace")
		ada.post("/console/users/ada/delete", form{"confirm": {emailOf("ada")}}).want(409).says("You can’t delete yourself")
	})
}
