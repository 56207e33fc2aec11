package console_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	leavePath = "/console/sign-out/oidc"
	leaveLink = "Sign out at Example too"
)

// atSignOut follows the link of the sign-in page to the provider.
func (v *visitor) atSignOut() *url.URL {
	v.Helper()
	v.get("/console/sign-in").want(200).says("You are signed out here.", leaveLink)
	to, err := url.Parse(v.get(leavePath).want(http.StatusSeeOther).header.Get("Location"))
	v.must(err)
	return to
}

// signOutThere says yes to the provider, and returns the path of the redirect back.
func (v *visitor) signOutThere(to *url.URL) string {
	v.Helper()
	_, body := v.fetch(http.MethodGet, to, nil)
	action := formAction.FindStringSubmatch(body)
	if action == nil {
		v.Fatalf("%s answered: %s", to, body)
	}
	fields := url.Values{"logout": {"yes"}}
	for _, hidden := range formHidden.FindAllStringSubmatch(body, -1) {
		fields.Set(hidden[1], hidden[2])
	}
	at, err := to.Parse(html.UnescapeString(action[1]))
	v.must(err)
	location, _ := v.fetch(http.MethodPost, at, fields)
	if !strings.HasPrefix(location, v.url) {
		v.Fatalf("the provider leads to %q", location)
	}
	return strings.TrimPrefix(location, v.url)
}

// Who came through the provider can sign out there too, which names the session by the ID token and comes back to the sign-in page.
func TestSignOutAtTheProvider(t *testing.T) {
	h, _, _ := openIDHarness(t)
	v := h.visitor()
	v.arrive("ada-login").leadsTo("/console")
	v.post("/console/sign-out", nil).leadsTo("/console/sign-in")
	to := v.atSignOut()
	if q := to.Query(); q.Get("client_id") != "mintkey" || q.Get("post_logout_redirect_uri") != h.url+"/console/sign-in" ||
		strings.Count(q.Get("id_token_hint"), ".") != 2 || q.Get("state") == "" {
		t.Errorf("the provider is asked by %s", to)
	}
	for _, cookie := range v.client.Jar.Cookies(to) {
		if strings.Contains(cookie.Value, to.Query().Get("id_token_hint")) {
			t.Errorf("the cookie %s has the ID token", cookie.Name)
		}
	}
	back := v.signOutThere(to)
	v.get("/console/sign-in?state=another").want(200).saysNot("signed out, here")
	v.get(back).want(200).says("You are signed out, here and at Example.").saysNot(leaveLink)
	v.get(back).want(200).saysNot("signed out, here")
	v.arrive("grace-1").leadsTo("/console") // the provider has asked who it is
	v.get("/console/account").says("Grace Hopper")
}

// The link is for the browser that has signed out, once and for a quarter of an hour, and for nobody who came by a password.
func TestTheLinkToSignOutAtTheProviderEnds(t *testing.T) {
	h, _, _ := openIDHarness(t)
	h.visitor().get(leavePath).leadsTo("/console/sign-in")
	byPassword := h.as("tom")
	byPassword.post("/console/sign-out", nil).leadsTo("/console/sign-in")
	byPassword.get("/console/sign-in").says("You are signed out.").saysNot(leaveLink)

	v := h.visitor()
	v.arrive("ada-login").leadsTo("/console")
	v.get(leavePath).leadsTo("/console/sign-in") // not before the sign-out here
	v.post("/console/sign-out-everywhere", yes(form{})).leadsTo("/console/sign-in")
	v.atSignOut()
	v.get(leavePath).leadsTo("/console/sign-in")

	h.advance(time.Second)
	v.arrive("ada-login").leadsTo("/console")
	v.post("/console/sign-out", nil).want(303)
	v.get("/console/sign-in").says(leaveLink)
	h.advance(15 * time.Minute)
	v.get("/console/sign-in").saysNot(leaveLink)
	v.get(leavePath).leadsTo("/console/sign-in")
}
