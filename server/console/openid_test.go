package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/server"
)

func TestOpenIDSignIn(t *testing.T) {
	h, _, _ := openIDHarness(t)
	v := h.visitor()
	v.get("/console/users?q=a%26b").leadsTo("/console/sign-in?next=%2Fconsole%2Fusers%3Fq%3Da%2526b")
	p := v.get("/console/sign-in?next=%2Fconsole%2Fusers%3Fq%3Da%2526b").want(200).says("Sign in with Example", "Password")
	if !strings.Contains(p.body, `href="/console/sign-in/oidc?next=%2Fconsole%2Fusers%3Fq%3Da%2526b"`) {
		t.Errorf("the button loses where to go: %s", p.body)
	}
	to := v.begin("?next=%2Fconsole%2Fusers%3Fq%3Da%2526b")
	at, err := url.Parse(h.url + "/console")
	h.must(err)
	v.client.Jar.SetCookies(at, []*http.Cookie{{Name: "mintkey-session", Value: "planted", Path: "/console"}})
	v.get(v.answer(to, "ada-login")).leadsTo("/console/users?q=a%26b")
	if h.cookie(v).Value == "planted" {
		t.Error("the session goes on under the token from before the sign-in")
	}
	v.get("/console/account").want(200).says("Ada Lovelace")
	v.get(openIDPath + "?next=/console/security").leadsTo("/console/security")
	h.as("ada").get("/console/activity?who=ada@acme.example").says("Changed user", "subject: ada-login", "console, 127.0.0.1")
}

// Many providers leave the address out of the ID token.
func TestOpenIDUserInfo(t *testing.T) {
	h, _, _ := openIDHarness(t, func(o *server.Options) {
		o.OpenID.Issuer = newProvider(t, o.Issuer+callbackPath, true).issuer
	})
	v := h.visitor()
	v.arrive("ada-login").leadsTo("/console")
	v.get("/console/account").want(200).says("Ada Lovelace")
	h.visitor().arrive("linus").want(403).says("not verified your e-mail address")
}

// A refused visitor sees the sign-in page again, with advice; the log has the reason.
func TestOpenIDRefusals(t *testing.T) {
	h, _, log := openIDHarness(t)
	h.user("acme", "eve", "Eve") // in no tenant
	h.user("acme", "kim", "Kim")
	h.member("berlin", "kim", policy.RoleTenantAdmin)
	for login, want := range map[string]struct{ sentence, reason string }{
		"stranger": {"nobody here has your e-mail address", "no user has the e-mail address"},
		"kelvin":   {"nobody here has your e-mail address", "no user has the e-mail address"},
		"rita":     {"nobody here has your e-mail address", "no user has the e-mail address"},
		"hal":      {"Your user is disabled here", "the user is disabled"},
		"eve":      {"not a member of any tenant", "not a member of any tenant"},
		"linus":    {"has not verified your e-mail address", "email_verified of \\\"linus@acme.example\\\" is false"},
		"tom":      {"has not verified your e-mail address", "email_verified of \\\"tom@acme.example\\\" is <nil>"},
		"nobody":   {"has not verified your e-mail address", "no address given"},
		"":         {"did not let you through, or you cancelled", "declined at the OpenID provider"},
	} {
		v, already := h.visitor(), len(log.String())
		v.arrive(login).want(403).says("Sign in to Mintkey", "Sign in with Example", "Password", want.sentence)
		if v.signedIn() {
			t.Errorf("%q is signed in", login)
		}
		if added := log.String()[already:]; !strings.Contains(added, want.reason) || strings.Contains(added, "the secret of mintkey") {
			t.Errorf("the log says of %q: %s", login, added)
		}
	}
}

