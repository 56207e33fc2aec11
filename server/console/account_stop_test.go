package console_test

import (
	"strings"
	"testing"
)

// An owner stops a key of their own, and starts again what they stopped themselves; what an admin has stopped stays so (R28).
func TestOwnersStopTheirKeysInTheConsole(t *testing.T) {
	h := newHarness(t)
	clientID, secret := h.key("berlin", "grace", "nightly build", 5)
	own := "/console/account/keys/" + clientID
	grace, tom := h.as("grace"), h.as("tom")
	grace.get("/console/account").says("Suspend", "Revoke").saysNot("Resume")
	if p := grace.get(own + "/suspend").says("Suspend “nightly build”?"); !strings.Contains(p.body, `href="/console/account" data-close`) {
		t.Error("the form does not lead back to the visitor's own keys")
	}
	grace.post(own+"/suspend", yes(form{"reason": {"in a log"}})).leadsTo("/console/account")
	if h.token(clientID, secret) != 401 {
		t.Error("the key has not stopped")
	}
	grace.get("/console/account").says("Suspended "+clientID+".", "by Grace Hopper: in a log", "Resume")
	grace.post(own+"/resume", form{}).leadsTo("/console/account")
	if h.token(clientID, secret) != 200 {
		t.Error("the key has not started again")
	}

	grace.get("/console/account").says("Resumed " + clientID + ".")
	tom.post(berlinKeys+"/"+clientID+"/suspend", yes(form{"reason": {"leaked"}})).want(303)
	grace.get("/console/account").says("by Tom Kilburn: leaked").saysNot("Resume")
	grace.post(own+"/resume", form{}).want(403).says("Suspended by somebody else")
	if h.token(clientID, secret) != 401 {
		t.Error("the owner has undone what an admin did")
	}
	grace.post(own+"/revoke", yes(form{})).leadsTo("/console/account")
	grace.get("/console/account").says("Revoked " + clientID + ".").saysNot("nightly build")
	grace.post(own+"/revoke", yes(form{})).want(404)
}
