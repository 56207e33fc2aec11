package console_test

import (
	"testing"

	"mintkey/policy"
	"mintkey/server/console/passkeys/passkeytest"
)

// passkeyProof answers the page that asks who it is with the device.
func (p page) passkeyProof(d *passkeytest.Device) form {
	p.Helper()
	ceremony, options := p.asked()
	return form{
		"draft": p.proof("")["draft"], "proof_passkey": {"yes"}, "ceremony": {ceremony}, "answer": {string(d.Sign(options))},
	}
}

// withoutPassword takes the password of the user away.
func (h *harness) withoutPassword(user string) {
	h.Helper()
	h.must(h.store.UpdateUser(h.Context(), "acme", user, func(u policy.User) (policy.User, []policy.Event, error) {
		u.PasswordHash = ""
		return u, nil, nil
	}))
}

// Who has a passkey and no password proves by it who they are; what was sent goes on once, and later forms are not asked again.
func TestProvedByPasskey(t *testing.T) {
	h := newHarness(t, named)
	phone := h.device()
	h.as("ada").register(phone, "Phone")
	h.withoutPassword("ada")
	ada := h.visitor()
	ada.byPasskey(phone).leadsTo("/console")
	h.advance(quarter)
	save := form{"do": {"save"}, "name": {"Grace B. Hopper"}, "email": {"grace@acme.example"}}
	asked := ada.post("/console/users/grace", save).want(401).says("Use a passkey").saysNot("Your password")
	ada.post("/console/users/grace", asked.proof(password)).want(401) // she has none
	proof := asked.passkeyProof(phone)
	before := h.cookie(ada)
	ada.post("/console/users/grace", proof).leadsTo("/console/users/grace")
	if h.cookie(ada).Value == before.Value {
		t.Error("the token of the session is the one from before the proof")
	}
	ada.get("/console/users/grace").says("Grace B. Hopper")
	ada.post("/console/users/grace", proof).want(409)
	ada.post("/console/users/grace", yes(form{"do": {"disable"}})).leadsTo("/console/users/grace")
}

// An answer to another question, of another person, from before or from a copy proves nothing, and is in the trail.
func TestNotProvedByPasskey(t *testing.T) {
	h := newHarness(t, named)
	phone, other := h.device(), h.device()
	ada, linus := h.as("ada"), h.as("linus")
	ada.register(phone, "Phone")
	linus.register(other, "Phone")
	const path = "/console/users/grace"
	disable := yes(form{"do": {"disable"}})
	h.advance(quarter)
	asked := ada.post(path, disable).want(401).says("Use a passkey", "Your password")
	refused := func(name string, answer form) {
		t.Helper()
		answer["draft"], answer["proof_passkey"] = asked.proof("")["draft"], []string{"yes"}
		if p := ada.post(path, answer); p.status != 401 {
			t.Errorf("%s: %d", name, p.status)
		}
		if u, err := h.store.User(t.Context(), "acme", "grace"); err != nil || u.Disabled {
			t.Fatalf("%s: it went on, %v", name, err)
		}
	}
	signed := func(ceremony string, options []byte, by *passkeytest.Device) form {
		return form{"ceremony": {ceremony}, "answer": {string(by.Sign(options))}}
	}
	ceremony, options := h.visitor().anybody()
	refused("of a sign-in", signed(ceremony, options, phone))
	ceremony, options = h.visitor().password("ada").get(secondFactorPath).asked()
	refused("of the second step", signed(ceremony, options, phone))
	ceremony, options = ada.get(newPasskeyPath).asked()
	refused("of a registration", form{"ceremony": {ceremony}, "answer": {string(h.device().Register(options))}})
	ceremony, options = linus.post("/console/account/recovery-codes", form{}).want(401).asked()
	refused("of somebody else", signed(ceremony, options, other))
	ceremony, options = asked.asked()
	refused("by somebody else", signed(ceremony, options, other))
	refused("nothing", form{})

	copied := *phone
	first := ada.post(path, disable).want(401).passkeyProof(phone)
	ada.post(path, first).leadsTo(path)
	ada.post(path, form{"do": {"enable"}}).leadsTo(path)
	h.advance(quarter)
	asked = ada.post(path, disable).want(401)
	refused("replayed", form{"ceremony": first["ceremony"], "answer": first["answer"]})
	ada.post(path, ada.post(path, disable).want(401).passkeyProof(&copied)).want(403).says("somebody may have a copy of it")
	// What the proof of a page answers opens no door either.
	ceremony, options = ada.post(path, disable).want(401).asked()
	h.visitor().post("/console/sign-in/passkey", signed(ceremony, options, phone)).want(401)
	reasons := h.refusals()
	if reasons["passkey wrong_passkey"] == 0 || reasons["passkey copied_passkey"] != 1 {
		t.Errorf("%v", reasons)
	}
	ada.post(path, asked.proof(password)).leadsTo(path)
}

