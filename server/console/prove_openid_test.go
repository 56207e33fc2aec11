package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"mintkey/policy"
)

var proveLink = regexp.MustCompile(`href="(/console/prove/oidc\?draft=[^"]+)"`)

// atTheProvider follows the link of the proof page, and returns the provider's address.
func (p page) atTheProvider() *url.URL {
	p.Helper()
	found := proveLink.FindStringSubmatch(p.want(http.StatusUnauthorized).says("Sign in with Example again").body)
	if found == nil {
		p.Fatalf("%s leads to no provider: %s", p.what, p.body)
	}
	to, err := url.Parse(p.get(found[1]).want(http.StatusSeeOther).header.Get("Location"))
	p.must(err)
	return to
}

// Whoever signs in at the provider proves it there, where they are asked again although they are signed in; then the form goes on, once.
func TestProvedAtTheProvider(t *testing.T) {
	h, _, _ := openIDHarness(t)
	h.advance(-quarter) // back in time, because the provider's clock is the real one
	v := h.visitor()
	v.arrive("ada-login").leadsTo("/console")
	h.advance(quarter)
	save := form{"do": {"save"}, "name": {"Grace B. Hopper"}, "email": {"grace@acme.example"}}
	to := v.post("/console/users/grace", save).atTheProvider()
	if q := to.Query(); q.Get("prompt") != "login" || q.Get("max_age") != "0" {
		t.Errorf("the provider is not told to ask: %s", to)
	}
	before := h.cookie(v)
	back := v.get(v.answer(to, "ada-login")).want(303).header.Get("Location")
	if h.cookie(v).Value == before.Value {
		t.Error("the token of the session is the one from before the proof")
	}
	thanks := v.get(back).want(200).says("What you sent is still waiting")
	goOn := form{"draft": {draftCode.FindStringSubmatch(thanks.body)[1]}}
	v.post("/console/users/grace", goOn).leadsTo("/console/users/grace")
	v.get("/console/users/grace").says("Grace B. Hopper")
	v.post("/console/users/grace", goOn).want(409)
}

// Somebody else at the provider proves nothing; neither does a provider that did not ask, or the answer to an ordinary sign-in that the
// visitor passes off as a proof.
func TestNotProvedAtTheProvider(t *testing.T) {
	h, _, _ := openIDHarness(t)
	h.advance(-quarter) // back in time, because the provider's clock is the real one
	v := h.visitor()
	v.arrive("ada-login").leadsTo("/console")
	h.advance(quarter)
	path, save := "/console/users/grace", form{"do": {"save"}, "name": {"Changed"}, "email": {"grace@acme.example"}}

	v.get(v.answer(v.post(path, save).atTheProvider(), "")).want(403).says("or you cancelled")

	h.advance(2 * time.Minute) // so that the last sign-in there is no longer new
	to := v.post(path, save).atTheProvider()
	q := to.Query() // a provider that takes no notice of the question, 61 seconds after the sign-in there
	q.Del("prompt")
	q.Del("max_age")
	to.RawQuery = q.Encode()
	back := v.get(v.answer(to, "ada-login")).want(303).header.Get("Location")
	v.get(back).want(401).says("did not ask you to sign in again")

	back = v.get(v.answer(v.post(path, save).atTheProvider(), "grace-1")).want(303).header.Get("Location")
	v.get(back).want(401).says("Somebody else signed in there")

	v.post(path, save).want(401)
	h.flush()
	trail := strings.Join(h.trail(), "\n")
	for _, reason := range []string{policy.SignInOtherPerson, policy.SignInNotAsked} {
		if !strings.Contains(trail, "method:openid reason:"+reason) {
			t.Errorf("the trail has no %s: %s", reason, trail)
		}
	}
}

// A visitor without a binding at the provider is not sent there: whoever signed in there first would be taken for them.
func TestOnlyTheBoundProveAtTheProvider(t *testing.T) {
	h, _, _ := openIDHarness(t)
	tom := h.as("tom")
	h.advance(quarter)
	p := tom.post(berlinKeys+"/mk_none/revoke", form{}).want(401).saysNot("Example again")
	tom.get("/console/prove/oidc?draft=" + p.proof("")["draft"][0]).want(401)
}

// To sign in once more at a provider that does not ask, since somebody is signed in there, proves nothing new: else whoever finds an
// unlocked computer would only have to sign out and in again.
func TestSigningInAgainUnaskedProvesNothing(t *testing.T) {
	h, _, _ := openIDHarness(t)
	v := h.visitor()
	v.arrive("ada-login").leadsTo("/console")
	path, save := "/console/users/grace", form{"do": {"save"}, "name": {"Grace B. Hopper"}, "email": {"grace@acme.example"}}
	v.post(path, save).leadsTo(path)
	h.advance(quarter + time.Minute) // the test's clock stood still since the sign-in, and the provider's did not
	v.post("/console/sign-out", form{}).leadsTo("/console/sign-in")
	v.arrive("").leadsTo("/console") // past pages that would ask for a login
	v.post(path, save).want(401).says("Is it you?", "Sign in with Example again")
}
