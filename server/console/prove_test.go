package console_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mintkey/store/bolttest"
)

const quarter = 15 * time.Minute

// harmless are the forms that go through however old the last proof is: they sign in or out, only stop something, or keep a session alive.
func harmless() []string {
	return []string{
		"/console/sign-in", "/console/sign-in/passkey", "/console/sign-in/passkey/options", "/console/sign-in/second-factor",
		"/console/sign-out", "/console/forgot-password", "/console/password", "/console/sign-out-everywhere", "/console/session",
		"/console/tenants/{tenant}/keys/{client_id}/end-overlap", "/console/tenants/{tenant}/keys/{client_id}/suspend",
		"/console/account/keys/{client_id}/end-overlap", "/console/account/keys/{client_id}/suspend",
		"/console/tenants/new", "/console/account/sessions/end", "/console/account/sessions/end-others",
		"/console/first-steps",      // hides them
		"/console/account/password", // asks for the password itself, each time
	}
}

// Each form of the console either asks again who it is, or is known to be harmless.
func TestEveryFormAsksAgainOrIsHarmless(t *testing.T) {
	h := newHarness(t)
	ada := h.as("ada")
	h.advance(quarter)
	asked, all := 0, 0
	fill := strings.NewReplacer("{tenant}", "berlin", "{client_id}", "mk_none", "{user}", "grace", "{code}", "none", "{passkey}", "none")
	for _, route := range routes(t) {
		if route.method != http.MethodPost {
			continue
		}
		all++
		if !slices.Contains(harmless(), route.path) {
			asked++
			ada.post(fill.Replace(route.path), form{"do": {"save"}}).want(401).says("Is it you?")
		}
	}
	if asked != all-len(harmless()) {
		t.Errorf("of %d forms %d ask again, and %d are harmless", all, asked, len(harmless()))
	}
}

var draftCode = regexp.MustCompile(`name="draft" value="([^"]+)"`)

// proof returns the form of the page that asks who it is.
func (p page) proof(password string) form {
	p.Helper()
	found := draftCode.FindStringSubmatch(p.says("Is it you?").body)
	if found == nil {
		p.Fatalf("%s keeps no draft: %s", p.what, p.text())
	}
	return form{"draft": {found[1]}, "proof_password": {password}}
}

// What was sent goes on once, with the proof, and later forms go on without being asked.
func TestAskedAgainWhoItIs(t *testing.T) { onEachStore(t, testAskedAgain) }

func testAskedAgain(t *testing.T, h *harness) {
	tom := h.as("tom")
	h.advance(quarter - 1)
	tom.submit(newKey, form{"user": {"linus"}, "label": {"in time"}, "scope": {"api"}}).revealed()
	h.advance(1)
	sent := tom.get(newKey).want(200).filled(form{"user": {"linus"}, "label": {"waiting"}, "scope": {"api", "reports"}})
	asked := tom.post(newKey, sent).want(401).saysNot("waiting")
	tom.get(berlinKeys).saysNot("waiting")
	before := h.cookie(tom)
	if tom.post(newKey, asked.proof("wrong")).want(401).says("not your password"); h.cookie(tom).Value != before.Value {
		t.Error("a wrong password renews the session")
	}
	tom.get(berlinKeys).saysNot("waiting")
	proof := asked.proof(password)
	tom.post(newKey, proof).revealed()
	if h.cookie(tom).Value == before.Value {
		t.Error("the token of the session is the one from before the proof")
	}
	tom.get(berlinKeys).says("waiting")
	tom.post(newKey, proof).want(409).says("sent on already")
	tom.post(newKey, sent).want(409).says("Already sent")
	tom.submit(newKey, form{"user": {"grace"}, "label": {"proved"}, "scope": {"api"}}).revealed()
	h.advance(quarter)
	tom.submit(newKey, form{"user": {"grace"}, "label": {"later"}, "scope": {"api"}}).want(401)
	h.flush()
	if got := strings.Join(h.trail(), "\n"); !strings.Contains(got, "session.refused of tom") {
		t.Errorf("the wrong password is not in the trail: %s", got)
	}
}

// Of many requests with one proof, one goes on.
func TestADraftGoesOnOnce(t *testing.T) { onEachStore(t, testDraftOnce) }

