package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// with signs in with a browser.
func (h *harness) with(user, agent string) *visitor {
	h.Helper()
	v := h.visitor()
	v.post("/console/sign-in", form{"email": {emailOf(user)}, "password": {password}},
		func(r *http.Request) { r.Header.Set("User-Agent", agent) }).leadsTo("/console")
	return v
}

var sessionField = regexp.MustCompile(`name="session" value="([^"]+)"`)

// A person sees every session that goes on, and ends one, or all others, at once.
func TestOwnSessions(t *testing.T) { onEachStore(t, testOwnSessions) }

func testOwnSessions(t *testing.T, h *harness) {
	other, third := h.with("grace", firefox), h.as("grace")
	h.advance(10 * time.Minute)
	here := h.as("grace")
	p := here.get("/console/account").want(200).
		says("This session", "Firefox on Linux", "from 127.0.0.1, signed in with the password 10 minutes ago")
	ids := sessionField.FindAllStringSubmatch(p.body, -1)
	if len(ids) != 2 {
		t.Fatalf("%d sessions can be ended", len(ids))
	}
	h.as("tom").post("/console/account/sessions/end", form{"session": {ids[0][1]}}).leadsTo("/console/account")
	if !other.signedIn() || !third.signedIn() {
		t.Fatal("somebody else has ended a session")
	}
	for _, id := range ids {
		here.post("/console/account/sessions/end", form{"session": {id[1]}}).leadsTo("/console/account")
	}
	if other.signedIn() || third.signedIn() || !here.signedIn() {
		t.Error("not exactly the others have ended")
	}
	here.post("/console/account/sessions/end", form{"session": {ids[0][1]}}).leadsTo("/console/account")
	another := h.as("grace")
	h.advance(time.Second)
	here.post("/console/account/sessions/end-others", form{}).leadsTo("/console/account")
	if another.signedIn() || !here.signedIn() {
		t.Error("not exactly the others have ended")
	}
	here.get("/console/account").saysNot("End all other sessions")
}

// However many sign in beside "end all others", what began before has ended, and what is in the list is exactly what goes on.
func TestSessionsBesideEndingThem(t *testing.T) { onEachStore(t, testSessionsBeside) }

func testSessionsBeside(t *testing.T, h *harness) {
	here := h.as("grace")
	var mu sync.Mutex
	var began []*visitor
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			v := h.visitor()
			v.post("/console/sign-in", form{"email": {emailOf("grace")}, "password": {password}})
			if i%3 == 0 {
				here.post("/console/account/sessions/end-others", form{})
			}
			mu.Lock()
			defer mu.Unlock()
			began = append(began, v)
		})
	}
	all.Wait()
	alive := 0
	for _, v := range began {
		if v.signedIn() {
			alive++
		}
	}
	listed := len(sessionField.FindAllString(here.get("/console/account").want(200).body, -1))
	if listed != alive {
		t.Errorf("%d others are alive and %d are listed", alive, listed)
	}
	h.advance(time.Second)
	here.post("/console/account/sessions/end-others", form{})
	for _, v := range began {
		if v.signedIn() {
			t.Error("a session from before goes on")
		}
	}
}

// Nobody has more than 50 sessions: the one that was not used for the longest ends.
func TestSessionsAreBounded(t *testing.T) {
	h := newHarness(t)
	first, second := h.as("grace"), h.as("grace")
	for range 49 {
		h.advance(time.Second)
		h.as("grace")
	}
	if first.signedIn() || !second.signedIn() {
		t.Error("not exactly the first has ended")
	}
}

// An admin sees how many sessions a user has, and ends them; never those of higher authority (R32).
func TestAdminsEndSessions(t *testing.T) { onEachStore(t, testAdminsEndSessions) }

