package console_test

import (
	"strings"
	"testing"

)

// What the store holds of a second factor is in no page, export or trail.
func TestSecondFactorsStayInTheRecord(t *testing.T) {
	h := newHarness(t, named)
	codes := h.as("grace").register(h.device(), "Phone")
	stored, err := h.store.User(t.Context(), "acme", "grace")
	h.must(err)
	ada := h.as("ada")
	for _, path := range []string{"/console/users/grace", "/console/activity", "/console/activity/export"} {
		body := ada.get(path).want(200).body
		for _, secret := range append([]string{stored.Passkeys[0].PublicKey, stored.RecoveryCodes[0]}, codes...) {
			if strings.Contains(body, secret) {
				t.Errorf("%s has %s", path, secret)
			}
		}
	}
	ada.get("/console/activity").says("Added a passkey", "Made recovery codes", "“Phone”")
}

func TestNoPasskeysWithoutAName(t *testing.T) {
	h := newHarness(t)
	grace := h.as("grace")
	grace.get("/console/account").says("Browsers have no passkeys for http://127.0.0.1").saysNot("Add a passkey")
	grace.get(newPasskeyPath).want(200).says("Browsers have no passkeys")
	grace.post(newPasskeyPath, form{"name": {"x"}}).want(401)
	h.visitor().get("/console/sign-in").saysNot("passkey")
	h.visitor().post("/console/sign-in/passkey/options", nil).want(303)
}