func testDraftOnce(t *testing.T, h *harness) {
	ada := h.as("ada")
	h.advance(quarter)
	proof := ada.post("/console/users/new", form{"name": {"Eve"}, "email": {"eve@acme.example"}, "role": {}}).want(401).proof(password)
	cookie := h.cookie(ada)
	var made, refused atomic.Int32
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			p := h.visitor().post("/console/users/new", proof, func(r *http.Request) { r.AddCookie(cookie) })
			if strings.HasPrefix(p.header.Get("Location"), "/console/users/") {
				made.Add(1)
			} else {
				refused.Add(1)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("it went on %d times, and was refused %d times", made.Load(), refused.Load())
	}
}

// A draft is its user's, for its path and an hour. It holds no password, and nothing of it can be read in the store.
func TestDraftsAreTheirUsers(t *testing.T) {
	h := newHarness(t)
	ada, tom := h.as("ada"), h.as("tom")
	h.advance(quarter)
	fields := form{"name": {"Eve Visible"}, "email": {"eve@acme.example"}, "password": {another}}
	asked := ada.post("/console/users/new", fields).want(401)
	for _, other := range []func(form) page{
		func(f form) page { return tom.post(berlinKeys+"/mk_none/revoke", f) },
		func(f form) page { return ada.post("/console/users/grace", f) },
	} {
		other(asked.proof(password)).want(409)
	}
	at := ada.post("/console/users/new", asked.proof(password)).want(303).header.Get("Location")
	if !strings.HasPrefix(at, "/console/users/new?draft=") {
		t.Fatalf("leads to %s", at)
	}
	ada.get(at).want(200).says("enter that part again").has(`value="Eve Visible"`, `value="eve@acme.example"`).saysNot(another)
	if strings.Contains(ada.get(at).want(200).body, "Eve Visible") {
		t.Error("the draft is shown twice")
	}
	h.advance(quarter)
	asked = ada.post("/console/users/new", fields).want(401)
	h.advance(59 * time.Minute)
	ada.get("/console/account").want(200)
	h.advance(time.Minute)
	ada.post("/console/users/new", asked.proof(password)).want(409)
	if raw := bolttest.Text(t, h.path); strings.Contains(raw, "Eve Visible") || strings.Contains(raw, another) {
		t.Error("the store has what was typed")
	}
	if _, err := h.store.UserByEmail(t.Context(), "acme", "eve@acme.example"); err == nil {
		t.Error("a user was made without the password")
	}
}

// Guesses at the proof are slowed like those at the sign-in (R23).
func TestGuessingTheProofIsSlowed(t *testing.T) {
	h := newHarness(t)
	tom := h.as("tom")
	h.advance(quarter)
	path := berlinKeys + "/mk_none/revoke"
	asked := tom.post(path, form{}).want(401)
	if n := tom.tooMany(30, path, asked.proof("wrong")); n == 0 {
		t.Error("guesses are not slowed")
	}
}

// A long form is not kept, and nobody fills the store with drafts.
func TestDraftsAreBounded(t *testing.T) {
	h := newHarness(t)
	ada := h.as("ada")
	h.advance(quarter)
	ada.post("/console/users/grace", form{"do": {"save"}, "name": {strings.Repeat("x", 17<<10)}}).want(400)
	for range 60 {
		ada.post("/console/users/grace", form{"do": {"save"}}).want(401)
	}
	ada.post("/console/users/grace", form{"do": {"save"}}).want(429)
	h.as("tom").post(berlinKeys+"/mk_none/revoke", form{})
}

// A page that htmx posts for is sent to the page that asks.
func TestAskedAgainThroughHTMX(t *testing.T) {
	h := newHarness(t)
	ada := h.as("ada")
	h.advance(quarter)
	to := ada.post("/console/users/grace", yes(form{"do": {"disable"}}), fromHTMX).want(200).header.Get("HX-Redirect")
	asked := ada.get(to).want(401)
	ada.post("/console/users/grace", asked.proof(password)).leadsTo("/console/users/grace")
	if u, err := h.store.User(t.Context(), "acme", "grace"); err != nil || !u.Disabled {
		t.Errorf("%v, %v", u.Disabled, err)
	}
	ada.get(to).want(409)
}

func fromHTMX(r *http.Request) { r.Header.Set("HX-Request", "true") }