func testAdminsEndSessions(t *testing.T, h *harness) {
	grace, ada := h.as("grace"), h.as("ada")
	h.as("grace")
	h.advance(time.Second)
	ada.get("/console/users/grace").says("2 sessions go on")
	ada.post("/console/users/grace", yes(form{"do": {"sign-out"}})).leadsTo("/console/users/grace")
	ada.get("/console/users/grace").says("Ended 2 sessions").saysNot("sessions go on")
	if grace.signedIn() {
		t.Error("the session goes on")
	}
	h.giveGrace("operator")
	h.advance(time.Second)
	grace = h.as("grace")
	ada.get("/console/users/grace").saysNot("goes on")
	ada.post("/console/users/grace", yes(form{"do": {"sign-out"}})).want(403)
	if !grace.signedIn() {
		t.Error("an account admin has ended the session of an operator")
	}
	if got := strings.Join(h.trail(), "\n"); !strings.Contains(got, `session.ended of grace by "ada"`) {
		t.Errorf("the trail is %s", got)
	}
}

// A person changes the password with the old one; every other session ends, and this one goes on under another token.
func TestChangeOwnPassword(t *testing.T) { onEachStore(t, testChangeOwnPassword) }

func testChangeOwnPassword(t *testing.T, h *harness) {
	const path = "/console/account/password"
	other, here := h.as("grace"), h.as("grace")
	h.advance(time.Second)
	try := func(old, chosen, again string) page {
		return here.post(path, form{"proof_password": {old}, "password": {chosen}, "password_again": {again}})
	}
	here.get("/console/account").says("Change password")
	here.get(path).want(200)
	try("wrong", another, another).want(401).says("That is not your password.")
	try(password, another, another+"!").want(422).says("not the same as above")
	try(password, "short", "short").want(422)
	try(password, "grace@acme.example", "grace@acme.example").want(422)
	if !other.signedIn() {
		t.Fatal("a refusal has ended a session")
	}
	before := h.cookie(here)
	try(password, another, another).leadsTo("/console/account")
	here.get("/console/account").want(200).says("Your password is changed", "This session")
	if other.signedIn() || h.cookie(here).Value == before.Value {
		t.Error("what the old password began goes on")
	}
	h.visitor().post("/console/sign-in", form{"email": {emailOf("grace")}, "password": {password}}).want(401)
	h.visitor().post("/console/sign-in", form{"email": {emailOf("grace")}, "password": {another}}).want(303)
	wrong := form{"proof_password": {"wrong"}, "password": {another}, "password_again": {another}}
	if here.tooMany(30, path, wrong) == 0 {
		t.Error("guesses are not slowed")
	}
}

// tooMany sends the form so many times at once, because the budget grows again while a slow machine hashes, and returns how many were 429.
func (v *visitor) tooMany(times int, path string, values form) int {
	v.Helper()
	cookie := v.cookie(v)
	var refused atomic.Int32
	var all sync.WaitGroup
	for range times {
		all.Go(func() {
			if v.visitor().post(path, values, func(r *http.Request) { r.AddCookie(cookie) }).status == http.StatusTooManyRequests {
				refused.Add(1)
			}
		})
	}
	all.Wait()
	return int(refused.Load())
}

// One's own sign-ins are shown, failed ones too, and nobody else's; those of 90 days.
func TestSignInHistory(t *testing.T) {
	h := newHarness(t)
	h.with("grace", firefox)
	h.visitor().post("/console/sign-in", form{"email": {emailOf("grace")}, "password": {"wrong"}})
	h.flush()
	h.as("tom")
	h.advance(time.Minute)
	grace := h.as("grace")
	p := grace.get("/console/account/sign-ins").want(200).
		says("Signed in 1 minute ago with the password, Firefox on Linux, from 127.0.0.1", "Failed Refused a sign-in", "wrong password")
	if n := strings.Count(p.text(), "Signed in "); n != 2 {
		t.Errorf("%d sign-ins: %s", n, p.text())
	}
	h.advance(91 * 24 * time.Hour)
	h.as("grace").get("/console/account/sign-ins").says("Signed in just now").saysNot("Firefox", "Failed")
}