// An answer is valid only in the browser that began the sign-in, only once, and only for a short time.
func TestOpenIDAnswersThatDoNotFit(t *testing.T) {
	h, _, log := openIDHarness(t)
	lost := func(p page) { t.Helper(); p.want(403).says("This sign-in began in another browser") }

	attacker, victim := h.visitor(), h.visitor()
	stolen := attacker.answer(attacker.begin(""), "ada-login")
	lost(victim.get(stolen))
	theirs := victim.begin("")
	lost(victim.get(stolen))
	victim.get(victim.answer(theirs, "grace-1")).leadsTo("/console") // the wrong answer has not broken the sign-in
	victim.get(stolen).leadsTo("/console")
	victim.get("/console/account").says("Grace Hopper")
	lost(h.visitor().get(callbackPath))
	lost(h.visitor().get(callbackPath + "?state=&code=x"))

	attacker.get(stolen).leadsTo("/console")
	attacker.post("/console/sign-out", form{})
	lost(attacker.get(stolen))

	refused := h.visitor()
	again := refused.answer(refused.begin(""), "stranger")
	refused.get(again).want(403).says("nobody here has your e-mail address")
	lost(refused.get(again)) // used up, although it was refused

	late := h.visitor()
	answer := late.answer(late.begin(""), "ada-login")
	h.advance(15 * time.Minute)
	lost(late.get(answer))
	if strings.Count(log.String(), "matches no sign-in of this browser") < 6 {
		t.Errorf("the log says: %s", log)
	}
}

func TestOpenIDAnswersThatWereChanged(t *testing.T) {
	h, _, log := openIDHarness(t)
	for name, change := range map[string]struct{ asked, answered func(url.Values) }{
		"another nonce":        {asked: func(q url.Values) { q.Set("nonce", "planted") }},
		"another PKCE":         {asked: func(q url.Values) { q.Set("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM") }},
		"another issuer":       {answered: func(q url.Values) { q.Set("iss", "https://evil.example") }},
		"no issuer":            {answered: func(q url.Values) { q.Del("iss") }},
		"another code":         {answered: func(q url.Values) { q.Set("code", "planted") }},
		"an error with markup": {answered: func(q url.Values) { q.Set("error", "<b>"); q.Set("error_description", "<script>alert(1)</script>") }},
	} {
		v := h.visitor()
		to := v.begin("")
		if change.asked != nil {
			to = changed(to, change.asked)
		}
		back, err := url.Parse(v.answer(to, "ada-login"))
		h.must(err)
		if change.answered != nil {
			back = changed(back, change.answered)
		}
		page := v.get(back.String()).want(http.StatusBadGateway).says("Sign in to Mintkey")
		if strings.Contains(page.body, "<script>") || strings.Contains(page.text(), "alert(1)") {
			t.Errorf("%s: the page repeats it: %s", name, page.body)
		}
		if v.signedIn() {
			t.Errorf("%s: signed in", name)
		}
	}
	for _, reason := range []string{"another nonce", "invalid_grant", "https://evil.example", `the issuer is \"\"`, "<script>alert(1)"} {
		if !strings.Contains(log.String(), reason) {
			t.Errorf("the log has no %q: %s", reason, log)
		}
	}
}

func changed(u *url.URL, change func(url.Values)) *url.URL {
	query := u.Query()
	change(query)
	u.RawQuery = query.Encode()
	return u
}

func TestOpenIDTokensExpire(t *testing.T) {
	h, _, log := openIDHarness(t, func(o *server.Options) { o.ClockOffset -= time.Hour })
	h.visitor().arrive("ada-login").want(http.StatusBadGateway).says("proves nothing")
	if !strings.Contains(log.String(), "token is expired") {
		t.Errorf("the log says: %s", log)
	}
}

// An outage of the provider affects only those who sign in there.
func TestOpenIDProviderAway(t *testing.T) {
	h, p, log := openIDHarness(t)
	p.stop()
	v := h.visitor()
	v.get(openIDPath+"?next=%2Fconsole%2Faccount").want(503).says("can’t be reached", "Password", "Sign in with Example")
	h.as("ada")
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "connection refused") {
		t.Errorf("the log says: %s", log)
	}
	p.restart()
	to := v.begin("")
	p.stop()
	v.get(callbackPath + "?code=x&state=" + to.Query().Get("state") + "&iss=" + url.QueryEscape(p.issuer)).want(503).says("can’t be reached")
	p.restart()
	v.arrive("ada-login").leadsTo("/console")
}

