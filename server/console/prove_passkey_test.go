package console_test

import (
	"testing"

	"mintkey/policy"
	"mintkey/server/console/passkeys/passkeytest"
)

// A passkey proves who the visitor is in place of the password, so its device has to verify the person: a touch of the security key that
// is still in an unlocked computer is anybody's. Each answer counts for one proof, of the visitor whom it was asked of.
func TestProvedByAPasskey(t *testing.T) {
	h := newHarness(t, named)
	grace, phone := h.as("grace"), h.device()
	grace.register(phone, "Phone")
	h.advance(quarter)
	path := recoveryPath
	sent := grace.get(path).want(200).filled(form{})
	asked := grace.post(path, sent).want(401)
	answer := func(p page, flags byte) form {
		ceremony, options := p.asked()
		d := *phone
		d.Flags = flags
		phone.Count++
		return form{
			"draft": {draftCode.FindStringSubmatch(p.body)[1]}, "proof_passkey": {"yes"},
			"ceremony": {ceremony}, "answer": {string(d.Sign(options))},
		}
	}
	asked = grace.post(path, answer(asked, passkeytest.UserPresent)).want(401).says("Is it you?")
	if got := h.refusals()["passkey "+policy.SignInWrongPasskey]; got != 1 {
		t.Errorf("the trail has %d refusals", got)
	}
	proof := answer(asked, passkeytest.UserPresent|passkeytest.UserVerified)
	linus := h.as("linus")
	h.advance(quarter)
	linus.post(path, proof).want(409)
	asked = grace.post(path, proof).want(401) // Linus has used the question up
	if codes := grace.post(path, answer(asked, passkeytest.UserPresent|passkeytest.UserVerified)).want(200).codes(); len(codes) != 10 {
		t.Errorf("codes %v", codes)
	}
}
