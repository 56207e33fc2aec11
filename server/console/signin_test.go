package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store/bolttest"
)

func (h *harness) cookie(v *visitor) *http.Cookie {
	h.Helper()
	u, err := url.Parse(h.url + "/console")
	h.must(err)
	for _, c := range v.client.Jar.Cookies(u) {
		if c.Name == "mintkey-session" {
			return c
		}
	}
	h.Fatal("no cookie")
	return nil
}

// signedIn reports whether the visitor can open a page.
func (v *visitor) signedIn() bool {
	v.Helper()
	p := v.get("/console/account")
	if p.status != http.StatusOK && !strings.HasPrefix(p.header.Get("Location"), "/console/sign-in") {
		p.want(200)
	}
	return p.status == http.StatusOK
}

func TestWrongSignInsLookAlike(t *testing.T) {
	h := newHarness(t)
	h.must(h.store.UpdateUser(t.Context(), "acme", "linus", func(u policy.User) (policy.User, []policy.Event, error) {
		u.PasswordHash = ""
		return u, nil, nil
	}))
	want := h.visitor().post("/console/sign-in", form{"email": {"nobody@acme.example"}, "password": {password}}).want(401)
	for email, given := range map[string]string{
		"ada@acme.example": "wrong", "hal@acme.example": password, "linus@acme.example": password, "grace@acme.example": "",
	} {
		got := h.visitor().post("/console/sign-in", form{"email": {email}, "password": {given}}).want(401)
		if strings.ReplaceAll(got.body, email, "nobody@acme.example") != want.body {
			t.Errorf("the answer for %s tells more than that for an unknown address:\n%s", email, got.body)
		}
		if got.header.Get("Set-Cookie") != "" {
			t.Errorf("a wrong sign-in as %s sets a cookie", email)
		}
	}
}

func TestSessionCookie(t *testing.T) {
	h := newHarness(t)
	p := h.visitor().post("/console/sign-in", form{"email": {"ada@acme.example"}, "password": {password}}).want(303)
	set := p.setCookie("mintkey-session")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/console"} {
		if !strings.Contains(set, want) {
			t.Errorf("the cookie %q lacks %s", set, want)
		}
	}
	if strings.Contains(set, "Expires") || strings.Contains(set, "Max-Age") {
		t.Errorf("the cookie %q outlives the browser", set)
	}
}

// setCookie returns the cookie that the page sets, with its attributes.
func (p page) setCookie(name string) string {
	p.Helper()
	for _, set := range p.header.Values("Set-Cookie") {
		if strings.HasPrefix(set, name+"=") {
			return set
		}
	}
	p.Fatalf("%s sets no cookie %s", p.what, name)
	return ""
}

// The token of a session is in the cookie only: a copy of the store gives access to none.
func TestStoreHoldsNoSessionToken(t *testing.T) {
	h := newHarness(t)
	v := h.as("ada")
	if strings.Contains(bolttest.Text(t, h.path), h.cookie(v).Value) {
		t.Error("the store holds the token of a session")
	}
}

func TestSignInRotatesTheSession(t *testing.T) {
	h := newHarness(t)
	v := h.as("ada")
	before := h.cookie(v).Value
	v.get("/console/sign-in").leadsTo("/console")
	v.post("/console/sign-in", form{"email": {"tom@acme.example"}, "password": {password}}).want(303)
	if h.cookie(v).Value == before {
		t.Error("the session goes on under the same token after another sign-in")
	}
	planted := h.visitor().get("/console/account", func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "mintkey-session", Value: before}) })
	planted.want(303)
}

func TestSignOut(t *testing.T) { onEachStore(t, testSignOut) }

func testSignOut(t *testing.T, h *harness) {
	v := h.as("ada")
	kept := h.cookie(v)
	v.post("/console/sign-out", form{}).leadsTo("/console/sign-in")
	if v.signedIn() {
		t.Error("still signed in")
	}
	h.visitor().get("/console/account", func(r *http.Request) { r.AddCookie(kept) }).want(303)
}

func TestSignOutEverywhere(t *testing.T) { onEachStore(t, testSignOutEverywhere) }

func testSignOutEverywhere(t *testing.T, h *harness) {
	here, elsewhere, stranger := h.as("grace"), h.as("grace"), h.as("ada")
	h.advance(time.Minute)
	here.post("/console/sign-out-everywhere", yes(form{})).leadsTo("/console/sign-in")
	if here.signedIn() || elsewhere.signedIn() {
		t.Error("a session of the user goes on")
	}
	if !stranger.signedIn() {
		t.Error("the session of another user has ended")
	}
	h.advance(time.Second)
	if !h.as("grace").signedIn() {
		t.Error("nobody can sign in again")
	}
}

func TestSessionsTimeOut(t *testing.T) { onEachStore(t, testSessionsTimeOut) }