// A provider signs in only users of the account that it is configured for.
func TestOpenIDAccounts(t *testing.T) {
	h, p, log := openIDHarness(t, func(o *server.Options) { o.OpenID.Account = "" })
	h.visitor().arrive("ada-login").want(503).says("does not know yet whom this provider may sign in")
	if !strings.Contains(log.String(), "oidc.account is not set") {
		t.Errorf("the log says: %s", log)
	}
	p.stop()

	everywhere, _, _ := openIDHarness(t, func(o *server.Options) { o.OpenID.Account = "*" })
	for login, name := range map[string]string{"ada-login": "Ada Lovelace", "rita": "Rita Levi-Montalcini"} {
		v := everywhere.visitor()
		v.arrive(login).leadsTo("/console")
		v.get("/console/account").says(name)
	}
	v := everywhere.visitor()
	v.get(v.answer(v.begin("?account=rival"), "ada-login")).want(403).says("nobody here has your e-mail address")
}

func TestOpenIDOnly(t *testing.T) {
	h, _, _ := openIDHarness(t, func(o *server.Options) { o.OpenID.Only = true })
	h.visitor().get("/console/sign-in").says("Sign in with Example").saysNot("Password", "password")
	v := h.visitor()
	v.post("/console/sign-in", form{"email": {"ada@acme.example"}, "password": {password}}).want(403).says("Passwords are turned off here")
	if v.signedIn() {
		t.Error("signed in by password")
	}
	v.arrive("ada-login").leadsTo("/console")
}

func TestOpenIDWithoutEmailVerified(t *testing.T) {
	h, _, _ := openIDHarness(t, func(o *server.Options) { o.OpenID.AssumeEmailVerified = true })
	h.visitor().arrive("tom").leadsTo("/console")
	h.visitor().arrive("linus").want(403).says("has not verified")
}

// A person who gets the address of somebody who has left the company does not inherit their access keys.
func TestOpenIDAddressWithANewOwner(t *testing.T) {
	h, _, _ := openIDHarness(t)
	ada := h.as("ada")
	h.visitor().arrive("grace-1").leadsTo("/console")
	h.visitor().arrive("grace-1").leadsTo("/console")
	newcomer := h.visitor()
	newcomer.arrive("grace-2").want(403).says("Somebody else with your e-mail address has signed in here before")
	if newcomer.signedIn() {
		t.Error("signed in")
	}
	ada.get("/console/users/linus").saysNot("has signed in with Example")
	ada.get("/console/users/grace").says("Grace Hopper has signed in with Example.")
	ada.post("/console/users/grace", yes(form{"do": {"forget-openid"}})).leadsTo("/console/users/grace")
	ada.get("/console/users/grace").says("Forgotten.").saysNot("has signed in with Example")
	newcomer.arrive("grace-2").leadsTo("/console")
	h.visitor().arrive("grace-1").want(403)

	// An admin who sets the address of a user again means the person who has it now.
	for _, email := range []string{"hopper@acme.example", "grace@acme.example"} {
		ada.post("/console/users/grace", form{"do": {"save"}, "name": {"Grace Hopper"}, "email": {email}}).want(303)
	}
	h.visitor().arrive("grace-1").leadsTo("/console")
}

func TestOpenIDCannotBeBegunForever(t *testing.T) {
	h, _, _ := openIDHarness(t)
	p, begun := h.visitor().get(openIDPath), 0
	for ; p.status == http.StatusSeeOther && begun < 1000; begun++ { // on a slow machine the budget refills a little meanwhile
		p = h.visitor().get(openIDPath)
	}
	if p.want(http.StatusTooManyRequests).says("Try again in"); begun < 300 {
		t.Errorf("refused after %d", begun)
	}
	h.as("ada")
}