// Whoever has to add a passkey before anything else, and signed in a while ago, proves it by the password on the way.
func TestTheGateAsksWhoItIsToo(t *testing.T) {
	h := newHarness(t, named)
	ada, tom := h.as("ada"), h.as("tom")
	ada.register(h.device(), "Laptop")
	ada.post(factorRulePath, form{"second_factor": {"required_for_admins"}}).leadsTo("/console/security")
	h.advance(quarter)
	tom.get(berlinKeys).leadsTo(newPasskeyPath)
	ceremony, options := tom.get(newPasskeyPath).want(200).asked()
	answer := form{"name": {"Phone"}, "ceremony": {ceremony}, "answer": {string(h.device().Register(options))}}
	asked := tom.post(newPasskeyPath, answer).want(401).saysNot("Use a passkey")
	tom.get(berlinKeys).leadsTo(newPasskeyPath)
	tom.post(newPasskeyPath, asked.proof("wrong")).want(401).says("not your password")
	// The answer of a device is not kept, so the page asks the device again, and the name is still there.
	at := tom.post(newPasskeyPath, asked.proof(password)).want(303).header.Get("Location")
	again := tom.get(at).want(200).says("answers of passkeys are never kept: enter that part again").has(`value="Phone"`)
	ceremony, options = again.asked()
	answer = form{"name": {"Phone"}, "ceremony": {ceremony}, "answer": {string(h.device().Register(options))}}
	if codes := tom.post(newPasskeyPath, answer).want(200).codes(); len(codes) != 10 {
		t.Errorf("codes %v", codes)
	}
	tom.get(berlinKeys).want(200)
}

// A browser's own device proves it, on the page that a form of htmx leads to as well.
func TestBrowserProvesByPasskey(t *testing.T) {
	h, b := namedBrowser(t)
	b.authenticator()
	b.signIn(emailOf("ada"))
	b.open(newPasskeyPath)
	b.fill("#name", "Laptop")
	b.click("form[data-passkey] button[type=submit]")
	b.saysOnPage("They are shown only this once.")
	h.withoutPassword("ada")
	b.open("/console/sign-in") // where the device answers at once what the e-mail field offers
	b.see(".side")
	h.advance(quarter)
	b.open("/console/account")
	b.click(`a[href="` + recoveryPath + `"]`)
	b.see("#dialog[open]")
	b.click("#dialog button[type=submit]")
	b.saysOnPage("Is it you?")
	b.click("form[data-passkey] button[type=submit]")
	b.saysOnPage("They are shown only this once.")
	if said := b.complaints(); len(said) > 0 {
		t.Errorf("the browser complains: %q", said)
	}
}

// A passkey proves who the visitor is in place of the password, so its device has to verify the person: a touch of the security key that
// is still in an unlocked computer is anybody's. Each answer counts for one proof, of the visitor whom it was asked of.
func TestAProofByPasskeyVerifiesItsPerson(t *testing.T) {
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