func testSessionsTimeOut(t *testing.T, h *harness) {
	idle, busy := h.as("ada"), h.as("ada")
	for range 12 {
		h.advance(59 * time.Minute)
		if !busy.signedIn() {
			t.Fatalf("a session in use ended at %v", h.now().Sub(start))
		}
	}
	if idle.signedIn() {
		t.Error("an idle session goes on after an hour")
	}
	h.advance(12*time.Hour - h.now().Sub(start) - time.Nanosecond)
	if !busy.signedIn() {
		t.Error("a session in use ended before 12 hours")
	}
	h.advance(time.Nanosecond)
	if busy.signedIn() {
		t.Error("a session goes on after 12 hours")
	}
}

// An admin's change to a user takes effect on the user's next request.
func TestChangesOfTheUserCountAtOnce(t *testing.T) { onEachStore(t, testChangesOfTheUserCountAtOnce) }

func testChangesOfTheUserCountAtOnce(t *testing.T, h *harness) {
	ada, tom, grace, linus := h.as("ada"), h.as("tom"), h.as("grace"), h.as("linus")
	tom.get("/console/tenants/berlin/keys").want(200)
	ada.post("/console/tenants/berlin/members", yes(form{"user": {"tom"}, "role": {"member"}})).want(303)
	tom.get("/console/tenants/berlin/keys").want(403).says("Your role does not allow this.")

	ada.post("/console/users/grace", yes(form{"do": {"disable"}})).want(303)
	if grace.signedIn() {
		t.Error("a disabled user goes on")
	}
	ada.post("/console/users/linus", yes(form{"do": {"password"}, "password": {"another password"}})).want(303)
	if linus.signedIn() {
		t.Error("a session goes on after the password was changed")
	}
}

func TestGuessingIsSlowed(t *testing.T) { onEachStore(t, testGuessingIsSlowed) }

func testGuessingIsSlowed(t *testing.T, h *harness) {
	wrong := form{"email": {"ada@acme.example"}, "password": {"wrong"}}
	guesses := 0
	// If hashing is slow, the budget refills a little meanwhile.
	for h.visitor().post("/console/sign-in", wrong).status == 401 && guesses < 100 {
		guesses++
	}
	if guesses < 10 {
		h.Errorf("refused after %d wrong passwords, want at least 10", guesses)
	}
	p := h.visitor().post("/console/sign-in", form{"email": {"ADA@acme.example"}, "password": {password}}).want(429).says("Try again in")
	if p.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	// What was typed and where it leads stays.
	away := form{"email": {"ada@acme.example"}, "password": {password}, "next": {"/console/pick-up/abc"}, "account": {"acme"}}
	h.visitor().post("/console/sign-in", away).want(429).
		has(`value="ada@acme.example"`, `name="next" value="/console/pick-up/abc"`, `name="account" value="acme"`, `role="alert"`)
	h.as("tom")
}

func TestNextStaysInTheConsole(t *testing.T) {
	h := newHarness(t)
	for next, want := range map[string]string{
		"/console/account":           "/console/account",
		"/console/users?q=a%26b":     "/console/users?q=a%26b",
		"https://evil.example/":      "/console",
		"//evil.example/console":     "/console",
		`/\evil.example`:             "/console",
		"/console/../oauth2/token":   "/console",
		"javascript:alert(1)":        "/console",
		"/consoles":                  "/console",
		"":                           "/console",
		"/console/sign-in?next=/":    "/console",
		"/console\r\nSet-Cookie: a=": "/console",
	} {
		h.visitor().post("/console/sign-in", form{"email": {"ada@acme.example"}, "password": {password}, "next": {next}}).leadsTo(want)
	}
}

// If the session ends while a form is being filled in, the visitor must sign in again but loses nothing.
func TestFormSurvivesTheEndOfTheSession(t *testing.T) {
	onEachStore(t, testFormSurvivesTheEndOfTheSession)
}

func testFormSurvivesTheEndOfTheSession(t *testing.T, h *harness) {
	v := h.as("tom")
	fields := v.get("/console/tenants/berlin/keys/new").filled(form{"user": {"linus"}, "label": {"nightly"}, "scope": {"api"}})
	h.advance(2 * time.Hour)
	to := v.post("/console/tenants/berlin/keys/new", fields).want(303).header.Get("Location")
	u, err := url.Parse(to)
	h.must(err)
	next := u.Query().Get("next")
	if strings.Contains(to, fields.Get("form_token")) {
		t.Errorf("%s holds the form token", to)
	}
	v.post("/console/sign-in", form{"email": {"tom@acme.example"}, "password": {password}, "next": {next}}).leadsTo(next)
	p := v.get(next).want(200)
	for _, want := range []string{`value="linus" required checked`, `value="nightly"`, `value="api" checked`} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the form has lost %s", want)
		}
	}
	if strings.Contains(p.body, `value="reports" checked`) {
		t.Error("the form has a scope that was not chosen")
	}
}
